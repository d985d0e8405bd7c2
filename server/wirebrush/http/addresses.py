"""Where the server listens, and the names under which it may be asked for."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wirebrush.config import DEFAULT_PORT

_TRIES = 20
_LOOPBACKS = ("127.0.0.1", "::1", "localhost")


class CannotListen(Exception):
    """No socket could be opened; the sentence says why and what helps."""


@dataclass(frozen=True, slots=True)
class Names:
    """The exact `Host` and `Origin` values that are ours. Everything else is somebody else's."""

    hosts: frozenset[str]
    origins: frozenset[str]


def listen(host: str, port: int | None) -> list[socket.socket]:
    """Open sockets on every address of `host`; without a port, the usual one or the next free.

    CannotListen explains a port in use, a name that does not resolve, a port that needs rights.
    """
    if port is not None:
        return _listen_on(host, port)
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + _TRIES):
        try:
            return _listen_on(host, candidate)
        except CannotListen as error:
            busy = getattr(error.__cause__, "errno", None) == errno.EADDRINUSE
            if not busy or candidate == DEFAULT_PORT + _TRIES - 1:
                raise
    raise AssertionError("the last candidate raises")


def only_this_machine(sockets: Iterable[socket.socket]) -> bool:
    """Whether nobody else can connect: decided from the bound addresses, not from their names."""
    return all(ipaddress.ip_address(address(item)).is_loopback for item in sockets)


def address(item: socket.socket) -> str:
    """The bound address, without an IPv6 zone."""
    return str(item.getsockname()[0]).partition("%")[0]


def port_of(sockets: Sequence[socket.socket]) -> int:
    """The port the sockets share."""
    return int(sockets[0].getsockname()[1])


def names_for(host: str, sockets: Sequence[socket.socket], origins: Sequence[str]) -> Names:
    """What clients may call us: bound addresses, `host`, and the configured origins."""
    port = port_of(sockets)
    bare = {host.lower()}
    for item in sockets:
        bare |= _names_of(address(item))
    hosts = {f"{_bracketed(name)}:{port}" for name in bare}
    if port == 80:
        hosts |= {_bracketed(name) for name in bare}
    ours = {f"http://{name}" for name in hosts}
    configured = {origin.partition("://")[2] for origin in origins}
    return Names(frozenset(hosts | configured), frozenset(ours | set(origins)))


def page_url(host: str, sockets: Sequence[socket.socket]) -> str:
    """The address to type into a browser on this machine."""
    bound = ipaddress.ip_address(address(sockets[0]))
    name = "127.0.0.1" if bound.is_unspecified else host
    return f"http://{_bracketed(name)}:{port_of(sockets)}/"


def _listen_on(host: str, port: int) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotListen(
            f"--host {host!r} is not an address of this machine ({error})."
            " Use 127.0.0.1 for this machine only."
        ) from error
    sockets: list[socket.socket] = []
    try:
        for family, address_ in dict.fromkeys((item[0], item[4]) for item in found):
            sockets.append(_bind(family, (address_[0], _same_port(sockets, port))))
    except OSError as error:
        for item in sockets:
            item.close()
        raise CannotListen(_why(host, port, error)) from error
    return sockets


def _bind(family: int, where: tuple[str | int, int]) -> socket.socket:
    item = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # nobody may listen beside us
            item.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            item.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            item.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        item.bind(where)
        item.listen(512)
        item.setblocking(False)
    except OSError:
        item.close()
        raise
    return item


def _same_port(sockets: Sequence[socket.socket], port: int) -> int:
    return port_of(sockets) if sockets else port  # port 0 is drawn once, for all addresses


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program. Choose another: --port {port + 1}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs more rights than you have. Choose one above 1023: --port 8190"
    return f"Cannot listen on {host} port {port}: {error.strerror}."


def _names_of(bound: str) -> set[str]:
    ip = ipaddress.ip_address(bound)
    if ip.is_loopback:
        return {bound, *_LOOPBACKS}
    if ip.is_unspecified:
        return {*_LOOPBACKS, socket.gethostname().lower(), *_own_addresses()}
    return {bound}


def _own_addresses() -> set[str]:
    import psutil  # only a wildcard bind needs it, and it costs a start 30 ms

    cards = psutil.net_if_addrs().values()
    kinds = (socket.AF_INET, socket.AF_INET6)
    return {
        item.address.partition("%")[0] for card in cards for item in card if item.family in kinds
    }


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name
