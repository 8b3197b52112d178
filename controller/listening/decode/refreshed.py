"""Skip-BART with a bidirectional encoder, live: the past is read anew at intervals, off the hot path.

Every `refresh_hops` hops the past (up to `context_hops` hops of it) goes to a worker, which runs encoder and decoder
prefill and then catches up with the hops decided meanwhile. Its context is taken into use exactly one interval later
and the next past is handed over; until then the context before it goes on. A worker that is late costs nothing but
older memory: the context in use has room for it, and once it is full it keeps its newest place warm.

With `patient` the taking waits for the worker: rehearsals then decide the same, however fast the machine. Live, a
show decides the same as its rehearsal as long as no refresh is late; `late` counts.

Edge: runs ONNX sessions, one of them on a thread of the executor passed in.
"""

from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from controller.arrays import Float32Array
from controller.artefacts.artefact import Manifest, OnnxFile, read_manifest
from controller.errors import ModelError
from controller.listening.decode.skipbart import Logits, check_binding, summary
from controller.listening.decode.vocabulary import HUE_CLASSES, HUE_PAD, VALUE_CLASSES, VALUE_PAD
from controller.listening.session import open_session, zeros
from controller.messages import Embedding
from controller.sound_format import HOP_S

CATCH_UP = 2
"""Hops the hot path catches up by itself when it takes a context."""


@dataclass(frozen=True, slots=True)
class PastHop:
    """What the decoder was given at one hop: embedding (512,) and the light before it."""

    music: Float32Array
    hue: int
    value: int


class RefreshedNetwork:
    """Both graphs behind their manifest.

    Args:
        folder: artefact folder of kind `decoder` with a `refresh` graph.
        embedder: manifest of the embedder that will feed it.

    Raises:
        ModelError: the artefact does not fit the contract, or was trained on another embedder.
    """

    def __init__(self, folder: Path, embedder: Manifest, *, threads: int = 1, provider: str = "cpu") -> None:
        self.manifest = read_manifest(folder, "decoder", HOP_S)
        check_binding(folder, self.manifest, embedder)
        refresh = self.manifest.refresh
        if refresh is None or self.manifest.context_hops is None or self.manifest.refresh_hops is None:
            raise ModelError(f"{folder / 'manifest.yaml'}: refresh, context_hops and refresh_hops belong together")
        self.context_hops, self.refresh_hops = self.manifest.context_hops, self.manifest.refresh_hops
        self.memory = [tensor for tensor in self.manifest.step.inputs if "." in tensor.name]
        self.own = [tensor for tensor in self.memory if tensor.name.startswith("own.")]
        self.room = _check_graphs(folder, self.manifest.step, refresh, self.context_hops)
        self._step = open_session(folder, self.manifest, threads=threads, provider=provider)
        past = self.manifest.model_copy(update={"step": refresh})
        self._refresh = open_session(folder, past, threads=threads, provider=provider)

    def step(self, feed: dict[str, Float32Array]) -> list[Float32Array]:
        """Hue logits (1, 181), value logits (1, 257), then the new column of each own cache."""
        outputs: list[Float32Array] = self._step.run(None, feed)
        return outputs

    def refresh(self, feed: dict[str, Float32Array]) -> list[Float32Array]:
        """All caches, in the order of `memory`."""
        outputs: list[Float32Array] = self._refresh.run([tensor.name for tensor in self.memory], feed)
        return outputs


class RefreshedContext:
    """What is known after one refresh and the hops since."""

    def __init__(self, network: RefreshedNetwork, past: list[PastHop]) -> None:
        """Read the past, of at least one and at most `context_hops` hops."""
        self._network = network
        self._feed = zeros(network.manifest.step.inputs)
        rows = len(past)
        refresh = network.manifest.refresh
        given = zeros(refresh.inputs if refresh else [])
        given["music"][0, :rows] = np.stack([hop.music for hop in past])
        given["hue"][0, :rows] = [hop.hue for hop in past]
        given["value"][0, :rows] = [hop.value for hop in past]
        given["length"][0] = rows
        for tensor, cache in zip(network.memory, network.refresh(given), strict=True):
            if tensor.name.endswith(".key"):
                self._feed[tensor.name][..., : cache.shape[-1]] = cache
            else:
                self._feed[tensor.name][..., : cache.shape[-2], :] = cache
        self._feed["length"][0] = rows
        self.length = rows

    def step(self, hop: PastHop) -> Logits:
        """Advance one hop: hue logits (181,) and value logits (257,), float32."""
        feed = self._feed
        feed["music"][0, 0], feed["hue"][0, 0], feed["value"][0, 0] = hop.music, hop.hue, hop.value
        feed["position"][0] = self.length
        hue, value, *columns = self._network.step(feed)
        for tensor, column in zip(self._network.own, columns, strict=True):
            cache = feed[tensor.name]
            if tensor.name.endswith(".key"):
                cache[..., self.length] = column[..., 0]
            else:
                cache[..., self.length, :] = column[..., 0, :]
        self.length = min(self.length + 1, self._network.room - 1)  # a full cache overwrites its newest place
        return hue[0], value[0]

    def state(self) -> Float32Array:
        """(memory,): what each cache holds, see `summary`."""
        return np.array([summary(self._feed[tensor.name], self.length) for tensor in self._network.memory], np.float32)


