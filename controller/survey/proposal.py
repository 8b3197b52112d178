"""What of the findings belongs into the patch: new values by fixture, each with its reason. Pure.

Proposed is only what is certain and differs enough to be worth a line. Fixtures that hang at each other's place get
each other's address: names, roles and groups belong to the place.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from controller.config import Config, FixtureConfig
from controller.rig.patch.curves import Curve, light_of
from controller.survey.findings import Findings, Found

LEAST_OFFSET_MS, OFFSET_STEP_MS, MOST_OFFSET_MS = 10.0, 1.0, 500.0
LEAST_CURVE, LEAST_MINIMUM = 0.06, 0.02
LEAST_MOVE_M, PLACE_STEP_M, FURTHEST_M = 0.4, 0.05, 6.0
AWAY = 0.03


@dataclass(slots=True)
class PatchProposal:
    """New values by fixture and key of `config.yaml`, and what is said about them."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def put(self, fixture: str, reason: str, **values: Any) -> None:  # noqa: ANN401 - whatever the file's keys hold
        """Propose values for a fixture."""
        self.values.setdefault(fixture, {}).update(values)
        self.reasons.append(f"{fixture}: {reason}")


def proposal_of(config: Config, findings: Findings) -> PatchProposal:
    """What may be written into a configuration."""
    configs = {one.id: one for one in config.fixtures}
    proposal = PatchProposal()
    stays = _addresses(proposal, configs, findings)
    for found in findings.fixtures:
        one = configs[stays.get(found.id, found.id)]
        _remark(proposal, found)
        if found.id not in stays:
            _place(proposal, one, found, placed=findings.placed)
        if found.late_ms is not None:
            _offset(proposal, one, found.late_ms, config.universes[one.universe].offset_ms)
        _dimmer(proposal, one, found)
    if not findings.placed:
        proposal.remarks.append(
            "places were not judged: too few fixtures face the camera, or they hang elsewhere than the patch says"
        )
    return proposal


def _addresses(proposal: PatchProposal, configs: dict[str, FixtureConfig], findings: Findings) -> dict[str, str]:
    """Exchange addresses around rings of fixtures of one kind; the entry that each address belongs to from now on."""
    ring = {one.id: one.hangs_at for one in findings.fixtures if one.hangs_at}
    alike = all((configs[a].profile, configs[a].mode) == (configs[b].profile, configs[b].mode) for a, b in ring.items())
    for address, place in ring.items():
        if alike:
            mine = configs[address]
            proposal.put(place, f"what hangs there answers to the address of {address}, {mine.universe}.{mine.address}",
                         universe=mine.universe, address=mine.address)  # fmt: skip
        else:
            proposal.remarks.append(
                f"{address} hangs where {place} should be; of another kind: look at addresses and modes"
            )
    return ring if alike else {}


def _remark(proposal: PatchProposal, found: Found) -> None:
    """What a person has to look at."""
    say = proposal.remarks.append
    if found.dark:
        inside = found.told is not None and all(0.0 < one < 1.0 for one in found.told)
        where = (
            "its place is in the picture: check power, mode, address and the fixture itself"
            if inside
            else "is it in the picture?"
        )
        say(f"{found.id}: no light of it is seen; {where}")
        return
    lost = [head.name for head in found.heads if head.at is None]
    if lost:
        say(f"{found.id}: no light is seen of {', '.join(lost)}")
    if not found.clear:
        say(
            f"{found.id}: shines among others too bright to measure it; play and film it alone: measure play {found.id}"
        )
    elif found.dimmer is not None and not found.dimmer.sure:
        say(
            f"{found.id}: its dimmer is uncertain (± {100 * found.dimmer.error:.0f} % of full); film it alone or nearer"
        )
    if found.colours is None or found.colours.right:
        return
    if found.colours.dark:
        say(f"{found.id}: {', '.join(found.colours.dark)} gives no light; check the mode, then the fixture itself")
    else:
        seen = ", ".join(found.colours.order)
        say(f"{found.id}: red, green, blue are seen as {seen}; another mode or profile has its colours in that order")


def _place(proposal: PatchProposal, one: FixtureConfig, found: Found, *, placed: bool) -> None:
    if not placed or found.position_m is None or found.away is None or found.away < AWAY:
        return
    at = [round(round(x / PLACE_STEP_M) * PLACE_STEP_M, 2) for x in found.position_m]
    moved_m = float(np.linalg.norm(np.subtract(found.position_m, one.position_m)))
    if LEAST_MOVE_M <= moved_m <= FURTHEST_M:
        proposal.put(one.id, f"is seen {moved_m:.1f} m from its place, if it hangs {one.position_m[1]:g} m upstage",
                     position_m=[at[0], one.position_m[1], at[2]])  # fmt: skip


def _offset(proposal: PatchProposal, one: FixtureConfig, late_ms: float, universe_ms: float) -> None:
    wanted_ms = float(
        np.clip(OFFSET_STEP_MS * round((-late_ms - universe_ms) / OFFSET_STEP_MS), -MOST_OFFSET_MS, MOST_OFFSET_MS)
    )
    if abs(wanted_ms - one.offset_ms) >= LEAST_OFFSET_MS:
        word = "later" if late_ms > 0 else "earlier"
        proposal.put(one.id, f"its light comes {abs(late_ms):.0f} ms {word} than the rig's", offset_ms=wanted_ms)


def _dimmer(proposal: PatchProposal, one: FixtureConfig, found: Found) -> None:
    dimmer = found.dimmer
    if dimmer is None or not dimmer.sure or one.max_intensity < 1.0:
        return
    grid = np.linspace(0.0, 1.0, 21)
    now: Curve = tuple(one.curve) if isinstance(one.curve, list) else one.curve
    if float(np.abs(light_of(grid, now) - light_of(grid, dimmer.curve)).max()) > LEAST_CURVE:
        written = list(dimmer.curve) if isinstance(dimmer.curve, tuple) else dimmer.curve
        said = "a curve of its own" if isinstance(written, list) else f"the curve '{written}'"
        proposal.put(one.id, f"its dimmer has {said}", curve=written)
    if abs(dimmer.minimum - one.minimum) > LEAST_MINIMUM:
        proposal.put(
            one.id, f"it gives its first light at {100 * dimmer.minimum:.0f} % of its dimmer", minimum=dimmer.minimum
        )
