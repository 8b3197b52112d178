"""What the processes said, as the page shows it. Pure."""

from controller.bus.news import BandHeard, LightingStatus, ListeningStatus, PartnerStatus, PlanPlace
from controller.config import RatesConfig
from controller.rig.patch.patch import SLOTS, Patch
from controller.watching.page.feed import RigHead, Timing, TimingRow


def timing_rows(rates: RatesConfig) -> list[TimingRow]:
    """The rows of the timings table, with their budgets."""
    return [
        TimingRow("embed", rates.analysis_budget_ms / 2),
        TimingRow("decode", rates.analysis_budget_ms / 2),
        TimingRow("analysis", rates.analysis_budget_ms),
        TimingRow("accent", rates.accent_budget_ms),
        TimingRow("look", rates.tick_budget_ms / 2),
        TimingRow("tick", rates.tick_budget_ms),
        TimingRow("lateness", rates.tick_budget_ms),
    ]


def timings(heard: ListeningStatus | None, lit: LightingStatus) -> dict[str, Timing]:
    """Milliseconds of every stage."""
    both = {**(heard.timings_ms if heard else {}), **lit.timings_ms}
    return {stage: Timing(p50, p99) for stage, (p50, _, p99) in both.items()}


def counters(heard: ListeningStatus | None, lit: LightingStatus) -> dict[str, float]:
    """What is counted, by the names that the page and `/metrics` show."""
    late = lit.timings_ms.get("lateness", (0.0, 0.0, 0.0))
    found = {
        "output_hz": lit.output_hz,
        "lateness_p99_ms": late[2],
        "faults": lit.faults,
        "skipped_cycles": lit.skipped_cycles,
        "send_errors": lit.send_errors,
        "flashes_limited": lit.limiter.interventions,
        "taken_over": len(lit.takeovers.active),
        "lost_log_seconds": lit.log.lost_seconds if lit.log else 0,
        **standby_counters(lit.standby),
    }
    if heard is not None:
        found |= {
            "overruns": heard.overruns,
            "late_hops": heard.late_hops,
            "device_losses": heard.device_losses,
            "bad_samples": heard.bad_samples,
            "generation": heard.generation,
            "generation_waiting": -1 if heard.next_generation is None else heard.next_generation,
            "generation_refused": bool(heard.refused_generation),
        }
    return {name: float(count) for name, count in found.items()}


def standby_counters(standby: PartnerStatus | None) -> dict[str, float]:
    """Whether the other machine is there, and whether this one is in charge; nothing where there is only one."""
    if standby is None:
        return {}
    if standby.role == "backup":
        return {"in_charge": float(standby.state == "in charge")}
    return {"backup_follows": float(standby.followed)}


def troubles(heard: ListeningStatus | None, lit: LightingStatus) -> list[str]:
    """What a person should know, in sentences; none on a good night."""
    said = []
    if lit.faults:
        said.append(f"{lit.faults} output cycles failed; the last light was repeated instead")
    if lit.log is not None and lit.log.failing:
        said.append(f"the show's log cannot be written ({lit.log.lost_seconds} s lost): {lit.log.file}")
    if heard is not None and heard.refused_generation:
        said.append(f"a staged model was refused: {heard.refused_generation}")
    if heard is not None and heard.device_losses:
        said.append(f"the sound device went away {heard.device_losses} times")
    return said


WHOSE = {"heard": "as it is heard", "tapped": "as it was tapped", "kept": "kept by somebody"}


def band_words(band: BandHeard) -> str:
    """What is heard of the band, and whose beat colours wait for."""
    said = [band.kind, "somebody sings" if band.voice else ""]
    if band.beat_s > 0.0:
        bar = f"{band.metre} beats a bar" if band.number else "the one is not sure"
        said.append(f"{60.0 / band.beat_s:.0f} beats a minute, {WHOSE.get(band.led_by, band.led_by)}, {bar}")
    return "; ".join(one for one in said if one)


def place_words(plan: PlanPlace | None) -> str:
    """Where the band is in what was rehearsed, as people read it."""
    if plan is None:
        return ""
    seconds = max(0, int(plan.t_s))
    place = f"{plan.title} {seconds // 60}:{seconds % 60:02d}"
    if plan.lost:
        return f"{place}, {plan.by} is gone: the plan runs on by itself"
    return f"{place}, by {plan.by}" if plan.by else place


def rig_heads(patch: Patch) -> list[RigHead]:
    """The patch as the page draws it."""
    names = [_channels(patch, number) for number in range(len(patch.fixtures))]
    heads = []
    for index in range(patch.heads):
        fixture = patch.fixtures[patch.fixture_of[index]]
        x, y, z = (float(metres) for metres in patch.positions_m[index])
        heads.append(
            RigHead(
                id=patch.head_name(index),
                fixture=fixture.config.id,
                label=fixture.profile.model,
                role=fixture.config.role,
                x=x,
                y=y,
                z=z,
                universe=fixture.config.universe,
                address=fixture.config.address,
                footprint=fixture.footprint,
                moves=bool(patch.has("pan")[index]),
                emits=fixture.config.role != "hazer",
                channels=names[patch.fixture_of[index]],
            )
        )
    return heads


def _channels(patch: Patch, number: int) -> tuple[str, ...]:
    """What each slot of a fixture does."""
    fixture = patch.fixtures[number]
    first = patch.universes.index(fixture.config.universe) * SLOTS + fixture.config.address - 1
    named = {slot: lane.name for lane in patch.lanes if lane.fixture == number for slot in lane.slots}
    return tuple(named.get(first + slot, "") for slot in range(fixture.footprint))
