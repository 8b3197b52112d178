"""Before doors: is this machine, with this configuration and what is plugged in, fit for tonight?

`check` refuses what is wrong in the files; this looks at the world: sound that arrives, nodes that answer, time that is
left over, room on the disk, a clock that is right, power that stays on. Edge: everything it looks at.
"""

import argparse
import getpass
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from controller.clock import Clock, MonotonicClock
from controller.commands.arguments import configured, with_config
from controller.commands.node_search import find_nodes
from controller.commands.paper import paper, wide_table
from controller.commands.wiring import examine_wiring
from controller.config import ArtNetConfig, Config, OlaConfig
from controller.counted import counted
from controller.errors import ControllerError
from controller.lighting.process import NICENESS
from controller.listening.audio.capture import Capture, find_device, input_channels
from controller.listening.audio.source import open_recorded
from controller.listening.decider import Decider
from controller.messages import Window
from controller.records.show_log import log_folder
from controller.rig.patch.configured import patch_of
from controller.rig.patch.lasers import lasers
from controller.system import PRIORITY, may_come_first, may_put_first

Verdict = Literal["good", "check", "bad"]
LISTEN_S = 1.5
HOPS = 20
HOP_MS = 100.0
ROOM_GB = 1.0
NIGHT_MB, AUDIO_TIMES = 165.0, 6.0
"""Four hours (docs/measured.md), and how many times as much with the sound itself."""
BORN = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this program existed no clock can be right."""
POWER = Path("/sys/class/power_supply")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `bad` would spoil the night; `look` might."""

    what: str
    verdict: Verdict
    said: str
    remedy: str = ""


def examine(config: Config, clock: Clock) -> Iterator[Finding]:
    """Everything, one after the other; nothing raises."""
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("patch", lambda: _patch(config)),
        ("outputs", lambda: _outputs(config, clock)),
        ("sound", lambda: _sound(config, clock)),
        ("models", lambda: _models(config, clock)),
        ("page", lambda: _page(config)),
        ("pair", lambda: _pair(config)),
        ("disk", lambda: _disk(config)),
        ("clock", _clock),
        ("priority", _priority),
        ("power", _power),
    ]
    for what, look in looks:
        try:
            yield from look()
        except ControllerError as error:
            yield Finding(what, "bad", str(error))
        except OSError as error:
            yield Finding(what, "check", f"could not be looked at: {error}")


def _patch(config: Config) -> Iterator[Finding]:
    patch = patch_of(config)
    yield Finding(
        "patch",
        "good",
        f"{counted(len(patch.fixtures), 'fixture')}, {counted(patch.heads, 'head')}, "
        f"{counted(len(patch.universes), 'universe')}",
    )
    for said in lasers(patch):
        yield Finding("laser", "check", said, "switch it off at the fixture, unless there is a laser safety officer")


def _outputs(config: Config, clock: Clock) -> Iterator[Finding]:
    examine_wiring(config)
    outputs = [output for universe in config.universes.values() for output in universe.outputs]
    wanted = {output.port_address: output.host for output in outputs if isinstance(output, ArtNetConfig)}
    if wanted:
        answered = {port for _, reply in find_nodes(clock, config.network.interface) for port in reply.outputs}
        missing = sorted(set(wanted) - answered)
        said = f"{len(wanted) - len(missing)} of {len(wanted)} port addresses are served by a node that answers"
        remedy = f"nobody answered for {', '.join(map(str, missing))}: is the node on, and in this network?"
        yield Finding("Art-Net nodes", "check" if missing else "good", said, remedy if missing else "")
    for one in {(output.host, output.port) for output in outputs if isinstance(output, OlaConfig)}:
        try:
            socket.create_connection(one, 1.0).close()
            yield Finding("olad", "good", f"answers on {one[0]}:{one[1]}")
        except OSError as error:
            yield Finding("olad", "bad", f"{one[0]}:{one[1]}: {error}", "start olad")
    others = sum(not isinstance(output, ArtNetConfig | OlaConfig) for output in outputs)
    if others:
        yield Finding("outputs", "good", f"{others} other outputs: hosts resolve, devices are plugged in")


