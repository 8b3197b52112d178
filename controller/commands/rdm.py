"""`followspot rdm list|set|address|identify|check|patch`: fixtures that tell who they are, by RDM through olad.

Edge: reads profiles.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller.bundled import bundled
from controller.clock import MonotonicClock
from controller.commands import rdm_settings, rig_import
from controller.commands.arguments import configured, positive, verb, verbs
from controller.commands.rdm_rig import come_from_wire, differences, print_devices
from controller.commands.rig_import import wishes
from controller.config import read_config
from controller.counted import counted
from controller.errors import ConfigError, RdmError
from controller.lighting.protocol.ola import PORT
from controller.lighting.protocol.rdm import Parameter
from controller.lighting.rdm.device import RdmDevice, read_devices
from controller.lighting.rdm.olad import Olad
from controller.lighting.rdm.wire import Wire, universes
from controller.rig.profiles.library import Library

USUAL_FILE = Path("found.yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Its words and their options."""
    words = verbs(parser)
    listed = verb(words, "list", "who is on the wire: model, address, mode, sensors, hours, errors", configured=False)
    listed.add_argument("--json", action="store_true", help="everything that was said, one line of JSON a device")
    rdm_settings.arguments(verb(words, "set", "address, mode or label of one device", configured=False))
    spread = verb(words, "address", "give devices addresses one after the other", configured=False)
    rdm_settings.spread_arguments(spread)
    identified = verb(words, "identify", "let one device show itself, as its maker thought of it", configured=False)
    identified.add_argument("device", metavar="UID")
    identified.add_argument("--seconds", type=positive, help="end after this long; without it, at Enter")
    checked = verb(words, "check", "whether the fixtures on the wire are as the patch has them")
    made = verb(words, "patch", "a configuration of what hangs on the wire", configured=False)
    made.add_argument("--out", type=Path, metavar="FILE", help=f"the configuration to write; default: {USUAL_FILE}")
    wishes(made)
    for one in (listed, words.choices["set"], spread, identified, checked, made):
        one.add_argument("--olad", default=f"127.0.0.1:{PORT}", metavar="HOST:PORT", help=f"default: 127.0.0.1:{PORT}")
        one.add_argument("--universe", type=int, metavar="N", help="of olad; without it all that do RDM")


def run(options: argparse.Namespace) -> int:
    """Do it; returns the exit code."""
    with _wires(options) as wires:
        match options.what:
            case "set":
                return rdm_settings.set_one(options, _everything(wires), wires)
            case "address":
                return rdm_settings.spread(options, _everything(wires), wires)
            case "identify":
                return _identify(options, wires)
            case "check":
                config = configured(options)
                found = differences(config, _everything(wires))
                print("\n".join(found) or "every fixture on the wire is as the patch has it")
                return 1 if found else 0
            case "patch":
                devices = _everything(wires)
        if options.what == "list":
            return _list(options, wires)
    file = (options.out or USUAL_FILE).expanduser()
    demo = read_config(bundled("config.yaml"))
    library = Library.of(demo.model_copy().at(file.absolute(), {}), locked=False)  # as the new file will find them
    return rig_import.bring(_with_olad(options), come_from_wire(devices, library), file, "followspot rdm patch")


@contextmanager
def _wires(options: argparse.Namespace) -> Iterator[list[Wire]]:
    """Every universe that is meant.

    Raises:
        RdmError: olad is not there, or no universe of it does RDM.
    """
    host, port = _address(options.olad)
    with Olad(host, port) as olad:
        known = universes(olad)
        wanted = [one.number for one in known if one.rdm and options.universe in (None, one.number)]
        if not wanted:
            here = ", ".join(f"{one.number}{' (no RDM)' if not one.rdm else ''}" for one in known) or "none"
            which = (
                "no universe has a"
                if options.universe is None
                else f"universe {options.universe} is not there, or has no"
            )
            raise RdmError(
                f"olad: {which} port that does RDM; universes here: {here}. Patch an adapter with RDM to a "
                "universe (`ola_patch`, or olad's page at port 9090)"
            )
        yield [Wire(olad, number, MonotonicClock()) for number in wanted]


def _address(written: str) -> tuple[str, int]:
    host, _, port = written.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and int(port) < 65_536):
        raise ConfigError(f"--olad '{written}': write HOST:PORT, such as 127.0.0.1:{PORT}")
    return host, int(port)


def _everything(wires: list[Wire]) -> list[RdmDevice]:
    """Everybody who is there and says who they are, in the order of universe and UID."""
    found: list[RdmDevice] = []
    silent: list[str] = []
    for wire in wires:
        for uid in wire.search():
            try:
                found += read_devices(wire, uid)
            except RdmError as error:
                silent.append(str(error))
    for one in silent:
        print(one)
    return found


def _list(options: argparse.Namespace, wires: list[Wire]) -> int:
    devices = _everything(wires)
    if options.json:
        for one in devices:
            print(json.dumps(rdm_settings.as_json(one), ensure_ascii=False))
        return 0
    print_devices(devices)
    where = ", ".join(str(one.universe) for one in wires)
    print(f"{counted(len({one.uid for one in devices}), 'device')} on olad's universe {where}")
    return 0


def _identify(options: argparse.Namespace, wires: list[Wire]) -> int:
    device, wire = rdm_settings.found(options.device, _everything(wires), wires)
    wire.set(device.uid, Parameter.IDENTIFY_DEVICE, b"\1", device.sub_device)
    try:
        said = f"{device.name} ({device.maker} {device.model}, address {device.info.address}) shows itself"
        if options.seconds is None:
            rdm_settings.typed(f"{said}; Enter ends it ")
        else:
            print(said, flush=True)
            clock = MonotonicClock()
            clock.sleep_until(clock.now_s() + options.seconds)
    finally:
        wire.set(device.uid, Parameter.IDENTIFY_DEVICE, b"\0", device.sub_device)
    return 0


def _with_olad(options: argparse.Namespace) -> argparse.Namespace:
    """Light leaves the way that the devices were found, unless somebody says another."""
    options.output = options.output or "ola"
    return options
