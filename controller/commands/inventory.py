"""What is here: profiles, models, devices, printed for people. Edge: files, devices."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from serial.tools import list_ports

from controller.artefacts.artefact import Kind, read_manifest
from controller.artefacts.generations import Generations
from controller.clock import MonotonicClock
from controller.commands.node_search import find_nodes
from controller.commands.paper import paper, wide_table
from controller.config import Config
from controller.counted import counted
from controller.errors import AudioError, ModelError, first_line
from controller.lighting.network_cards import network_cards
from controller.listening.audio.capture import input_devices
from controller.listening.decider import model_folders
from controller.listening.time.front import FRAME_S
from controller.listening.time.leading import hearing_folder
from controller.rig.profiles.cross_checks import warnings
from controller.rig.profiles.library import Library
from controller.rig.profiles.profile import (
    Channel,
    ColourChannel,
    Hold,
    Pan,
    Shaping,
    Shutter,
    Tilt,
    Wheel,
    written_heads,
)
from controller.sound_format import HOP_S
from controller.state_folder import visible
from controller.watching.controls.midi import backend, is_wanted

STDERR = 2
NO_INPUTS = (
    "no audio inputs. Is the interface plugged in and switched on? Does another program hold it? May this user use it "
    "(Linux: group audio)? A recording always works: --audio file:PATH"
)
KINDS: dict[Kind, float] = {"embedder": HOP_S, "decoder": HOP_S, "hearing": FRAME_S}
"""Kinds of artefacts, and how often each is asked, in seconds."""


def print_profiles(config: Config, name: str = "") -> None:
    """One row for each mode of each of our profiles, or the references of another library."""
    library = Library.of(config, locked=False)
    if name:
        for reference in library.references(name):
            paper().print(reference, markup=False)
        return
    table = wide_table("", "profile", "model", "kind", "mode", "slots", "heads")
    for reference in library.references():
        profile = library.profile(reference)
        for mode in profile.modes:
            counts = (str(profile.footprint(mode)), str(profile.heads(mode)))
            table.add_row(reference, profile.model, profile.kind, mode, *counts)
    paper().print(table)
    paper().print("more: followspot fixtures list ofl|qxf|gdtf")


def print_tally(tally: dict[str, Any], written: int) -> None:
    """What an import came to, with the reasons of what was refused."""
    console = paper()
    if tally["refused"]:
        table = wide_table("", "refused", "mode", "reason")
        for one in tally["refused"]:
            table.add_row(one["ref"], one["mode"], one["reason"])
        console.print(table)
    counts = f"{counted(tally['files'], 'file')}, {counted(tally['modes'], 'mode')}"
    console.print(f"{counts}, {tally['imported']} can be used")
    console.print(
        f"{counted(written, 'profile')} written" if written else "nothing written; --out fixtures/ writes profiles"
    )


def print_profile(config: Config, reference: str) -> None:
    """One profile, slot by slot."""
    profile = Library.of(config, locked=False).profile(reference)
    console = paper()
    for mode in (*profile.modes, *profile.if_held):
        title = f"{reference}, {mode}" + (", only with a `hold`" if mode in profile.if_held else "")
        table = wide_table(title, "slot", "channel", "head", "does")
        for number, slot in enumerate(profile.layout(mode), start=1):
            heads = written_heads(slot.heads) or "all"
            if slot.name is None:
                table.add_row(str(number), "", "", "unused, sent as 0")
                continue
            channel = profile.channels[slot.name]
            does = "fine byte" if slot.byte else channel.does + _details(channel)
            table.add_row(str(number), slot.name, heads, does)
        console.print(table)
    for said in [*warnings(profile), *(f"modes.{mode}: not usable: {why}" for mode, why in profile.refused.items())]:
        console.print(said, markup=False)


def _details(channel: Channel) -> str:
    match channel:
        case Shutter(ranges=ranges):
            return ": " + ", ".join(f"{one.dmx[0]}-{one.dmx[1]} {one.shutter}" for one in ranges)
        case Wheel(slots=slots, splits=splits):
            halves = f"; {len(splits)} places of two colours for looks" if splits else ""
            return ": " + ", ".join(f"{one.dmx[0]}-{one.dmx[1]} {one.colour or one.name}" for one in slots) + halves
        case Hold(at=level, shapes=shapes):
            return f" at {level}" + ("" if shapes is None else f", {_shaped(shapes)} for looks")
        case Pan(degrees=degrees) | Tilt(degrees=degrees):
            return f", {degrees:g} degrees"
        case ColourChannel(emitter=emitter):
            return f" {emitter}"
    return ""


def _shaped(shapes: Shaping) -> str:
    """What looks may do with a channel that is held otherwise."""
    if shapes.part.endswith("_turn"):
        return f"turns the {shapes.part.removesuffix('_turn')}"
    return shapes.part + (", also turning" if shapes.turns else "")


def print_models(config: Config, *, verify: bool) -> None:
    """Artefacts under the folder that the configured ones stand in; `verify` refuses what does not match its manifest.

    Raises:
        ModelError: naming every artefact that is not what its manifest says.
    """
    generations = Generations.of(config)
    current = generations.current()
    in_use = {folder.resolve() for folder in model_folders(config)[: 1 if current else 2]}
    hearing = hearing_folder(config)
    in_use |= set() if hearing is None else {hearing.resolve()}
    root = model_folders(config)[0].parent
    table = wide_table("", "artefact", "kind", "trained on", "size", "state", *(["verified"] if verify else []))
    wrong = []
    for path in visible(root.glob("*/manifest.yaml")):
        folder = path.parent
        row, problem = _describe(folder, verify=verify)
        state = "in use" if folder.resolve() in in_use and not problem else problem
        table.add_row(folder.name, *row, state, *(["no" if problem else "yes"] if verify else []))
        if problem:
            wrong.append(problem)
    paper().print(table)
    wrong += _print_generations(generations, current, verify=verify)
    if wrong:
        raise ModelError("; ".join(wrong))
    if verify:
        paper().print("verified: every file is there and has the checksum of its manifest")


def _print_generations(generations: Generations, current: int, *, verify: bool) -> list[str]:
    """What the venue has learned, newest last; returns what is wrong with it."""
    wrong = []
    table = wide_table("", "generation", "artefact", "staged", "from", "state")
    for one in generations.all():
        _, problem = _describe(one.folder, verify=verify)
        table.add_row(
            str(one.number), one.name, one.staged, one.source, problem or ("decides" * (one.number == current))
        )
        wrong += [problem] if problem else []
    if table.row_count:
        paper().print(table)
        paper().print("another one: followspot models rollback [--to N], N 0 is the configured model")
    return wrong


def _describe(folder: Path, *, verify: bool) -> tuple[tuple[str, str, str], str]:
    for kind, hop_s in KINDS.items():
        try:
            manifest = read_manifest(folder, kind, hop_s)
        except ModelError as error:
            if "this is a" in str(error):
                continue
            return ("", "", ""), str(error) if verify else "damaged; see `followspot models verify`"
        size_mb = (folder / manifest.step.file).stat().st_size / 1e6
        return (kind, manifest.embedder or "", f"{size_mb:.1f} MB"), ""
    return ("", "", ""), "neither embedder, decoder nor hearing"


def print_devices() -> None:
    """Audio inputs, network cards, MIDI and serial ports, and the Art-Net nodes that answer."""
    console = paper()
    table = wide_table("", "audio input (use as --audio device:NAME)", "interface", "channels", "rate Hz")
    try:
        devices = input_devices()
    except AudioError as error:
        console.print(str(error))
        devices = []
    for device in devices:
        table.add_row(device["label"], device["interface"], str(device["channels"]), f"{device['rate_hz']:g}")
    console.print(table if devices else NO_INPUTS)
    console.print("network cards: " + (", ".join(f"{one.name} {one.address}" for one in network_cards()) or "none"))
    _print_midi(console)
    _print_serial_ports(console)
    _print_nodes(console)


def _print_midi(console: Console) -> None:
    table = wide_table("", "MIDI port (use a part of it in controls.midi)", "", 'with "*"')
    try:
        with _without_chatter():
            driver = backend()
            inputs, outputs = (driver.get_input_names(), driver.get_output_names()) if driver else ([], [])
    except Exception as error:  # noqa: BLE001 - every system's driver has errors of its own
        console.print(f"no MIDI here: {first_line(error)}")
        return
    for name in dict.fromkeys([*inputs, *outputs]):
        ways = " and ".join(word for word, names in (("in", inputs), ("out", outputs)) if name in names)
        table.add_row(name, ways, "yes" if is_wanted(name, ["*"]) else "only by name")
    console.print(table if table.row_count else "no MIDI ports")


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """ALSA and JACK print to the terminal by themselves that there is no MIDI; one sentence of ours says it."""
    sys.stderr.flush()
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)


def _print_serial_ports(console: Console) -> None:
    table = wide_table("", "serial port (use as device:)", "or as", "what it says it is")
    ports = sorted(list_ports.comports(), key=lambda one: str(one.device))
    for port in ports:
        table.add_row(
            str(port.device), f"serial:{port.serial_number}" if port.serial_number else "", str(port.description)
        )
    console.print(table if ports else "no serial ports")


def _print_nodes(console: Console) -> None:
    table = wide_table("", "Art-Net node", "name", "puts out port addresses", "sends")
    nodes = find_nodes(MonotonicClock())
    for ip, node in nodes:
        table.add_row(ip, node.short_name, *(", ".join(map(str, ports)) for ports in (node.outputs, node.inputs)))
    console.print(table if nodes else "no Art-Net node answered within a second")