def _sound(config: Config, clock: Clock) -> Iterator[Finding]:
    kind, place = config.audio.source.split(":", 1)
    if kind != "device":
        recorded = open_recorded(config.path(place), config)
        recorded.close()
        yield Finding("sound", "good", f"{recorded.name}, {recorded.duration_s:.0f} s")
        return
    input_channels(find_device(place), config.audio.channels)
    level_db, blocks, noticed = _listen(config, place, clock)
    if not blocks:
        yield Finding("sound", "bad", f"{place} gives no sound at all", "is it in use by another program?")
    elif noticed.said:
        yield Finding("sound", "check", "; ".join(noticed.said), "turn the plug or the channel's phase round")
    elif level_db < config.audio.silence_db:
        yield Finding(
            "sound",
            "check",
            f"{level_db:.0f} dBFS: silence",
            f"ask the desk for a signal; check the gain ({_levels(config, noticed)})",
        )
    elif level_db > -1.0:
        yield Finding("sound", "check", f"{level_db:.0f} dBFS: at its limit", "turn the feed down by 10 dB")
    else:
        yield Finding(
            "sound", "good", f"{noticed.heard_from or place}: {level_db:.0f} dBFS peak ({_levels(config, noticed)})"
        )


def _levels(config: Config, capture: Capture) -> str:
    """What each input gives."""
    pairs = zip(config.audio.channels, capture.levels_db, strict=False)
    return ", ".join(f"input {number} {level_db:.0f} dB" for number, level_db in pairs)


def _listen(config: Config, place: str, clock: Clock) -> tuple[float, int, Capture]:
    """Loudest sample in dBFS of a moment, how many blocks came, and who heard them."""
    audio = config.audio
    capture = Capture(place, channels=audio.channels, block_s=audio.block_s, latency=audio.latency, clock=clock)
    capture.start()
    peak, blocks, end_s = 0.0, 0, clock.now_s() + LISTEN_S
    try:
        while clock.now_s() < end_s:
            got = capture.read(0.1)
            if got is not None:
                blocks += 1
                peak = max(peak, float(np.abs(got[0]).max(initial=0.0)))
    finally:
        capture.stop()
    return 20.0 * float(np.log10(max(peak, 1e-6))), blocks, capture


def _models(config: Config, clock: Clock) -> Iterator[Finding]:
    decider = Decider(config, clock)
    decider.warm_up()
    rng = np.random.default_rng(0)
    for hop in range(HOPS):
        noise = rng.normal(0, 0.1, 48_000).astype(np.float32)
        decider.step(Window(0.1 * hop, hop, noise, np.zeros((0, 48_000), np.float32)))
    _, _, worst_ms = decider.timings.percentiles_ms()["analysis"]
    budget_ms = config.rates.analysis_budget_ms
    said = f"{worst_ms:.0f} ms for a hop of {HOP_MS:.0f}, budget {budget_ms:.0f}"
    if decider.embed_every > 1:
        said += f"; the sound is embedded every {decider.embed_every} hops"
    fits = worst_ms <= budget_ms
    verdict: Verdict = "good" if fits else "check" if worst_ms < HOP_MS else "bad"
    yield Finding("models", verdict, said, "" if fits else "close other programs, or choose a smaller model")


def _page(config: Config) -> Iterator[Finding]:
    page = config.page
    if not page.enabled:
        yield Finding("page", "good", "switched off")
        return
    try:
        socket.create_server((page.host, page.port)).close()
    except OSError as error:
        said = f"port {page.port} on {page.host} cannot be served: {error.strerror}"
        yield Finding("page", "bad", said, "is another show running?")
        return
    people = f"{len(page.access)} people with tokens" if page.access else "for anyone at this machine"
    yield Finding("page", "good", f"{page.host}:{page.port}, {people}{', TLS' if page.certificate else ''}")


