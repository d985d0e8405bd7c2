import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirebrush.events import (
    Event,
    Finished,
    NodeFinished,
    NodeProgress,
    NodeSaid,
    NodeSent,
    NodesPlanned,
    NodeStarted,
    Output,
    Preview,
    Problem,
    Queued,
    Started,
    Summary,
    event_from_json,
    event_to_item,
    event_to_json,
    events_in,
)

EVENTS = st.one_of(
    st.builds(Queued, st.integers(0, 9)),
    st.builds(Started, st.text(), st.integers(1, 2), st.integers(0, 99)),
    st.builds(NodesPlanned, st.tuples(st.text()), st.tuples(st.text(), st.text())),
    st.builds(NodeStarted, st.text(), st.text()),
    st.builds(NodeProgress, st.text(), st.integers(0, 9), st.integers(1, 9)),
    st.builds(NodeSaid, st.text(), st.text()),
    st.builds(NodeSent, st.text(), st.text(), st.text()),
    st.builds(
        NodeFinished,
        st.text(),
        st.booleans(),
        st.just(0.0) | st.floats(0, 1),
        st.just(()) | st.tuples(st.builds(Output, st.just("text"), text=st.text())),
    ),
    st.builds(
        Finished,
        st.just("failed"),
        st.builds(Summary, st.integers(0, 9), per_node=st.dictionaries(st.text(), st.floats(0, 1))),
        st.tuples(st.builds(Problem, st.text(), st.text())),
        st.booleans(),
    ),
)


@given(EVENTS)
def test_every_event_survives_json(event: Event) -> None:
    assert event_from_json(event_to_json(event)) == event


@given(st.lists(EVENTS, max_size=5))
def test_several_events_survive_a_frame_in_their_order(events: list[Event]) -> None:
    items = json.loads(json.dumps([event_to_item(event) for event in events]))
    assert events_in({"events": items}) == events


def test_of_a_value_that_was_taken_the_id_says_all() -> None:
    assert event_to_item(NodeFinished("7", cached=True)) == "7"


def test_the_bytes_of_a_preview_travel_beside_the_json() -> None:
    preview = Preview("3", "image/jpeg", b"\xff\xd8")
    data = event_to_json(preview)
    assert data == {"type": "preview", "node": "3", "mime": "image/jpeg"}
    assert event_from_json(data, b"\xff\xd8") == preview


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(ValueError, match="'nonsense'"):
        event_from_json({"type": "nonsense"})


@pytest.mark.parametrize(
    ("message", "hint", "sentence"),
    [
        ("It failed: no", "Try again.", "It failed: no. Try again."),
        ("It failed.", "Try again.", "It failed. Try again."),
        ("It failed", "", "It failed."),
    ],
)
def test_a_problem_is_said_in_whole_sentences(message: str, hint: str, sentence: str) -> None:
    assert Problem("x", message, hint).sentence == sentence
