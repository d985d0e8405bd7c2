"""Drafts of one person whose requests overtake each other, get lost and are sent again.

The page is a model here, as small as it can be: what it counts, what it waits for, what its journal
keeps. The drafts are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirebrush.http.drafts import Conflict, Draft, Drafts, Turns

ID = "d"


@dataclass(eq=False)
class Request:
    """What is on its way to the drafts: with a text, or to discard them."""

    window: str
    turn: int
    text: str | None
    etag: str | None
    turns: Turns

    def arrive(self, drafts: Drafts) -> str | None:
        """What is there then. Conflict if it was refused."""
        turns = {self.window: self.turn, **self.turns}
        if self.text is None:
            drafts.delete(ID, self.etag, turns)
            return None
        draft = Draft(ID, "", None, None, "", self.text, self.window, self.turn)
        record = drafts.write(draft, self.etag, turns)
        return record.etag if record else None


@dataclass
class Page:
    """A window from its opening until it is left."""

    window: str
    text: str | None
    etag: str | None
    turns: Turns
    turn: int = 0
    awaited: Request | None = None

    def request(self) -> Request:
        return Request(self.window, self.turn, self.text, self.etag, self.turns)

    def hear(self, etag: str | None) -> None:
        self.etag, self.awaited = etag, None


@dataclass
class Person:
    """One window at a time, and everything that it sent and that did not arrive."""

    drafts: Drafts
    page: Page = field(default_factory=lambda: Page("w0", None, None, {}))
    flying: list[Request] = field(default_factory=list[Request])
    count: int = 0

    def edit(self, _: int) -> None:
        self.count += 1
        self.page.turn += 1
        self.page.text = f'{{"v":{self.count}}}'

    def undo(self, _: int) -> None:
        """Back to what the file has: there is no draft then."""
        self.page.turn += 1
        self.page.text = None

    def send(self, _: int) -> None:
        if self.page.awaited is None:
            self.page.awaited = self.page.request()
            self.flying.append(self.page.awaited)

    def give_up(self, _: int) -> None:
        """No answer comes, whether the request did or will arrive or not."""
        self.page.awaited = None

    def lose(self, place: int) -> None:
        if self.flying:
            gone = self.flying.pop(place % len(self.flying))
            if gone is self.page.awaited:
                self.page.awaited = None

    def arrive(self, place: int, heard: bool = True) -> None:
        if not self.flying:
            return
        request = self.flying.pop(place % len(self.flying))
        try:
            etag = request.arrive(self.drafts)
        except Conflict:
            assert request is not self.page.awaited, "a conflict with oneself"
        else:
            if request is self.page.awaited and heard:
                self.page.hear(etag)
        if request is self.page.awaited:
            self.page.awaited = None

    def arrive_unheard(self, place: int) -> None:
        self.arrive(place, heard=False)

    def leave(self, _: int) -> None:
        """The page sends what it has as it goes, unheard; the next one finds its journal."""
        left = self.page
        self.flying.append(left.request())
        window = f"w{int(left.window[1:]) + 1}"
        turns = {**left.turns, left.window: left.turn}
        there = self.drafts.list()
        if there and (there[0].window, there[0].turn) == (left.window, left.turn):
            self.page = Page(window, left.text, there[0].etag, {left.window: left.turn})
        else:
            self.page = Page(window, left.text, left.etag if there else None, turns)

    def settle(self) -> None:
        """At last the page is heard, and whatever is still on its way arrives."""
        self.page.awaited = None
        self.send(0)
        self.arrive(len(self.flying) - 1)
        while self.flying:
            self.arrive(0)

    def kept(self) -> str | None:
        found = self.drafts.read(ID)
        return None if found is None else found[1]


Act = Callable[[Person, int], None]
ACTS: tuple[Act, ...] = (
    Person.edit,
    Person.undo,
    Person.send,
    Person.give_up,
    Person.lose,
    Person.arrive,
    Person.arrive_unheard,
    Person.leave,
)
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3)), max_size=25)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_nobody_is_in_conflict_with_oneself(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Act, int]]
) -> None:
    person = Person(Drafts(tmp_path_factory.mktemp("drafts")))
    for act, place in steps:
        act(person, place)
    person.settle()
    assert person.kept() == person.page.text


@settings(max_examples=100, deadline=None)
@given(before=STEPS, after=STEPS)
def test_what_somebody_else_wrote_is_never_written_over(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[Act, int]],
    after: list[tuple[Act, int]],
) -> None:
    person = Person(Drafts(tmp_path_factory.mktemp("drafts")))
    for act, place in before:
        act(person, place)
    there = person.drafts.list()
    theirs = Draft(ID, "", None, None, "", '{"theirs":1}', "other", 1)
    person.drafts.write(theirs, there[0].etag if there else None)
    for act, place in after:
        try:
            act(person, place)
        except AssertionError:
            person.page.awaited = None  # told of the conflict, as is right
    assert person.kept() == theirs.workflow


def draft(turn: int, text: str = "{}", window: str = "w") -> Draft:
    return Draft(ID, "", None, None, "", text, window, turn)


def test_the_newer_state_may_come_before_the_older(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    newer = drafts.write(draft(2, '{"v":2}'), None)
    assert drafts.write(draft(1, '{"v":1}'), None) == newer, "the older one came too late"
    found = drafts.read(ID)
    assert found is not None
    assert found[1] == '{"v":2}'


def test_a_state_that_was_discarded_does_not_come_back(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.write(draft(1), None)
    assert drafts.delete(ID, None, {"w": 2})
    assert drafts.write(draft(1), None) is None
    assert drafts.list() == []
    assert drafts.write(draft(3), None) is not None, "it went on after that"


def test_a_window_that_did_not_see_it_is_in_conflict(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.write(draft(5), None)
    for turns in ({}, {"w": 4}, {"x": 9}, {"": 9}):
        with pytest.raises(Conflict):
            drafts.write(draft(1, "{}", "other"), None, turns)
        with pytest.raises(Conflict):
            drafts.delete(ID, "stale", turns)
    assert drafts.write(draft(1, "{}", "other"), None, {"w": 5}) is not None


def test_drafts_of_earlier_versions_are_drafts(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    record = drafts.write(Draft(ID, "n", None, None, "", "{}"), None)
    assert record is not None
    (file,) = tmp_path.iterdir()
    text = file.read_text().replace(', "window": "", "turn": 0', "")
    assert "window" not in text
    file.write_text(text)
    assert [item.etag for item in drafts.list()] == [record.etag]
    with pytest.raises(Conflict):
        drafts.write(draft(1), "stale", {"": 3})
    assert drafts.write(draft(1), record.etag) is not None