def _pair(config: Config) -> Iterator[Finding]:
    """The way to the other machine; whether somebody answers there, only the show itself may try."""
    standby = config.standby
    if standby.role == "off" or standby.peer is None:
        return
    with socket.socket(socket.AF_INET6 if ":" in standby.peer else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((standby.peer, standby.port))  # of a datagram socket: looks the route up, sends nothing
        except OSError as error:
            yield Finding("pair", "bad", f"no way to {standby.peer}: {error.strerror}", "is the cable in?")
            return
        own = probe.getsockname()[0]
    if config.file.exists() and config.file.stat().st_mode & 0o044:
        said, remedy = f"others may read {config.file}, and the key in it", f"chmod 600 {config.file}"
        yield Finding("pair", "check", said, remedy)
        return
    yield Finding("pair", "good", f"{standby.role}, from {own} to {standby.peer}")


def _disk(config: Config) -> Iterator[Finding]:
    record, folder = config.record, log_folder(config)
    season_gb = min(record.keep * NIGHT_MB * (1.0 + AUDIO_TIMES * record.audio), record.keep_mb) / 1e3
    there = next(one for one in (folder, *folder.parents) if one.is_dir())
    free_gb = shutil.disk_usage(there).free / 1e9
    enough = free_gb >= ROOM_GB + season_gb * record.enabled
    yield Finding(
        "disk",
        "good" if enough else "check",
        f"{free_gb:.1f} GB free for logs in {folder}; {record.keep} nights need some {season_gb:.0f} GB at most",
        "" if enough else "record.keep and record.keep_mb say how much stays",
    )


def _clock() -> Iterator[Finding]:
    now = datetime.now(UTC)
    if now < BORN:
        yield Finding("clock", "check", f"says {now:%Y-%m-%d %H:%M}", "set it: logs will carry the wrong date")
        return
    synchronized = " and is synchronized" if SYNCHRONIZED.exists() else ""
    yield Finding("clock", "good", f"says {now:%Y-%m-%d %H:%M} UTC{synchronized}; the light does not depend on it")


def _power() -> Iterator[Finding]:
    mains = [one for one in sorted(POWER.glob("*")) if _word(one / "type") == "Mains"]
    if mains and all(_word(one / "online") == "0" for one in mains):
        yield Finding("power", "bad", "this laptop runs on its battery", "plug it in")
    governor = _word(GOVERNOR)
    if governor == "powersave":
        yield Finding("power", "check", "processor governor 'powersave'", "choose 'performance' for the night")
    if not (mains or governor):
        yield Finding("power", "good", "nothing here says how it is powered; see that it does not go to sleep")
    elif governor != "powersave":
        yield Finding("power", "good", f"mains{f', governor {governor!r}' if governor else ''}")


def _priority() -> Iterator[Finding]:
    """Whether who lights may come before other programs, in its login session and between sessions."""
    if may_put_first(NICENESS) and may_come_first():
        yield Finding("priority", "good", "the light may come before other programs")
        return
    user = getpass.getuser()
    yield Finding(
        "priority",
        "check",
        "the light may not come before other programs; under load it stutters",
        f"lines '{user} - nice {NICENESS}' and '{user} - rtprio {PRIORITY}' in "
        "/etc/security/limits.d/followspot.conf, then log in anew",
    )


def _word(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


STYLES: dict[Verdict, str] = {"good": "green", "check": "yellow", "bad": "bold red"}


def print_findings(config: Config, clock: Clock) -> bool:
    """Print everything that was looked at; whether nothing is bad."""
    table = wide_table(f"{config.venue}: before doors", "what", "", "found", "what to do")
    findings = list(examine(config, clock))
    for one in findings:
        table.add_row(one.what, f"[{STYLES[one.verdict]}]{one.verdict}[/]", one.said, one.remedy)
    paper().print(table)
    return all(one.verdict != "bad" for one in findings)


def findings_as_data(config: Config, clock: Clock) -> list[dict[str, str]]:
    """The same for programs."""
    return [asdict(one) for one in examine(config, clock)]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    with_config(parser)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of a table")


def run(options: argparse.Namespace) -> int:
    """Examine; returns the exit code: 1 if something is bad."""
    config = configured(options)
    if not options.json:
        return 0 if print_findings(config, MonotonicClock()) else 1
    findings = findings_as_data(config, MonotonicClock())
    print(json.dumps(findings))
    return int(any(one["verdict"] == "bad" for one in findings))
