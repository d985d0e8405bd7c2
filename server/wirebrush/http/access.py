"""Who may come in: the launch token, the cookie it is exchanged for, and the lockout."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from time import monotonic

WRONG_TOKENS = 10
LOCKED_SECONDS = 300.0
_REMEMBERED = 4096


class Access:
    """Compares tokens and cookies, in constant time, and keeps book of wrong ones.

    `secret` is random and never leaves the machine: the cookie is derived from it and the token,
    so that a weak chosen token does not make a weak cookie, and a new token ends old sessions.
    """

    def __init__(
        self, token: str, secret: str, *, port: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._token = token
        self._cookie = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self._wrong = WrongTokens(clock)
        # Cookies do not know ports: two studios on one machine need two names.
        self.cookie_name = f"wirebrush_token_{port}"

    @property
    def cookie(self) -> str:
        """What a browser that showed the token keeps."""
        return self._cookie

    def has_cookie(self, value: str | None) -> bool:
        """Whether a browser sends the cookie that we gave it."""
        return value is not None and _same(value, self._cookie)

    def shows_token(self, value: str, address: str) -> bool:
        """Whether the token is right; a wrong one counts against the address."""
        if _same(value, self._token):
            return True
        self._wrong.count(address)
        return False

    def locked_for(self, address: str) -> float:
        """Seconds until this address may show a token again; 0 if it may."""
        return self._wrong.locked_for(address)


class WrongTokens:
    """Counts wrong tokens per address; ten of them close the door for five minutes."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Note one more wrong token."""
        who = _network(address)
        wrong, since = self._counts.pop(who, (0, 0.0))
        if self._clock() - since > LOCKED_SECONDS:
            wrong = 0
        self._counts[who] = (wrong + 1, self._clock())
        while len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def locked_for(self, address: str) -> float:
        """Seconds until the address is heard again; 0 if it is."""
        wrong, since = self._counts.get(_network(address), (0, 0.0))
        if wrong < WRONG_TOKENS:
            return 0.0
        return max(0.0, since + LOCKED_SECONDS - self._clock())


def kept_secret(data: Path) -> str:
    """The random secret of a data folder, made at the first start; only the owner may read it."""
    path = data / "token"
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        kept = ""
    if len(kept) >= 32:
        return kept
    made = secrets.token_urlsafe(32)
    temporary = path.with_name(f"token.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(made + "\n")
    os.replace(temporary, path)
    return made


def _same(shown: str, right: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), right.encode())


def _network(address: str) -> str:
    """One home has many IPv6 addresses, but one /64."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4 or ip.is_loopback:
        return str(ip)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False))