@dataclass(slots=True)
class _Job:
    """A refresh under way: what it reads first, and how many hops the set was old then."""

    context: Future[tuple[RefreshedContext, int]]
    begun: int


class RefreshedSkipBart:
    """Logits for hop after hop, without end.

    Args:
        network: both graphs.
        executor: runs refreshes; one thread.
        patient: wait for a refresh when its time has come (rehearsal) instead of going on without (live).
    """

    def __init__(self, network: RefreshedNetwork, executor: Executor, *, patient: bool) -> None:
        self._network, self._executor, self._patient = network, executor, patient
        silence = PastHop(np.zeros(512, np.float32), HUE_PAD, VALUE_PAD)
        self._context = RefreshedContext(network, [silence])
        self._hops: list[PastHop] = []
        self._dropped = 0
        self._job: _Job | None = None
        self.late = 0

    def step(
        self,
        embedding: Embedding,
        hue: int = HUE_PAD,
        value: int = VALUE_PAD,
        bearings: Float32Array | None = None,  # noqa: ARG002 - the authors' networks are told no bearings
    ) -> Logits:
        """Logits of this hop, given the light before it; see `SkipBart.step`."""
        age = self._dropped + len(self._hops)
        if age and age % self._network.refresh_hops == 0:
            self._turn(age)
        hop = PastHop(embedding.vector, hue, value)
        logits = self._context.step(hop)
        self._hops.append(hop)
        return logits

    def _turn(self, age: int) -> None:
        """An interval is over: take the refresh that was begun an interval ago, begin the next."""
        if self._job is not None:
            if not (self._patient or self._job.context.done()):
                self.late += 1
                return
            context, reached = self._job.context.result()
            missing = self._hops[reached - self._dropped :]
            if len(missing) > CATCH_UP and not self._patient:  # it finished long before its time: let it catch up
                self.late += 1
                self._job.context = self._executor.submit(self._catch_up, context, reached)
                return
            for hop in missing:
                context.step(hop)
            self._context = context
        self._forget(age)
        past = self._hops[-self._network.context_hops :]
        self._job = _Job(self._executor.submit(self._read, past, age), age)

    def _forget(self, age: int) -> None:
        """Drop hops that no refresh will read again; nothing reads the list while this runs."""
        keep = self._network.context_hops
        if len(self._hops) > 2 * keep:
            self._hops = self._hops[-keep:]
            self._dropped = age - keep

    def _read(self, past: list[PastHop], age: int) -> tuple[RefreshedContext, int]:
        return self._catch_up(RefreshedContext(self._network, past), age)

    def _catch_up(self, context: RefreshedContext, reached: int) -> tuple[RefreshedContext, int]:
        """Follow the hops decided meanwhile, until there is none left."""
        while reached < self._dropped + len(self._hops):
            context.step(self._hops[reached - self._dropped])
            reached += 1
        return context, reached


def _check_graphs(folder: Path, step: OnnxFile, refresh: OnnxFile, hops: int) -> int:
    """Rows of the own caches; refuses graphs that do not fit each other."""
    path = folder / "manifest.yaml"
    caches = {tensor.name: tensor.shape for tensor in refresh.outputs}
    inputs = {tensor.name: tensor.shape for tensor in step.inputs}
    wanted = {"music": [1, 1, 512], "hue": [1, 1], "value": [1, 1], "position": [1], "length": [1]}
    outputs = {tensor.name: tensor.shape for tensor in step.outputs}
    for what, names, there in (
        ("step.inputs", wanted, inputs),
        ("step.outputs", {"hue_logits": [1, HUE_CLASSES], "value_logits": [1, VALUE_CLASSES]}, outputs),
        ("refresh.inputs", {"music": [1, hops, 512], "hue": [1, hops], "value": [1, hops], "length": [1]},
         {tensor.name: tensor.shape for tensor in refresh.inputs}),
    ):  # fmt: skip
        for name, shape in names.items():
            if there.get(name) != shape:
                raise ModelError(f"{path}: {what}: '{name}' must have shape {shape}, not {there.get(name)}")
    rooms = set()
    for name, shape in caches.items():
        axis = 3 if name.endswith(".key") else 2
        found = inputs.get(name)
        same = found is not None and len(found) == 4 and [*found[:axis], hops, *found[axis + 1 :]] == shape
        if found is None or not same:
            raise ModelError(f"{path}: refresh.outputs: '{name}' {shape} does not fit step.inputs {found}")
        if name.startswith("own."):
            rooms.add(found[axis])
    if len(rooms) != 1 or min(rooms) <= hops:
        raise ModelError(f"{path}: step.inputs: own caches need one length, more than {hops} hops, not {sorted(rooms)}")
    return rooms.pop()
