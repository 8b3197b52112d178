"""The process that listens and decides. Sound in; pulses (fast) and light tokens (slow) out.

Two paths leave the same blocks. The fast one hears level and onsets in every five milliseconds and publishes at once.
The slow one cuts windows and hands the newest to the analysis thread: hear beats, drums and form in the sound since the
hop before, embed, decode, sample. Neither waits for the other, and if analysis is late a hop is dropped and counted,
never queued. Edge: the bus, a thread.

    sound card / file / stems -> BlockQueue -> Ear -> pulses
                                                \\-> windows -> [analysis thread: Ear.listen, Decider] -> tokens

Networks read sound hop by hop and not block by block: a rehearsal does the same, and code and weights that have just
been used cost a third of those that come back from memory fifty times a second.
"""

import logging
import sys
import threading
from collections.abc import Callable
from functools import partial

from controller.bus.news import ListeningStatus, PlanPlace
from controller.bus.run import Run
from controller.bus.sockets import Commander, Newest
from controller.bus.topics import STAGE
from controller.clock import Clock, MonotonicClock
from controller.config import Config
from controller.errors import ControllerError
from controller.listening.audio.capture import Capture
from controller.listening.audio.clean import Clean
from controller.listening.audio.ear import accent_column
from controller.listening.audio.loudspeaker import audible
from controller.listening.audio.playback import Playback
from controller.listening.audio.source import LiveSource, open_recorded
from controller.listening.audio.tape import NAME as LTC
from controller.listening.audio.tape import Tape
from controller.listening.backlog import Backlog
from controller.listening.decider import Decider
from controller.listening.keeping import Keeping
from controller.listening.known.recall import Recall
from controller.listening.known.repertoire import Repertoire
from controller.listening.known.sketch import Sketch
from controller.listening.networks import band_of, open_ear
from controller.listening.overture import with_overture
from controller.listening.plan.leading import Planned
from controller.listening.time.leading import TempoLead, band_heard
from controller.listening.voice import Voice
from controller.messages import AudioBlock, Command, Operator, Window
from controller.system import give_back
from controller.timing import Timings

log = logging.getLogger(__name__)

STATUS_S = 0.5
LOG_S = 10.0
SUCCESSION_S = 1.0
WINDOW_S = 0.25
"""While there is sound a window comes every 0.1 s; who has waited so long looks at what people said meanwhile."""


