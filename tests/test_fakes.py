"""A fake that stands for somebody else's library is called as the real one is, or it proves nothing."""

import inspect
import sys
import types

import mido
import pytest

from controller.watching.controls.midi import MidiPorts


def parameters(function):
    """Names, kinds and defaults of what a function takes, without `self`."""
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.kind, one.default) for one in found if one.name != "self"]


def fake_plugs():
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("surface_tests", Path(__file__).parent / "controls/test_surface.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Plugs


@pytest.mark.parametrize("name", ["open_input", "open_output"])
def test_the_midi_backend_is_called_as_midos_own(name):
    assert parameters(getattr(fake_plugs(), name)) == parameters(getattr(mido.backends.backend.Backend, name))


def test_midi_arrives_through_midos_own_backend(monkeypatch):
    """The real `open_input` of mido, with a port of ours under it: what is played comes out of `events`."""
    opened = []

    class Port(mido.ports.BaseInput):
        def __init__(self, name="", *, virtual=False, callback=None, **kwargs):
            super().__init__(name)
            self.callback = callback
            opened.append((self, virtual))

    driver = types.ModuleType("made_up_midi")
    driver.Input = Port
    driver.get_devices = lambda **_: [{"name": "pads", "is_input": True, "is_output": False}]
    monkeypatch.setitem(sys.modules, "made_up_midi", driver)
    backend = mido.Backend("made_up_midi")
    ports = MidiPorts(["pads"], backend, lambda: 0.0)
    assert ports.arrived(0.0) == []
    ((port, virtual),) = opened
    assert not virtual
    port.callback(mido.Message("note_on", note=36, velocity=100))
    assert [one.message.note for one in ports.arrived(0.1)] == [36]
