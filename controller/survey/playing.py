"""The programme as DMX frames, each of them through the flash limiter. Pure.

Levels are those of the wire: the curve, the minimum and the white balance that the patch has already are left out,
since they are what is measured. What is not to be brighter than `max_intensity` is not.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from controller.arrays import Float32Array
from controller.lighting.limiter import Limiter, Standard
from controller.messages import DmxFrame, Picture
from controller.rig.patch.lanes import EMITTERS, Lane
from controller.rig.patch.patch import SLOTS, Patch
from controller.rig.patch.render import Renderer, ends
from controller.survey.programme import PRIMARIES, Programme

SLOWLY_S = 2.0


class ProgrammePlayer:
    """Plays a programme on a rig.

    Args:
        patch: the rig. programme: for its sources. standard: of the flash limiter.

    Attributes:
        limiter: that everything went through.
    """

    def __init__(self, patch: Patch, programme: Programme, standard: Standard = "wcag") -> None:
        self._programme, self._heads = programme, patch.heads
        self._renderer = Renderer(_bare(patch))
        self.limiter = Limiter(patch, standard)
        self._source_of = np.full(patch.heads, -1)
        for number, source in enumerate(programme.sources):
            self._source_of[list(source.heads)] = number
        self._played = self._source_of >= 0
        self._slots: list[tuple[int, int, Lane]] = []
        for number, source in enumerate(programme.sources):
            mine = [lane for lane in patch.lanes if set(lane.heads) & set(source.heads)]
            self._slots += [
                (number, source.emitters.index(lane.control), lane)
                for lane in mine
                if lane.control in EMITTERS and lane.control in source.emitters
            ]
        self._mixing = np.zeros(len(programme.sources), np.bool_)
        self._mixing[[number for number, *_ in self._slots]] = True

    def frames(self, t_s: float, now_s: float) -> list[DmxFrame]:
        """What leaves at a moment.

        Args:
            t_s: since the programme began. now_s: time, for the limiter.
        """
        row, share = self._programme.at(t_s)
        levels = self._programme.played(np.array([t_s]))[0]
        weights = self._weights(row, share)
        dimmers, colours = levels, np.ones((len(levels), 3), np.float32)
        if weights is not None:
            dimmers = np.where(self._mixing, weights.sum(axis=1) > 0.0, weights.sum(axis=1))
            colours = np.where(self._mixing[:, None], np.float32(1.0), _primaries(self._programme, weights))
        middle = np.full(self._heads, 0.5, np.float32)
        look = Picture(now_s, 0, self._of_heads(np.sqrt(dimmers)), self._colours(colours), middle, middle)
        frames = self._renderer.render(look)
        if weights is not None:
            frames = [self._over(frame, number, weights) for number, frame in enumerate(frames)]
        return self.limiter.limit(frames, now_s)

    def _of_heads(self, values: Float32Array) -> Float32Array:
        return np.where(self._played, values[self._source_of], 0.0).astype(np.float32)

    def _colours(self, colours: Float32Array) -> Float32Array:
        return np.where(self._played[:, None], colours[self._source_of], 1.0).astype(np.float32)

    def _weights(self, row: int, share: float) -> Float32Array | None:
        """(n, E) how much of each emitter is shown, where colours are shown."""
        kinds, found = self._programme.kinds, None
        for at, part in ((row - 1, 1.0 - share), (row, share)):
            if at < 0 or kinds[at] != "colour":
                continue
            if found is None:
                widest = max(len(source.emitters) for source in self._programme.sources)
                found = np.zeros((len(self._programme.sources), max(widest, 1)), np.float32)
            for number, (level, colour) in enumerate(
                zip(self._programme.levels[at], self._programme.colours[at], strict=True)
            ):
                found[number, max(colour, 0)] += part * level
        return found

    def _over(self, frame: DmxFrame, row: int, weights: Float32Array) -> DmxFrame:
        """The frame with the levels of single emitters."""
        slots = frame.slots.copy()
        for number, emitter, lane in self._slots:
            low, high, off = ends(lane)
            weight = float(weights[number, emitter])
            wide = off if weight <= 0.0 and off >= 0 else round(low + weight * (high - low))
            for place, slot in enumerate(reversed(lane.slots)):
                if slot // SLOTS == row:
                    slots[slot % SLOTS] = (int(wide) >> (8 * place)) & 255
        return replace(frame, slots=slots)

    def cycles(self, period_s: float) -> Iterator[tuple[float, list[DmxFrame]]]:
        """The whole programme at an even pace, without waiting: time and frames."""
        for number in range(int(np.ceil(self._programme.duration_s / period_s)) + 1):
            t_s = number * period_s
            yield t_s, self.frames(t_s, t_s)


def steady(patch: Patch, programme: Programme, duration_s: float) -> Callable[[float], list[DmxFrame]]:
    """All sources at full for a while, slowly up and down: frames for seconds since it began, not yet limited."""
    renderer, middle = Renderer(_bare(patch)), np.full(patch.heads, 0.5, np.float32)
    lit = np.zeros(patch.heads, np.float32)
    lit[[head for source in programme.sources for head in source.heads]] = 1.0
    white = np.ones((patch.heads, 3), np.float32)

    def frames(t_s: float) -> list[DmxFrame]:
        level = np.clip(min(t_s, duration_s - t_s) / SLOWLY_S, 0.0, 1.0)
        return renderer.render(Picture(t_s, 0, np.float32(np.sqrt(level)) * lit, white, middle, middle))

    return frames


def _primaries(programme: Programme, weights: Float32Array) -> Float32Array:
    """(n, 3) colours of sources that show them by filters."""
    found = np.ones((len(programme.sources), 3), np.float32)
    for number, source in enumerate(programme.sources):
        if source.emitters == PRIMARIES:
            found[number] = weights[number, :3]
    return np.asarray(found / np.maximum(found.max(axis=1, keepdims=True), np.float32(1e-6)))


def _bare(patch: Patch) -> Patch:
    """The patch without what is known of its dimmers and its white."""
    changes = {"curve": "linear", "minimum": 0.0, "gains": (1.0, 1.0, 1.0)}
    bare = tuple(replace(one, config=one.config.model_copy(update=changes)) for one in patch.fixtures)
    return replace(patch, fixtures=bare)
