"""Whether outputs and desk inputs can work on this machine, and what they are in words. Edge: names, cards, devices."""

import ipaddress
import re
import socket
from pathlib import Path

import serial
from serial.tools import list_ports

from controller.config import (
    ArtNetConfig,
    Config,
    DdpConfig,
    DeskArtNetConfig,
    DeskInputConfig,
    EnttecProConfig,
    OlaConfig,
    OpenDmxConfig,
    OutputConfig,
    SacnConfig,
)
from controller.errors import ConfigError
from controller.lighting.network_cards import network_cards
from controller.lighting.output.routes import DISCOVER, describe
from controller.lighting.output.serial_sinks import device_path
from controller.yaml_places import YamlPlace

NUMBERS = re.compile(r"[\d.]+")
ANY = "0.0.0.0"  # noqa: S104 - the name of "every card" in the configuration


def examine_wiring(config: Config) -> None:
    """Resolve hosts, look for cards and devices, and find what was configured twice.

    Raises:
        ConfigError: the first thing that is wrong, with file, line and remedy.
    """
    seen: dict[str, int] = {}
    devices: dict[str, str] = {}
    told: dict[int, bool] = {}
    for number, universe in config.universes.items():
        for index, output in enumerate(universe.outputs):
            place = ("universes", number, "outputs", index)
            _examine_twice(config, place, output, seen)
            _examine_output(config, place, output, devices)
            _examine_in_step(config, place, output, told)
    _examine_card(config, ("network", "interface"), config.network.interface)
    _examine_desk(config)


def _examine_twice(config: Config, place: YamlPlace, output: OutputConfig, seen: dict[str, int]) -> None:
    where, number = describe(output), int(place[1])
    if where in seen:
        raise ConfigError(
            f"{config.where(place)}: universe {seen[where]} goes to {where} already; two senders of one universe "
            "make it flicker, give this one another"
        )
    seen[where] = number


def _examine_in_step(config: Config, place: YamlPlace, output: OutputConfig, told: dict[int, bool]) -> None:
    """Packets of one sACN universe are numbered together, so each way to it carries the same ones."""
    if isinstance(output, SacnConfig) and told.setdefault(output.universe, output.per_address) != output.per_address:
        raise ConfigError(
            f"{config.where(place)}: another output sends sACN universe {output.universe} "
            f"{'without' if output.per_address else 'with'} per_address; give both the same"
        )


def _examine_output(config: Config, place: YamlPlace, output: OutputConfig, devices: dict[str, str]) -> None:
    match output:
        case ArtNetConfig(host=host) | OlaConfig(host=host) | DdpConfig(host=host) if host != DISCOVER:
            _examine_host(config, place, host)
        case SacnConfig(host=str(host)):
            _examine_host(config, place, host)
        case EnttecProConfig(device=device) | OpenDmxConfig(device=device):
            if devices.setdefault(device, output.type) != output.type:
                raise ConfigError(f"{config.where((*place, 'device'))}: {device} is no two kinds of device at once")
            _examine_device(config, place, device)


def _examine_host(config: Config, place: YamlPlace, host: str) -> None:
    if problem := wrong_with_host(host):
        raise ConfigError(f"{config.where((*place, 'host'))}: {problem}")


def wrong_with_host(host: str) -> str:
    """Why nothing can be sent to a host; empty if it can."""
    if NUMBERS.fullmatch(host):
        try:
            address = ipaddress.IPv4Address(host)
        except ValueError:
            return f"'{host}' is no address; four numbers from 0 to 255, such as 10.0.0.20"
        return f"{host} is no address that anything can be sent to" if address.is_unspecified else ""
    try:
        socket.getaddrinfo(host, 0, socket.AF_INET, socket.SOCK_DGRAM)
    except (OSError, UnicodeError, ValueError) as error:
        return f"'{host}' is no address and no known host ({error})"
    return ""


def _examine_device(config: Config, place: YamlPlace, device: str) -> None:
    if problem := wrong_with_device(device):
        raise ConfigError(f"{config.where((*place, 'device'))}: {problem}; `followspot devices` lists what is")


def wrong_with_device(device: str) -> str:
    """Why a serial device cannot be sent to; empty if it can."""
    try:
        path = device_path(device, list_ports.comports)
    except serial.SerialException as error:
        return str(error)
    if not path.startswith("/"):
        return ""
    if not Path(path).exists():
        return f"{path} is not plugged in"
    return "" if Path(path).is_char_device() else f"{path} is a file, no serial port"


def _examine_card(config: Config, place: YamlPlace, address: str | None) -> None:
    known = {one.address: one.name for one in network_cards()}
    if address in (None, ANY) or address in known or not known:
        return
    listed = ", ".join(f"{card} ({name})" for card, name in known.items())
    raise ConfigError(f"{config.where(place)}: no network card here has the address {address}; there are: {listed}")


def _examine_desk(config: Config) -> None:
    if config.desk.inputs:
        _examine_card(config, ("desk", "interface"), config.desk.interface)
    for index, one in enumerate(config.desk.inputs):
        if one.universe not in config.universes:
            place, known = config.where(("desk", "inputs", index, "universe")), ", ".join(map(str, config.universes))
            raise ConfigError(f"{place}: there is no universe {one.universe} to merge into; there are: {known}")
    for index, allowed in enumerate(config.desk.allow):
        try:
            ipaddress.IPv4Network(allowed, strict=False)
        except ValueError as error:
            place = config.where(("desk", "allow", index))
            raise ConfigError(f"{place}: '{allowed}' is no address (10.0.0.5) and no network (10.0.0.0/24)") from error


def describe_wiring(config: Config) -> list[str]:
    """One line for each output and each input, as a technician would say it."""
    lines = [
        f"universe {number}: {describe(output)}, {_details(output, config.rates.output_hz)}"
        for number, universe in config.universes.items()
        for output in universe.outputs
    ]
    lines += [f"universe {one.universe}: hears a desk on {_heard(one)}" for one in config.desk.inputs]
    if config.desk.inputs:
        who = ", ".join(config.desk.allow) or "anybody on that network"
        lines.append(f"desk: believes {who}; intensity {config.desk.intensity.upper()}, everything else LTP")
    return lines


def _details(output: OutputConfig, cycle_hz: float) -> str:
    match output:
        case ArtNetConfig(sync=sync):
            return f"{cycle_hz:g} Hz" + (", with ArtSync" if sync else "")
        case SacnConfig(priority=priority, per_address=per_address, sync_universe=sync_universe):
            synced = f", synchronized by universe {sync_universe}" if sync_universe else ""
            each = " of each slot in use" if per_address else ""
            return f"priority {priority}{each}, {cycle_hz:g} Hz{synced}"
        case DdpConfig(slots=slots, colours=colours):
            return f"{slots // len(colours)} pixels, {cycle_hz:g} Hz"
        case OlaConfig(priority=priority):
            return f"priority {priority}, {cycle_hz:g} Hz"
        case EnttecProConfig(rate_hz=rate_hz):
            return f"at most {rate_hz:g} Hz"
        case OpenDmxConfig(rate_hz=rate_hz, break_us=break_us, mab_us=mab_us):
            return f"{rate_hz:g} Hz, break {break_us:g} us, mark {mab_us:g} us"


def _heard(one: DeskInputConfig) -> str:
    if isinstance(one, DeskArtNetConfig):
        return f"Art-Net port address {one.port_address}"
    return f"sACN universe {one.sacn_universe}"
