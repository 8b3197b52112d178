"""Devices on the wire as a rig: in a table, beside the patch, and as a list that becomes a configuration.

Edge: reads profiles.
"""

from collections.abc import Sequence

from controller.commands.paper import paper, wide_table
from controller.commands.rdm_settings import overlaps
from controller.commands.rig_import import MOST_SAID, Come
from controller.config import Config, OlaConfig
from controller.lighting.rdm.device import RdmDevice, Reading
from controller.rig.exchange.rdm_ids import KnownModel, known_models
from controller.rig.exchange.rig_list import Listed, RigList
from controller.rig.patch.configured import patch_of
from controller.rig.patch.patch import Fixture
from controller.rig.profiles.library import Library


def print_devices(devices: Sequence[RdmDevice]) -> None:
    """A table of what a technician looks for, and below it what is wrong."""
    table = wide_table(
        "", "device", "maker, model", "label", "address", "mode", "sensors", "lamp h", "hours", "software"
    )
    for one in devices:
        mode = f"{one.info.mode}/{one.info.modes}{f' {one.mode.name}' if one.mode else ''}" if one.info.modes else ""
        where = f"{one.universe}.{one.info.address}-{one.last}" if one.patched else "none"
        table.add_row(
            one.name, ", ".join(word for word in (one.maker, one.model) if word), one.label, where, mode,
            ", ".join(map(_measured, one.readings)), _hours(one.lamp_hours), _hours(one.device_hours), one.software,
        )  # fmt: skip
    console = paper()
    console.print(table, markup=False)
    for one in devices:
        for said in (*one.errors, *(f"{_measured(two)}: out of its range" for two in one.readings if not two.well)):
            console.print(f"{one.name}: {said}", markup=False)
        for said in one.unread:
            console.print(f"not read: {said}", markup=False)
    shared = overlaps(devices)
    for said in shared[:MOST_SAID]:
        console.print(said, markup=False)
    if len(shared) > MOST_SAID:
        console.print(f"and {len(shared) - MOST_SAID} more; `followspot rdm address` gives them addresses in turn")


def come_from_wire(devices: Sequence[RdmDevice], library: Library) -> Come:
    """The list that becomes a configuration: universe 0 of olad is universe 1 of it, and so on.

    Args:
        library: where models are looked for by the numbers that RDM knows them by; names come second.
    """
    known = known_models(library)
    listed = [_listed(one, known.get((one.uid.maker, one.info.model))) for one in devices if one.info.slots]
    bare = tuple(f"{one.name}, {one.model}: takes no slots" for one in devices if not one.info.slots)
    return Come("the wire", "My Venue", RigList(tuple(listed), remarks=bare))


def _listed(one: RdmDevice, known: KnownModel | None) -> Listed:
    mode = one.mode.name if one.mode else ""
    return Listed(
        name=one.label or one.model,
        maker=one.maker,
        model=one.model,
        mode=known.modes.get(one.info.mode, mode) if known else mode,
        universe=one.universe + 1,
        address=one.info.address,
        slots=one.info.slots,
        kept={"profile": known.reference} if known else {},
        where=f"{one.name} ({one.model or 'unnamed'})",
    )


def differences(config: Config, devices: Sequence[RdmDevice]) -> list[str]:
    """What of the wire is not as the patch has it, in words: fixtures that are missing, foreign, or in another mode.

    Only universes that leave by olad are looked at.
    """
    ours = {output.universe: number for number, one in config.universes.items() for output in one.outputs
            if isinstance(output, OlaConfig)}  # fmt: skip
    fixtures = [one for one in patch_of(config).fixtures if one.config.universe in ours.values()]
    there = [one for one in devices if one.patched and one.universe in ours]
    said = []
    for fixture in fixtures:
        at = [one for one in there if ours[one.universe] == fixture.config.universe
              and one.info.address == fixture.config.address]  # fmt: skip
        said += [_otherwise(fixture, one) for one in at if one.info.slots != fixture.footprint]
        said += [] if at else [f"{_place(fixture)}: no device is at this address"]
    places = {(one.config.universe, one.config.address) for one in fixtures}
    for one in there:
        if (ours[one.universe], one.info.address) not in places:
            said.append(
                f"{one.name}, {one.maker} {one.model}: at {ours[one.universe]}.{one.info.address}, where the patch has "
                f"nothing that begins; `followspot rdm set {one.name} --address N` moves it"
            )
    return said


def _otherwise(fixture: Fixture, device: RdmDevice) -> str:
    mode = f" in mode {device.mode.name}" if device.mode else ""
    return (
        f"{_place(fixture)}: {device.name}, {device.model}, takes {device.info.slots} slots{mode}, the patch has "
        f"{fixture.footprint} ({fixture.config.profile} {fixture.config.mode})"
    )


def _place(fixture: Fixture) -> str:
    return f"{fixture.config.id} ({fixture.config.universe}.{fixture.config.address})"


def _measured(reading: Reading) -> str:
    return f"{reading.name} {reading.amount:.4g}{f' {reading.unit}' if reading.unit else ''}"


def _hours(hours: int | None) -> str:
    return "" if hours is None else str(hours)
