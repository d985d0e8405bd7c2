"""Tokens, cookies, lockout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wirebrush.http.access import LOCKED_SECONDS, WRONG_TOKENS, Access, kept_secret


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_cookie_is_not_the_token_and_ends_with_it() -> None:
    one = Access("token-one", "secret", port=1)
    assert one.has_cookie(one.cookie)
    assert not one.has_cookie("token-one")
    assert not one.has_cookie(None)
    assert not one.has_cookie("\udce4")
    assert not Access("token-two", "secret", port=1).has_cookie(one.cookie)
    assert not Access("token-one", "other", port=1).has_cookie(one.cookie)


def test_two_studios_on_one_machine_have_two_cookies() -> None:
    assert Access("t", "s", port=1).cookie_name != Access("t", "s", port=2).cookie_name


def test_t04_the_lockout_ends() -> None:
    clock = Clock()
    access = Access("right", "secret", port=1, clock=clock)
    for _ in range(WRONG_TOKENS):
        assert access.locked_for("10.0.0.1") == 0
        assert not access.shows_token("wrong", "10.0.0.1")
    assert access.locked_for("10.0.0.1") > 0
    assert access.locked_for("10.0.0.2") == 0
    clock.now += LOCKED_SECONDS + 1
    assert access.locked_for("10.0.0.1") == 0
    assert access.shows_token("right", "10.0.0.1")


def test_t04_one_home_is_one_address() -> None:
    access = Access("right", "secret", port=1)
    for number in range(WRONG_TOKENS):
        access.shows_token("wrong", f"2001:db8:1:2::{number}")
    assert access.locked_for("2001:db8:1:2:ffff::1") > 0
    assert access.locked_for("2001:db8:1:3::1") == 0


def test_t04_the_book_of_wrong_tokens_is_bounded() -> None:
    access = Access("right", "secret", port=1)
    for number in range(10_000):
        access.shows_token("wrong", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(access._wrong._counts) <= 4096


def test_the_secret_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path)
    assert len(secret) >= 32
    assert kept_secret(tmp_path) == secret
    if sys.platform != "win32":
        assert os.stat(tmp_path / "token").st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 30])
def test_a_damaged_secret_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    assert len(kept_secret(tmp_path)) >= 32
