"""Listening, and the names that are ours."""

from __future__ import annotations

import socket

import pytest

from wirebrush.config import DEFAULT_PORT
from wirebrush.http import addresses
from wirebrush.http.addresses import (
    CannotListen,
    listen,
    names_for,
    only_this_machine,
    page_url,
    port_of,
)


@pytest.mark.parametrize(
    ("host", "local"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_t01_who_can_connect_is_decided_from_the_bound_address(host: str, local: bool) -> None:
    sockets = listen(host, 0)
    assert only_this_machine(sockets) is local
    close(sockets)


def test_t01_a_name_that_means_another_address_is_seen_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hosts file may say that `localhost` is every address."""
    info = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("0.0.0.0", 0))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: info)
    sockets = listen("localhost", 0)
    assert not only_this_machine(sockets)
    close(sockets)


def test_a_port_in_use_is_named_with_another() -> None:
    taken = listen("127.0.0.1", 0)
    with pytest.raises(CannotListen, match=r"in use by another program.*--port"):
        listen("127.0.0.1", port_of(taken))
    close(taken)


def test_without_a_port_the_next_free_one_is_taken() -> None:
    first = listen("127.0.0.1", None)
    second = listen("127.0.0.1", None)
    assert DEFAULT_PORT <= port_of(first) < port_of(second)
    close(first + second)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "300.1.1.1", "203.0.113.7", "a b"])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(CannotListen, match=r"."):
        listen(host, 0)


def test_the_names_of_a_local_server() -> None:
    sockets = listen("127.0.0.1", 0)
    port = port_of(sockets)
    names = names_for("127.0.0.1", sockets, ("https://studio.example.org",))
    assert names.hosts == {
        f"127.0.0.1:{port}",
        f"localhost:{port}",
        f"[::1]:{port}",
        "studio.example.org",
    }
    assert f"http://127.0.0.1:{port}" in names.origins
    assert "https://studio.example.org" in names.origins
    assert "http://studio.example.org" not in names.origins
    assert page_url("127.0.0.1", sockets) == f"http://127.0.0.1:{port}/"
    close(sockets)


def test_the_names_of_an_open_server_are_its_addresses() -> None:
    sockets = listen("0.0.0.0", 0)
    port = port_of(sockets)
    names = names_for("0.0.0.0", sockets, ())
    assert f"127.0.0.1:{port}" in names.hosts
    assert f"{socket.gethostname().lower()}:{port}" in names.hosts
    assert not any("evil" in name for name in names.hosts)
    assert page_url("0.0.0.0", sockets) == f"http://127.0.0.1:{port}/"
    close(sockets)


def close(sockets: list[socket.socket]) -> None:
    for item in sockets:
        item.close()
