"""`followspot measure play|read`: the rig plays for a camera, a film betters the patch. Edge: files, a terminal."""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

from controller.clock import Clock, MonotonicClock
from controller.commands.arguments import configured, positive, verb, verbs
from controller.commands.kept_yaml import Say, write_if_agreed
from controller.commands.lit_rig import LitRig, fixtures_named
from controller.commands.written_values import with_values
from controller.config import Config
from controller.errors import SurveyError
from controller.messages import DmxFrame
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Patch
from controller.state_folder import coming
from controller.survey.film import read_film
from controller.survey.findings import findings
from controller.survey.playing import ProgrammePlayer, steady
from controller.survey.programme import Programme, plan, read_programme, sources_of
from controller.survey.proposal import proposal_of
from controller.survey.report import write_report
from controller.system import come_first

FramesAt = Callable[[float], list[DmxFrame]]
PROGRAMME, OUT = Path("measure.json"), Path("measured")
AIM_S = 20.0
TELL_S = 30.0
LATE_S, FEW = 0.06, 5
"""Gaps between two frames, and how many of them a film bears."""
GUIDANCE = (
    "No head changes more than once a second, and the flash limiter is on. The show must not be running.",
    "Put the camera on a tripod: the whole stage in the picture, room lights off.",
    "All fixtures are lit now. Lock focus and exposure so that the picture is not white. Then start filming,",
    "and film until it is dark again. Ctrl-C ends.",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    played = verb(words, "play", "light the fixtures in a slow code while you film them (a few minutes)")
    played.add_argument("fixtures", nargs="*", metavar="ID", help="only these; without, all")
    played.add_argument("--programme", type=Path, default=PROGRAMME, metavar="FILE", help=f"default: {PROGRAMME}")
    played.add_argument("--aim", type=positive, default=AIM_S, metavar="SECONDS",
                        help="all lit and steady before it, to aim the camera; default: 20")  # fmt: skip
    read = verb(words, "read", "what a film of it says: a report, and a better patch if you agree")
    read.add_argument("film", type=Path, help="from the phone or webcam, as it was stored")
    read.add_argument("--programme", type=Path, default=PROGRAMME, metavar="FILE", help="that `play` wrote")
    read.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"of the report; default: {OUT}")
    read.add_argument("--write", action="store_true", help="write into the configuration without asking")
    read.add_argument("--report-only", action="store_true", help="do not ask, and write nothing")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    config, say = configured(options), functools.partial(print, flush=True)
    if options.what == "play":
        where = options.programme
        return play(config, options.fixtures, where, say, MonotonicClock(), aim_s=options.aim, begin=come_first)
    return read(config, options, say)


def play(
    config: Config,
    names: list[str],
    file: Path,
    say: Say,
    clock: Clock,
    *,
    aim_s: float = AIM_S,
    begin: Callable[[], object] = lambda: None,
) -> int:
    """Play the programme on the configured outputs; it ends dark. Returns the exit code.

    Args:
        begin: called before the first frame.

    Raises:
        ControllerError: a fixture that is not there, or nothing to measure.
    """
    patch = patch_of(config)
    chosen = frozenset(one.config.id for one in fixtures_named(config, patch, names)) or None
    programme = plan(sources_of(patch, chosen), config.seed)
    _keep(programme, file)
    playing = ProgrammePlayer(patch, programme, config.safety.flashes)
    for line in (f"{len(programme.sources)} heads, {_minutes(programme.duration_s)}.", *GUIDANCE):
        say(line)
    begin()
    with LitRig.on_outputs(config, patch, clock) as rig:
        _aim(rig, steady(patch, programme, aim_s), playing, clock, aim_s)
        say("It begins.")
        gaps_s = _played(rig, programme, playing, clock, say)
    if playing.limiter.interventions:
        raise SurveyError("the flash limiter had to step in, so the film cannot be read; please report this rig")
    late = sum(gap_s > LATE_S for gap_s in gaps_s)
    if late > FEW:
        say(f"This machine was busy: the light stood still {late} times, {1e3 * max(gaps_s):.0f} ms at most.")
        say("Latencies on this film will be uncertain. End other programs, then play and film again.")
    say(f"Done; {file} belongs to the film. Now: followspot measure read FILM --programme {file}")
    return 0


def _played(rig: LitRig, programme: Programme, playing: ProgrammePlayer, clock: Clock, say: Say) -> list[float]:
    """The whole programme; seconds between each two frames."""
    began_s = sent_s = clock.now_s()
    told_s, gaps_s = TELL_S, [0.0]
    while clock.now_s() - began_s < programme.duration_s:
        rig.cycle_of(lambda now_s: playing.frames(now_s - began_s, now_s))
        gaps_s.append(clock.now_s() - sent_s)
        sent_s += gaps_s[-1]
        if sent_s - began_s > told_s:
            say(f"  {_minutes(programme.duration_s - told_s)} left")
            told_s += TELL_S
    return gaps_s


def _aim(rig: LitRig, lit: FramesAt, playing: ProgrammePlayer, clock: Clock, aim_s: float) -> None:
    """All of it lit and steady, slowly up and slowly down."""
    begun_s = clock.now_s()
    while clock.now_s() - begun_s < aim_s:
        rig.cycle_of(lambda now_s: playing.limiter.limit(lit(now_s - begun_s), now_s))


def _keep(programme: Programme, file: Path) -> None:
    try:
        with coming(file) as written:
            written.write_text(programme.as_json(), encoding="utf-8")
    except OSError as error:
        raise SurveyError(
            f"{file}: cannot be written ({error.strerror}); choose another with --programme FILE"
        ) from error


def _minutes(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d} minutes"


def read(config: Config, options: argparse.Namespace, say: Say) -> int:
    """Read a film, write the report, and the patch if a person agrees; returns the exit code.

    Raises:
        ControllerError: the film or the programme cannot be used.
    """
    programme = _programme(options.programme, patch := patch_of(config))
    say(f"reading {options.film} (about as long as it lasts)")
    film = read_film(options.film)
    found = findings(film, programme, patch, lambda what: say(f"  {what}"))
    proposal = proposal_of(config, found)
    page = write_report(options.out, film.still, found, proposal)
    seen = sum(not one.dark for one in found.fixtures)
    say(f"{seen} of {len(found.fixtures)} fixtures recognised; report: {page}")
    for title, lines in (("Look at these:", proposal.remarks), ("Proposed:", proposal.reasons)):
        if lines:
            say("\n".join([title, *(f"  {line}" for line in lines)]))
    if not proposal.values:
        say("Nothing in the patch needs to change.")
    elif not options.report_only:
        after = with_values(config.file.read_text(encoding="utf-8"), proposal.values)
        write_if_agreed(config.file, after, _typed, say, write=options.write)
    return 0


def _programme(file: Path, patch: Patch) -> Programme:
    """The programme that was played, if it was played on this patch."""
    try:
        programme = read_programme(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SurveyError(
            f"{file}: {error.strerror}; name the file that `measure play` wrote with --programme FILE"
        ) from error
    except SurveyError as error:
        raise SurveyError(f"{file}: {error}") from error
    mine = sources_of(patch, frozenset(one.fixture for one in programme.sources))
    if mine != programme.sources:
        raise SurveyError(
            f"{file}: was played on another patch; give the configuration of that evening, or play and film again"
        )
    return programme


def _typed(question: str) -> str:
    """An answer at the terminal; the end of input is a no."""
    try:
        return input(question)
    except EOFError:
        return ""
