"""Where one song of a night ends and the next one begins. Pure."""

from controller.messages import NO_WISH, SongWish

PLAYING = ("live", "fallback")
REST_S, LEAST_SONG_S = 4.0, 40.0
"""Without a set list: so long nobody plays after so much music, and what comes then is another song."""


class Cutting:
    """Follows a night.

    Attributes:
        wish: what the set list says of what is played; `NO_WISH` without one.
    """

    def __init__(self) -> None:
        self.wish = NO_WISH
        self._played_s = self._rest_s = self._now_s = 0.0

    def step(self, wish: SongWish | None, health: str, now_s: float) -> bool:
        """Whether something new begins with this cycle.

        Args:
            wish: that the set list brings now, None: the one before counts. health: the state. now_s: time.
        """
        elapsed_s, self._now_s = max(0.0, now_s - self._now_s), now_s
        if wish is not None and wish != self.wish:
            self.wish = wish
            self._played_s = self._rest_s = 0.0
            return True
        playing = health in PLAYING
        over = self._played_s >= LEAST_SONG_S and self._rest_s >= REST_S
        self._rest_s = 0.0 if playing else self._rest_s + elapsed_s
        if playing and over and not self.wish.kind:
            self._played_s = 0.0
            return True
        self._played_s += elapsed_s if playing else 0.0
        return False
