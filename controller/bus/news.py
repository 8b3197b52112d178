"""What the processes of a show tell each other about themselves: frozen and typed, and plain JSON in the summary.

Sound and light themselves are in `messages.py`; which topic carries what, in `topics.py`.
"""

from dataclasses import dataclass, field

from controller.messages import HeldRow, Operator
from controller.timing import Percentiles


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An attribute that a person at a console holds; `going_back`: it is on its way back to us."""

    fixture: str
    attribute: str
    since_s: float
    going_back: bool


@dataclass(frozen=True, slots=True)
class Datagrams:
    """What came from consoles, counted."""

    taken: int = 0
    ignored: int = 0
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class TakeoverStatus:
    """What is taken over now, how often that began, changes that could not be kept, and what was heard.

    `refused`: datagrams of strangers. `listening`: state of each input in words.
    """

    active: tuple[TakenOver, ...] = ()
    begun: int = 0
    not_kept: int = 0
    packets: Datagrams = Datagrams()
    refused: int = 0
    listening: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """One output: packets sent, errors, and its state in words."""

    sent: int
    errors: int
    state: str


@dataclass(frozen=True, slots=True)
class LimiterStatus:
    """How often the flash limiter stepped in; `overridden`: how often a person took it out."""

    interventions: int = 0
    strobes_stopped: int = 0
    clamped_share: float = 0.0
    overridden: int = 0


@dataclass(frozen=True, slots=True)
class LogStatus:
    """Where the show is written down, whether that fails now, and how many seconds are lost."""

    file: str
    failing: bool
    lost_seconds: int


@dataclass(frozen=True, slots=True)
class BandHeard:
    """What is heard of the band, for people.

    Attributes:
        kind: of sound: band, solo, talk, applause, silence; "" where nobody knows. voice: whether somebody sings.
        led_by: whose beat counts: heard, tapped, kept; "": nobody's.
        beat_s: seconds of a beat, 0 without any. beat_t_s: time of one. number: its place in the bar, 0: not known.
        metre: beats of a bar. confidence: 0..1 of the beat that is heard. level, build: 0..1, against the song so far.
    """

    kind: str = ""
    voice: bool = False
    led_by: str = ""
    beat_s: float = 0.0
    beat_t_s: float = 0.0
    number: int = 0
    metre: int = 4
    confidence: float = 0.0
    level: float = 0.0
    build: float = 0.0


@dataclass(frozen=True, slots=True)
class PartnerStatus:
    """The second machine. `followed`: a main's backup is heard. `state`, `changes`: a backup's duty."""

    role: str
    refused: int = 0
    followed: bool = False
    state: str = ""
    changes: int = 0


@dataclass(frozen=True, slots=True)
class LightingStatus:
    """What the output process counts.

    Attributes:
        leads: whether it sends. faults: cycles that failed and repeated the last frames.
        skipped_cycles: deadlines that were missed whole. timings_ms: by stage.
    """

    leads: bool
    cycles: int = 0
    pulled_cycles: int = 0
    skipped_cycles: int = 0
    output_hz: float = 0.0
    longest_gap_ms: float = 0.0
    send_errors: int = 0
    outputs: dict[str, OutputStatus] = field(default_factory=dict)
    takeovers: TakeoverStatus = TakeoverStatus()
    standby: PartnerStatus | None = None
    limiter: LimiterStatus = LimiterStatus()
    log: LogStatus | None = None
    faults: int = 0
    timings_ms: dict[str, Percentiles] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StageNews:
    """What just left, as the page draws it and as the spare follows it.

    Attributes:
        frames: 512 slots of each universe, as sent. asked: those that the look wanted otherwise.
        held: takeovers, for a spare. rows: (N, 6) float16 of the look, little-endian. marks: moments with names.
        moment: what the night is at: band, talk, changeover, walk_in, end. moment_by: who said so.
    """

    t_s: float
    frames: dict[int, bytes]
    health: str
    operator: Operator
    status: LightingStatus
    held: tuple[HeldRow, ...] = ()
    rows: bytes = b""
    asked: dict[int, bytes] = field(default_factory=dict)
    marks: tuple[tuple[float, str], ...] = ()
    moment: str = "band"
    moment_by: str = "hearing"


@dataclass(frozen=True, slots=True)
class ShownNews:
    """What is about to leave, for the process that may have to go on from there: `Limiter.standing`."""

    t_s: float
    standing: bytes


@dataclass(frozen=True, slots=True)
class PlanPlace:
    """Where the band is in what was rehearsed; `sure` 0..1.

    `by`: whose clock the plan follows, "": the band's own playing. `lost`: that clock is gone.
    """

    title: str
    t_s: float
    sure: float
    by: str = ""
    lost: bool = False


@dataclass(frozen=True, slots=True)
class ListeningStatus:
    """What the sound process counts.

    Attributes:
        generation: of the model that decides. next_generation: one that waits for its turn, None if none does.
        refused_generation: why a staged model will not decide; "" if nothing speaks against it.
        sections: when the music turned. late_hops: windows that came while the one before was not done.
        overruns: blocks lost because nobody took them. device_losses: how often the device went away.
        bad_samples: samples that were no numbers and were played as silence. band: beat, kind of sound, energy.
        place_s: where in its recording the source is at `t_s`, -1: it is none. audible: a loudspeaker plays it.
        known: title of what is heard, where it was heard before and is known again; "".
    """

    t_s: float
    source: str
    stems: tuple[str, ...] = ()
    embedder: str = ""
    embed_every: int = 1
    decoder: str = ""
    generation: int = 0
    sections: tuple[float, ...] = ()
    plan: PlanPlace | None = None
    next_generation: int | None = None
    refused_generation: str = ""
    hops: int = 0
    late_hops: int = 0
    overruns: int = 0
    device_losses: int = 0
    bad_samples: int = 0
    onsets: int = 0
    band: BandHeard = BandHeard()
    known: str = ""
    place_s: float = -1.0
    audible: bool = False
    timings_ms: dict[str, Percentiles] = field(default_factory=dict)
