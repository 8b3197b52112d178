"""RDM by olad: bytes of both layers, and a universe whose devices are late, silent or talk nonsense."""

import json
import shutil
import struct
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clock import ManualClock
from controller.errors import RdmError
from controller.lighting.protocol import ola, ola_rdm, protobuf, rdm
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.rdm import Parameter, Uid
from controller.lighting.rdm.device import read_device
from controller.lighting.rdm.wire import RdmRefusedError, RdmSilentError, Wire

LAMP = Uid(0x7A70, 0xFFFFFF02)
DECODERS = (
    ola.decode_answer, ola_rdm.decode_uids, ola_rdm.decode_response, ola_rdm.decode_universes, rdm.decode_info,
    rdm.decode_mode, rdm.decode_sensor, rdm.decode_value, rdm.decode_status, rdm.decode_parameters, rdm.text,
    rdm.refusal,
)  # fmt: skip


def response(parameter, data=b"", *, kind=0, code=0, sub_device=0):
    """RDMResponse as olad writes it."""
    return (
        protobuf.number(1, code) + protobuf.number(2, kind) + protobuf.content(4, data) + protobuf.number(5, parameter)
        + protobuf.number(7, sub_device)
    )  # fmt: skip


class Script:
    """Answers calls one after the other, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def call(self, method, data, within_s=10.0):
        self.asked.append((method, protobuf.fields(data)))
        return self.answers.pop(0)


def test_golden_bytes_of_a_command():
    """By hand from Ola.proto: universe 1, UID 7a70:ffffff02, sub-device 0, parameter 0x00f0, two bytes, a set."""
    said = ola_rdm.encode_command(1, LAMP, Parameter.DMX_START_ADDRESS, b"\x01\x2c", is_set=True)
    assert said == bytes.fromhex("0801 1209 08f0f401 1502ffffff 1800 20f001 2a02012c 3001")


def test_olads_own_python_code_reads_our_command(require_real):
    """Debian's ola-python, in the system's Python, where its protobuf fits."""
    require_real("ola-python", shutil.which("olad") is not None)
    call = ola_rdm.encode_command(3, LAMP, Parameter.SENSOR_VALUE, b"\2", sub_device=4)
    program = (
        "import sys; from ola import Ola_pb2; d = Ola_pb2.RDMRequest(); d.ParseFromString(sys.stdin.buffer.read());"
        "print(d.universe, d.uid.esta_id, d.uid.device_id, d.sub_device, d.param_id, d.data.hex(), d.is_set)"
    )
    said = subprocess.run(["/usr/bin/python3", "-c", program], input=call, capture_output=True, check=True)
    assert said.stdout.split() == [b"3", b"31344", b"4294967042", b"4", b"513", b"02", b"False"]


def test_our_words_have_the_numbers_of_olads_own_tables(require_real):
    require_real("ola-python", shutil.which("olad") is not None)
    program = (
        "from ola.RDMConstants import *\nimport json\n"
        "plain = lambda table: {name.partition('_')[2]: number for name, number in table.items()}\n"
        "print(json.dumps([plain(SENSOR_TYPES), plain(PREFIXES), plain(UNITS)]))"
    )
    said = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, check=True, text=True).stdout
    kinds, prefixes, units = json.loads(said)
    for name in ("temperature", "voltage", "current", "power", "angle", "illuminance", "items", "humidity"):
        assert rdm.KINDS[kinds[name.upper()]] == name
    powers = {"DECI": -1, "MILLI": -3, "YOCTO": -24, "DECA": 1, "KILO": 3, "MEGA": 6, "YOTTA": 24}
    for name, power in powers.items():
        defined = struct.pack(">BBBBhhhhB", 0, 0, 1, prefixes[name], 0, 9, 0, 9, 0)
        assert rdm.decode_sensor(defined).factor == pytest.approx(10.0**power), name
    for name, unit in {"CENTIGRADE": "°C", "VOLTS_AC_RMS": "V", "HERTZ": "Hz", "LUX": "lx", "BYTE": "B"}.items():
        assert rdm.UNITS[units[name]] == unit


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_a_uid_is_read_as_it_is_written(maker, device):
    assert Uid.of(str(Uid(maker, device)).upper()) == Uid(maker, device)


@given(st.dictionaries(st.integers(1, 500), st.integers(0, 2**40), max_size=5), st.binary(max_size=40))
def test_a_message_is_read_as_it_was_written(numbers, payload):
    message = b"".join(protobuf.number(tag, amount) for tag, amount in numbers.items())
    found = protobuf.fields(message + protobuf.content(501, payload) + protobuf.fixed(502, 7))
    assert {tag: protobuf.whole(found, tag) for tag in numbers} == numbers
    assert protobuf.payloads(found, 501) == [payload]
    assert protobuf.whole(found, 502) == 7


def test_noise_is_refused_and_never_worse():
    rng = np.random.default_rng(5)
    good = [response(0x60, bytes(19)), protobuf.content(2, protobuf.number(1, 5) + protobuf.fixed(2, 9))]
    for size in rng.integers(0, 60, 3_000):
        noise = rng.bytes(int(size))
        half = good[int(size) % 2][: int(size)]
        for decode in DECODERS:
            for data in (noise, half):
                try:
                    decode(data)
                except MalformedError:
                    continue


def test_a_status_message_is_told_in_words():
    (hot,) = rdm.decode_status(struct.pack(">HBHhh", 0, 4, 0x0021, 3, 91))
    assert hot.said() == "error: sensor 3 too hot: 91 °C"
    (own,) = rdm.decode_status(struct.pack(">HBHhh", 2, 3, 0x8001, 7, 255))
    assert own.said("fan %d at %x, %L") == "warning: fan 7 at ff, slot 0"
    assert own.said() == "warning: message 32769 of the maker"
    assert not own.over
    assert rdm.decode_status(struct.pack(">HBHhh", 0, 0x14, 0x0021, 3, 40))[0].over


def test_a_device_that_puts_us_off_is_asked_again_when_it_said():
    later = response(0x00F0, b"\0\x1e", kind=1)  # three seconds
    nothing_yet = response(0x0030)
    clock = ManualClock()
    olad = Script(later, nothing_yet, response(0x00F0, b"\0\x65"))
    assert Wire(olad, 1, clock).get(LAMP, Parameter.DMX_START_ADDRESS) == b"\0\x65"
    assert clock.now_s() == pytest.approx(3.1)
    assert [protobuf.whole(asked, 4) for _, asked in olad.asked] == [0xF0, 0x20, 0x20]


def test_a_device_that_puts_us_off_for_ever_is_given_up():
    clock = ManualClock()
    later = response(0x00F0, b"\0\x14", kind=1)
    with pytest.raises(RdmSilentError, match="put us off for 15 seconds"):
        Wire(Script(*[later] * 30), 1, clock).get(LAMP, Parameter.DMX_START_ADDRESS)


def test_a_silent_device_is_asked_twice_and_a_refusal_is_told_in_words():
    olad = Script(response(0, code=3), response(0xF0, b"\0\1"))
    assert Wire(olad, 1, ManualClock()).get(LAMP, Parameter.DMX_START_ADDRESS) == b"\0\1"
    with pytest.raises(RdmSilentError, match="7a70:ffffff02: DMX_START_ADDRESS: it does not answer"):
        Wire(Script(*[response(0, code=3)] * 2), 1, ManualClock()).get(LAMP, Parameter.DMX_START_ADDRESS)
    with pytest.raises(RdmRefusedError, match="refused, it is locked"):
        Wire(Script(response(0xF0, b"\0\4", kind=2)), 1, ManualClock()).set(LAMP, Parameter.DMX_START_ADDRESS, b"\0\1")


def test_a_lamp_that_answers_half_is_shown_with_what_it_said():
    """Device info comes, the model is lost on the wire, everything else is not known to it."""
    info = struct.pack(">HHHIHBBHHB", 0x0100, 7, 0x0101, 1, 4, 1, 1, 101, 0, 0)
    supported = struct.pack(">H", Parameter.DEVICE_MODEL_DESCRIPTION)
    olad = Script(
        response(0x60, info), response(0x50, supported), response(0, code=6), response(0, code=6),
        response(0xC0, b"1.2\0rest"),
    )  # fmt: skip
    device = read_device(Wire(olad, 1, ManualClock()), LAMP)
    assert (device.info.address, device.last, device.software, device.model) == (101, 104, "1.2", "")
    assert device.unread == (
        "7a70:ffffff02: DEVICE_MODEL_DESCRIPTION: its answer was damaged on the way (olad's code 6)",
    )
    with pytest.raises(RdmError, match="18 bytes of device info"):
        read_device(Wire(Script(response(0x60, info[:-1])), 1, ManualClock()), LAMP)
