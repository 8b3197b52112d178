"""What was refused, written down so that nobody can wash the audit away: the first of a kind, then counts. Pure."""

from dataclasses import dataclass, field

WHOLE = 40
"""So many of one kind are written down one by one within a window; a role that is tried out shows in full."""
WINDOW_S = 60.0
KINDS_KEPT = 500


@dataclass(slots=True)
class _Kind:
    began_s: float
    count: int = 0


@dataclass(slots=True)
class Refusals:
    """Counts refusals by kind: who, from where, what.

    Attributes:
        kinds: those that came within their window.
    """

    kinds: dict[tuple[str, ...], _Kind] = field(default_factory=dict)

    def note(self, kind: tuple[str, ...], now_s: float) -> int:
        """One more; how many the line that is written now stands for, 0: none is written.

        Args:
            kind: what counts as the same. now_s: time.
        """
        known = self.kinds.get(kind)
        if known is None or now_s - known.began_s >= WINDOW_S:
            unsaid = 0 if known is None else max(0, known.count - WHOLE)
            if known is None and len(self.kinds) >= KINDS_KEPT:
                del self.kinds[next(iter(self.kinds))]
            self.kinds.pop(kind, None)
            self.kinds[kind] = _Kind(now_s, 1)
            return 1 + unsaid
        known.count += 1
        return int(known.count <= WHOLE)

    def unsaid(self) -> dict[tuple[str, ...], int]:
        """What no line stands for yet, and forget it: for the end."""
        found = {kind: one.count - WHOLE for kind, one in self.kinds.items() if one.count > WHOLE}
        self.kinds.clear()
        return found
