"""Good input made bad, seeded, and a watch on how long anybody thinks about it."""

import time
from contextlib import contextmanager

import numpy as np

HANG_S = 30.0
"""Of processor time: what takes so long hangs, on any machine; `tell` says how long the slowest took."""
ODD = (
    None, True, False, -1, 0, 1, 3, 255, 256, 65_536, 2**31, 2**63 - 1, 1e308, -0.5, 0.5, float("nan"), float("inf"),
    float("-inf"), "", "x", "0", "../../etc/passwd", "é\u202e", "x" * 300, b"", b"\xff\x00", [], {}, [[]],
    [1, 2], {"a": 1},
)  # fmt: skip


def bent_bytes(good: bytes, rng: np.random.Generator) -> bytes:
    """Bytes changed, cut, put in, repeated; or noise."""
    data = bytearray(good)
    match int(rng.integers(0, 5)):
        case 0:
            for at in rng.integers(0, len(data), int(rng.integers(1, 9))):
                data[at] = int(rng.integers(0, 256))
        case 1:
            del data[int(rng.integers(0, len(data))) :]
        case 2:
            at = int(rng.integers(0, len(data)))
            data[at:at] = rng.bytes(int(rng.integers(1, 32)))
        case 3:
            at, size = int(rng.integers(0, len(data))), int(rng.integers(1, 64))
            data[at:at] = data[at : at + size] * int(rng.integers(1, 20))
        case _:
            return rng.bytes(int(rng.integers(0, 200)))
    return bytes(data)


def bent(node, rng: np.random.Generator):
    """A copy of plain data with one part of it replaced, left out, or given another name."""
    if isinstance(node, dict) and node and rng.random() < 0.85:
        keys = list(node)
        chosen = keys[int(rng.integers(0, len(keys)))]
        kind = rng.random()
        if kind < 0.08:
            return {key: part for key, part in node.items() if key != chosen}
        if kind < 0.16:
            return {**node, "surprise": odd(rng)}
        return {**node, chosen: bent(node[chosen], rng)}
    if isinstance(node, list) and node and rng.random() < 0.85:
        at = int(rng.integers(0, len(node)))
        return [*node[:at], bent(node[at], rng), *node[at + 1 :]]
    return odd(rng)


def odd(rng: np.random.Generator):
    """Something that nobody expects."""
    return ODD[int(rng.integers(0, len(ODD)))]


class Watch:
    """Counts inputs and keeps the slowest."""

    def __init__(self) -> None:
        self.count = self.refused = 0
        self.slowest_s = 0.0
        self._begun_s = time.monotonic()

    @contextmanager
    def one(self, *errors):
        """One input; these errors, and no others, are an answer."""
        begun_s = time.thread_time()  # a busy machine is nobody's fault
        try:
            yield
        except errors:
            self.refused += 1
        self.count += 1
        self.slowest_s = max(self.slowest_s, time.thread_time() - begun_s)
        assert self.slowest_s < HANG_S

    def tell(self, what: str) -> None:
        """For whoever runs this with -s."""
        spent_s = time.monotonic() - self._begun_s
        print(f"{what}: {self.count} inputs in {spent_s:.0f} s, {self.refused} refused, "
              f"slowest {1e3 * self.slowest_s:.1f} ms")  # fmt: skip