class LatestWindow:
    """The newest window, taken once."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, window: Window) -> None:
        """Replace it; counts a drop if it was not taken."""
        with self._changed:
            self.dropped += self._window is not None
            self._window = window
            self._changed.notify()

    def take(self, timeout_s: float) -> Window | None:
        """The window, or None when none came in time."""
        with self._changed:
            if self._window is None:
                self._changed.wait(timeout_s)
            window, self._window = self._window, None
            return window


class Listening:
    """The process's parts, joined.

    Many attributes: one for each part.

    Args:
        run: configuration, folder and stop signal. clock: time.
    """

    def __init__(self, run: Run, clock: Clock) -> None:
        self._run, self._clock = run, clock
        band, self.stems, self.name = open_source(run.config, clock)
        self._source, self._overture = with_overture(run.config, run.folder, band, len(self.stems), clock)
        self._ear = open_ear(run.config, self.stems)
        self._tape = Tape(self.stems)
        self._lead = TempoLead(self._ear.hearing)
        if self.stems:
            column = accent_column(self.stems, run.config.audio.accent_stem)
            log.info("accents come from %s", f"the stem '{self.stems[column - 1]}'" if column else "the mix")
        self._decider = Decider(run.config, clock)
        self._latest, self._unheard = LatestWindow(), Backlog()
        self._beat_told = threading.Event()
        self._keeping = Keeping(run.config, self._decider.embedder.identity, run.folder.name)
        repertoire = Repertoire.of(run.config, self._decider.embedder.identity)
        self._recall = Recall(repertoire.sketches(), partial(_aside, repertoire.keep))
        self._voice = Voice(run)
        self._timings = Timings(keep=2_000)
        self._clean = Clean(self.name)
        self._blocks = 0
        self.failed = False

    def listen(self) -> None:
        """Run until told to stop, or until the song is over."""
        self._decider.warm_up()
        give_back()  # a network is read twice before it runs
        analysis = threading.Thread(target=self._analyse, name="analysis")
        analysis.start()
        threading.Thread(target=self._succeed, name="succession", daemon=True).start()
        self._source.start()
        next_status_s = next_log_s = self._clock.now_s()
        while not self._run.stopping.is_set() and not self._source.over:
            self._run.beat(self._clock.now_s())
            got = self._source.read(0.1)
            if got is not None:
                self._hear(AudioBlock(got[1], self._blocks, got[0]))
                self._blocks += 1
            now_s = self._clock.now_s()
            self._voice.loss(now_s)
            if now_s >= next_status_s or self._beat_told.is_set():
                self._beat_told.clear()
                next_status_s = now_s + STATUS_S
                self._voice.status(self.status())
            if now_s >= next_log_s + LOG_S:
                next_log_s = now_s
                log.info("%s", self._log_line())
        self._run.stopping.set()
        analysis.join(2.0)
        self._source.stop()

    def _hear(self, block: AudioBlock) -> None:
        started_s = self._clock.now_s()
        block = self._clean.block(block)
        self._tape.hear(block)
        self._keeping.block(block)
        token = self._overture.hear(block)
        self._decider.conducted = self._overture.decided
        if token is not None:
            self._voice.token(token)
        for pulse in self._ear.pulses(block, lambda heard: self._overture.pulse(heard, block)):
            self._voice.pulse(pulse)
        self._timings.add("accent", self._clock.now_s() - started_s)
        self._unheard.add(block)
        for window in self._ear.windows(block):
            self._latest.put(window)

    def _listen(self) -> None:
        """Hear what networks hear, in all sound since the last time."""
        block = self._unheard.take()
        if block is None:
            return
        started_s = self._clock.now_s()
        self._ear.listen(block)
        self._timings.add("hearing", self._clock.now_s() - started_s)
        if self._ear.beat_told:
            self._beat_told.set()

    def _analyse(self) -> None:
        # sockets are used where they are made
        stage = Newest(self._run.context, self._run.folder, STAGE)
        commander = Commander(self._run.context, self._run.folder)
        try:
            if self._overture.hues:
                commander.send(Command("hues", 1.0, values=tuple(map(float, self._overture.hues))))
            people = Operator()
            while not self._run.stopping.is_set():
                lit = stage.take()
                if lit is not None:
                    people = lit.operator
                    self._decider.obey(people)
                    self._decider.outside = self._tape.newest or people.clock
                    self._ear.obey(people)
                window = self._latest.take(WINDOW_S)
                self._listen()
                self._decider.beats = self._ear.tempo = self._lead.tempo(people, self._clock.now_s())
                self._decider.band = band_of(self._ear)
                if window is not None:
                    token = self._decider.step(window)
                    if self._decider.conducted is None:
                        self._voice.token(token)
                    planned = self._decider.planned
                    for command in () if planned is None else planned.commands:
                        commander.send(command)
                    if self._decider.heard is not None:
                        self._keeping.embedding(self._decider.heard)
                        self._recall.hear(self._decider.heard.vector, self._kind(), people.wish)
        except Exception:
            # top of a thread: a network that fails takes this process with it, and the supervisor brings both back
            log.exception("deciding failed; this process ends and is started again")
            self.failed = True
            self._run.stopping.set()
        finally:
            stage.close()
            commander.close()

    def _succeed(self) -> None:
        """Look every second whether somebody chose another generation of the model, and prepare it."""
        while not self._run.stopping.wait(SUCCESSION_S):
            try:
                self._decider.look_for_successor()
            except Exception:
                # top of a thread: what decides now goes on deciding
                log.exception("looking for another generation of the model failed")

    def status(self) -> ListeningStatus:
        """Numbers for the page, the log and the summary."""
        return ListeningStatus(
            t_s=self._clock.now_s(),
            source=self._heard_from(),
            stems=tuple(self.stems),
            embedder=self._decider.embedder.name,
            embed_every=self._decider.embed_every,
            decoder=self._decider.decoder_name,
            generation=self._decider.generation,
            sections=tuple(self._decider.sections.turns),
            plan=_place(self._decider.planned),
            known=self._known(),
            place_s=self._place_s(),
            audible=bool(getattr(self._source, "sounds", False)),
            next_generation=self._decider.succession.waiting,
            refused_generation=self._decider.succession.refused,
            hops=self._voice.tokens,
            late_hops=self._latest.dropped,
            overruns=self._source.overruns,
            device_losses=self._source.losses,
            bad_samples=self._clean.bad(self._source.bad_samples),
            onsets=self._voice.onsets,
            band=band_heard(self._ear.hearing, self._ear.tempo, self._lead.by),
            timings_ms={**self._decider.timings.percentiles_ms(), **self._timings.percentiles_ms()},
        )

    def _kind(self) -> str:
        """Of sound, as it is heard now."""
        band = self._decider.band
        return "" if band is None else band.kind

    def _known(self) -> str:
        """Title of what is played: of the plan that is followed, or of a song that was heard before."""
        planned = self._decider.planned
        return self._recall.title if planned is None else planned.title

    def _place_s(self) -> float:
        """Where in its recording the source is, -1 where it plays none."""
        place = getattr(self._source, "place_s", None)
        return -1.0 if place is None else float(place(self._clock.now_s()))

    def _heard_from(self) -> str:
        """The source and, of a device, the input that is really heard and what is odd about it."""
        heard_from, said = getattr(self._source, "heard_from", ""), getattr(self._source, "said", [])
        named = f"{self.name}: {heard_from}" if heard_from and heard_from != self.name else self.name
        return "; ".join([named, *said])

    def _log_line(self) -> str:
        status = self.status()
        stages = ", ".join(f"{stage} {p[0]:.1f}/{p[2]:.1f} ms" for stage, p in status.timings_ms.items())
        return f"p50/p99: {stages}; {status.late_hops} late hops, {status.overruns} overruns"

    def close(self) -> None:
        """Close sockets and files."""
        self._recall.finish()
        self._voice.close()
        self._keeping.close()


def _aside(keep: Callable[[Sketch], None], sketch: Sketch) -> None:
    """Keep a song without waiting for the disk."""
    threading.Thread(target=keep, args=(sketch,), name="repertoire").start()


def _place(planned: Planned | None) -> PlanPlace | None:
    if planned is None:
        return None
    return PlanPlace(planned.title, planned.t_s, planned.sure, planned.by, planned.lost)


def open_source(config: Config, clock: Clock) -> tuple[LiveSource, tuple[str, ...], str]:
    """The configured source, the names of its stems, and its own.

    Raises:
        AudioError: no such file. A device that is not there is waited for.
    """
    audio = config.audio
    kind, place = audio.source.split(":", 1)
    if kind == "device":
        capture = Capture(
            place,
            channels=audio.channels,
            block_s=audio.block_s,
            latency=audio.latency,
            clock=clock,
            timecode=audio.ltc_channel,
        )
        return capture, () if audio.ltc_channel is None else (LTC,), place
    recorded = open_recorded(config.path(place), config, loop=audio.loop)
    played = audible(Playback(recorded, block_s=audio.block_s, clock=clock), audio.monitor, "the song")
    return played, recorded.stems, recorded.name


def main(argv: list[str]) -> int:
    """Run the process; argv is the run's folder."""
    run = Run("listening", argv)
    sys.setswitchinterval(0.001)  # the fast path must not wait 5 ms for the analysis thread to let go
    try:
        listening = Listening(run, MonotonicClock())
    except ControllerError as error:  # it was there when the show began: say why, and be started again
        log.warning("%s", error)
        return 1
    try:
        listening.listen()
        run.say(listening.status())
    finally:
        listening.close()
        run.close()
    return int(listening.failed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
