"""Controllers that are plugged in, with the signature of the driver's ports, and the show that they steer."""

import mido
import yaml

from controller.clock import ManualClock
from controller.config import ControlsConfig
from controller.people.operator import OperatorState
from controller.watching.controls import surface as surface_module
from controller.watching.controls.surface import Surface

STAGE_S = 0.031
"""How often the page's process hears how the show stands."""


class Port:
    """A port; what is sent to one that hands back comes back, as from Midi Through or a controller that echoes."""

    def __init__(self, plugs, name, hear=None):
        self.plugs, self.name, self.hear, self.closed, self.sent = plugs, name, hear, False, []

    def send(self, message):
        self.sent.append(message)
        if self.name in self.plugs.hand_back:
            self.plugs.press(self.name, message)

    def close(self):
        self.closed = True


class Plugs:
    """What is plugged in; `shows_own`: ports that a program opens are listed, too, as JACK and ALSA do."""

    def __init__(self, *names, hand_back=(), shows_own=False):
        self.there, self.hand_back, self.shows_own = list(names), hand_back, shows_own
        self.inputs, self.outputs = [], []

    def get_input_names(self):
        own = [f"RtMidi Client {n}:RtMidi port" for n in range(len(self.inputs) + len(self.outputs))]
        return [*self.there, *(own if self.shows_own else [])]

    get_output_names = get_input_names

    def open_input(self, name, *, callback):
        self.inputs.append(Port(self, name, callback))
        return self.inputs[-1]

    def open_output(self, name):
        self.outputs.append(Port(self, name))
        return self.outputs[-1]

    def press(self, name, *messages):
        """Its input hears it."""
        for message in messages:
            for port in [one for one in self.inputs if one.name == name and not one.closed]:
                port.hear(message)


class Show:
    """A surface, its mapping and what people have set, in time that moves when told to."""

    def __init__(self, tmp_path, monkeypatch, plugs, lines, wanted=("*",)):
        self.plugs, self.hands, self.clock, self.commands = plugs, OperatorState(), ManualClock(), []
        self.seen = self.hands.operator
        monkeypatch.setattr(surface_module, "backend", lambda: plugs)
        self.file = tmp_path / "controls.yaml"
        self.file.write_text(yaml.safe_dump(lines))
        self.surface = Surface(ControlsConfig(midi=list(wanted)), self.file, self.clock, self._send, lambda: self.seen)
        self.surface.step(0.0)

    def _send(self, command, _who):
        self.commands.append((command.name, command.amount))
        self.hands.obey(command, self.clock.now_s())

    def run(self, seconds, step=0.005):
        end_s = stage_s = self.clock.now_s()
        end_s += seconds
        while self.clock.now_s() < end_s - 1e-9:
            self.clock.sleep_until(self.clock.now_s() + step)
            now_s = self.clock.now_s()
            self.surface.step(now_s)
            self.hands.expire(now_s)
            if now_s >= stage_s:
                self.seen, stage_s = self.hands.operator, now_s + STAGE_S

    def tap(self, name, down, up, held_s=0.02):
        self.plugs.press(name, down)
        self.run(held_s)
        self.plugs.press(name, up)
        self.run(0.01)


def note(number, velocity=127):
    return mido.Message("note_on", note=number, velocity=velocity)


def off(number):
    return mido.Message("note_off", note=number)


def control(number, value):
    return mido.Message("control_change", control=number, value=value)
