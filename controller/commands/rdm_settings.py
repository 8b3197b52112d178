"""Addresses, modes and labels of devices on the wire: shown first, set after a yes, read back. Edge: the terminal."""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from typing import Any

from controller.commands.paper import paper, wide_table
from controller.errors import RdmError
from controller.lighting.protocol.rdm import SLOTS, Parameter, encode_label
from controller.lighting.rdm.device import DeviceMode, RdmDevice, read_device
from controller.lighting.rdm.wire import Wire


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of `set`."""
    parser.add_argument("device", metavar="UID", help="as `list` shows it; a sub-device of it as UID/N")
    parser.add_argument("--address", type=int, metavar="1..512")
    parser.add_argument("--mode", metavar="NUMBER|NAME")
    parser.add_argument("--label", metavar="TEXT", help="at most 32 letters; the fixture keeps it")
    parser.add_argument("--yes", action="store_true", help="set without asking")


def spread_arguments(parser: argparse.ArgumentParser) -> None:
    """Of `address`."""
    parser.add_argument("devices", nargs="*", metavar="UID", help="in this order; without, all that take slots")
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="1..512", help="default: 1")
    parser.add_argument("--yes", action="store_true", help="set without asking")


def set_one(options: argparse.Namespace, devices: list[RdmDevice], wires: list[Wire]) -> int:
    """Set what is wished of one device; returns the exit code.

    Raises:
        RdmError: no such device or mode, an address at which it does not fit, or it refuses.
    """
    device, wire = found(options.device, devices, wires)
    mode = _mode(device, options.mode)
    slots = mode.slots if mode else device.info.slots
    address = options.address or device.info.address
    if options.address is not None:
        _fits(device, options.address, slots)
    elif mode and device.info.address:
        _fits(device, address, slots)
    label = None if options.label is None else _label(options.label)
    wishes = _changes(device, mode, options.address, options.label)
    if not wishes:
        raise RdmError(f"{device.name}: nothing to set; name --address, --mode or --label, another than it has")
    print("\n".join(wishes))
    for one in _others_at(device, devices, address, slots):
        print(f"it will share slots with {one}")
    if not _agreed(f"Set this at {device.name}?", yes=options.yes):
        return 1
    if mode:
        wire.set(device.uid, Parameter.DMX_PERSONALITY, bytes([mode.number]), device.sub_device)
    if options.address is not None:
        wire.set(device.uid, Parameter.DMX_START_ADDRESS, options.address.to_bytes(2, "big"), device.sub_device)
    if label is not None:
        wire.set(device.uid, Parameter.DEVICE_LABEL, label, device.sub_device)
    now = read_device(wire, device.uid, device.sub_device)
    missed = _changes(now, mode, options.address, options.label)
    if missed:
        raise RdmError(f"{device.name} took it and is otherwise now: {'; '.join(missed)} did not come")
    print(f"{device.name}: {_as_it_is(now)}")
    return 0


def spread(options: argparse.Namespace, devices: list[RdmDevice], wires: list[Wire]) -> int:
    """Give devices addresses one after the other; returns the exit code.

    Raises:
        RdmError: no such device, they do not fit into a universe, or one refuses.
    """
    chosen = [found(name, devices, wires)[0] for name in options.devices] or [one for one in devices if one.info.slots]
    plan = proposed(chosen, options.first)
    table = wide_table("", "device", "what", "mode", "address", "will be")
    for one, address in plan:
        mode = one.mode.name if one.mode else ""
        table.add_row(one.name, _what(one), mode, str(one.info.address or "none"), f"{address}-{_end(one, address)}")
    paper().print(table)
    for one, address in plan:
        for other in _others_at(one, [two for two in devices if two not in chosen], address, one.info.slots):
            print(f"{one.name} will share slots with {other}")
    if not _agreed("Set these addresses?", yes=options.yes):
        return 1
    for one, address in plan:
        wire = _wire_of(one, wires)
        wire.set(one.uid, Parameter.DMX_START_ADDRESS, address.to_bytes(2, "big"), one.sub_device)
        now = read_device(wire, one.uid, one.sub_device).info.address
        if now != address:
            raise RdmError(f"{one.name} was told address {address} and is at {now}; those before it are set")
    print("every device is at its new address")
    return 0


def proposed(devices: Sequence[RdmDevice], first: int) -> list[tuple[RdmDevice, int]]:
    """An address for each, without gaps, universe by universe.

    Raises:
        RdmError: they do not fit.
    """
    free: dict[int, int] = {}
    plan = []
    for one in devices:
        address = free.get(one.universe, first)
        _fits(one, address, one.info.slots)
        plan.append((one, address))
        free[one.universe] = address + one.info.slots
    return plan


def found(name: str, devices: list[RdmDevice], wires: list[Wire]) -> tuple[RdmDevice, Wire]:
    """The device of this name, and the universe it is on.

    Raises:
        RdmError: there is none; names those that are there.
    """
    for one in devices:
        if name.strip().lower() in (one.name, one.name.replace(":", "")):
            return one, _wire_of(one, wires)
    known = "; ".join(f"{one.name} {_what(one)}" for one in devices) or "none"
    raise RdmError(f"no device '{name}' on the wire; there are: {known}")


def overlaps(devices: Sequence[RdmDevice]) -> list[str]:
    """Devices of one universe that share slots, in words; two at one address with as many slots are meant so."""
    said = []
    patched = [one for one in devices if one.patched]
    for at, one in enumerate(patched):
        for other in patched[at + 1 :]:
            same = (one.info.address, one.info.slots) == (other.info.address, other.info.slots)
            apart = one.universe != other.universe or one.last < other.info.address or other.last < one.info.address
            if not apart and not (same and one.model == other.model):
                said.append(f"{one.name} ({one.info.address}-{one.last}) and {_described(other)} share slots")
    return said


def as_json(device: RdmDevice) -> dict[str, Any]:
    """Everything that a device said."""
    said = dataclasses.asdict(device)
    return {**said, "uid": str(device.uid), "address": device.info.address, "mode": device.info.mode}


def typed(question: str) -> str:
    """An answer at the terminal; the end of input is none."""
    print(question, end="", flush=True)
    return sys.stdin.readline().strip()


def _wire_of(device: RdmDevice, wires: list[Wire]) -> Wire:
    return next(one for one in wires if one.universe == device.universe)


def _mode(device: RdmDevice, wished: str | None) -> DeviceMode | None:
    if wished is None:
        return None
    for one in device.modes:
        if wished.strip().lower() in (str(one.number), one.name.lower()):
            return one
    known = ", ".join(f"{one.number} {one.name} ({one.slots} slots)" for one in device.modes) or "none that it names"
    raise RdmError(f"{device.name} has no mode '{wished}'; its modes are {known}")


def _fits(device: RdmDevice, address: int, slots: int) -> None:
    if not 1 <= address <= SLOTS or address + max(slots, 1) - 1 > SLOTS:
        raise RdmError(
            f"{device.name} takes {slots} slots: address {address} does not fit, the highest is {SLOTS + 1 - slots}"
        )


def _label(written: str) -> bytes:
    try:
        return encode_label(written)
    except ValueError as error:
        raise RdmError(str(error)) from error


def _changes(device: RdmDevice, mode: DeviceMode | None, address: int | None, label: str | None) -> list[str]:
    """What a wish changes, a line each; nothing where it is so already."""
    said = []
    if mode and mode.number != device.info.mode:
        now = device.mode.name if device.mode else str(device.info.mode)
        said.append(f"mode: {now} ({device.info.slots} slots) becomes {mode.name} ({mode.slots} slots)")
    if address is not None and address != device.info.address:
        said.append(f"address: {device.info.address or 'none'} becomes {address}")
    if label is not None and label != device.label:
        said.append(f"label: '{device.label}' becomes '{label}'")
    return said


def _others_at(device: RdmDevice, devices: Sequence[RdmDevice], address: int, slots: int) -> list[str]:
    last = address + slots - 1
    return [
        _described(one)
        for one in devices
        if one.name != device.name and one.universe == device.universe and one.patched
        and one.info.address <= last and address <= one.last
    ]  # fmt: skip


def _described(device: RdmDevice) -> str:
    return f"{device.name}, {_what(device)} ({device.info.address}-{device.last})"


def _as_it_is(device: RdmDevice) -> str:
    mode = f", mode {device.mode.name}" if device.mode else ""
    where = f"address {device.info.address}-{device.last}" if device.patched else "no address"
    return f"{device.label or _what(device)}: {where}{mode}"


def _what(device: RdmDevice) -> str:
    return " ".join(one for one in (device.maker, device.model) if one) or "unnamed"


def _end(device: RdmDevice, address: int) -> int:
    return address + device.info.slots - 1


def _agreed(question: str, *, yes: bool) -> bool:
    if yes or typed(f"{question} [y/N] ").lower() in ("y", "yes"):
        return True
    print("nothing was set")
    return False
