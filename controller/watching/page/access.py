"""Who may do what with the page: tokens, roles, and how often. Pure: time is passed in.

Without `page.access` the page is for whoever sits at this machine, and the configuration allows loopback only. With it,
everybody needs a token, on loopback too: a tunnel or a proxy looks like this machine. Kept are SHA-256 digests, so that
a configuration file that gets around opens no door.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from controller.config import AccessConfig
from controller.people.commands import Rank, needed_rank

RANKS: dict[Rank, int] = {"viewer": 0, "operator": 1, "admin": 2}
COOKIE = "followspot"
WRONG_TOKENS, WRONG_WINDOW_S = 5, 60.0
ADDRESSES_KEPT = 1_000
COMMANDS_PER_S, COMMANDS_AT_ONCE = 40.0, 80.0


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is let in."""

    name: str
    role: Rank

    def may(self, command: str) -> bool:
        """Whether their role is enough for a command."""
        needed = needed_rank(command)
        return needed is not None and RANKS[self.role] >= RANKS[needed]


HERE = User("this machine", "admin")
"""Whoever uses the page where no access is configured."""
NOBODY = User("nobody", "viewer")
"""Whoever has no token; gets as far as the way in."""


@dataclass(slots=True)
class Bucket:
    """How many commands a connection may still give: some at once, then so many a second."""

    left: float = COMMANDS_AT_ONCE
    counted_s: float | None = None

    def take(self, now_s: float) -> bool:
        """Use one up, if there is one."""
        if self.counted_s is not None:
            self.left = min(COMMANDS_AT_ONCE, self.left + COMMANDS_PER_S * max(0.0, now_s - self.counted_s))
        self.counted_s = now_s
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


@dataclass(slots=True)
class Access:
    """Decides who is let in.

    Attributes:
        people: as configured; none: whoever is on this machine.
    """

    people: Sequence[AccessConfig]
    _wrong_s: dict[str, dict[str, float]] = field(default_factory=dict)

    def person(self, token: str | None, address: str, now_s: float) -> User | None:
        """Whose token this is; None for a wrong one or a missing one. A right token is right, whoever else guesses."""
        if not self.people:
            return HERE
        if token is None:
            return None
        # surrogates: bytes of a header that are no UTF-8
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        found = None
        for one in self.people:  # all of them, so that time tells nothing
            if hmac.compare_digest(digest, one.token_sha256):
                found = User(one.name, one.role)
        if found is None:
            self._note_wrong(address, digest, now_s)
        return found

    def shut_out(self, address: str, now_s: float) -> bool:
        """Whether an address has tried too many different wrong tokens within the last minute: its guesses are slowed.

        A tab that asks again and again with a token that was taken back has tried one.
        """
        tried = self._wrong_s.get(address, {})
        return sum(now_s - one < WRONG_WINDOW_S for one in tried.values()) >= WRONG_TOKENS

    def _note_wrong(self, address: str, digest: str, now_s: float) -> None:
        tried = self._wrong_s.pop(address, {})
        if len(self._wrong_s) >= ADDRESSES_KEPT:  # many addresses guess: forget who guesses least, the oldest first
            del self._wrong_s[min(self._wrong_s, key=lambda one: len(self._wrong_s[one]))]
        tried.pop(digest, None)
        tried[digest] = now_s
        if len(tried) > WRONG_TOKENS:
            del tried[next(iter(tried))]
        self._wrong_s[address] = tried


def token_of(authorization: str | None, cookie: str | None) -> str | None:
    """The token a request carries: `Authorization: Bearer TOKEN`, or the cookie that signing in left."""
    if authorization is not None:
        kind, _, token = authorization.partition(" ")
        return token.strip() if kind.lower() == "bearer" else None
    return cookie


def new_token() -> tuple[str, str]:
    """A token to hand out, and the digest to write into the configuration."""
    token = secrets.token_urlsafe(24)
    return token, hashlib.sha256(token.encode()).hexdigest()
