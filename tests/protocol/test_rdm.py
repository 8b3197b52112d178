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


def test_device_info_lies_where_the_standard_says():
    """E1.20 section 10.5.1: nineteen bytes."""
    info = bytes.fromhex("0100 1234 0102 a0b0c0d0 0102 03 04 0200 0506 07")
    assert rdm.decode_info(info) == rdm.DeviceInfo(0x1234, 0xA0B0C0D0, 0x0102, 3, 4, 512, 0x0506, 7)
    for said, known in ((0, 0), (1, 1), (512, 512), (513, 0), (0xFFFF, 0)):
        assert rdm.decode_info(info[:14] + said.to_bytes(2, "big") + info[16:]).address == known
    for wrong in (info[:-1], info + b"\0", b""):
        with pytest.raises(MalformedError, match=f"^{len(wrong)} bytes of device info instead of 19$"):
            rdm.decode_info(wrong)


def test_a_sensors_definition_lies_where_the_standard_says():
    """Section 10.7.1: number, kind, unit, prefix, range of what it measures, range in which all is well, name."""
    defined = bytes.fromhex("05 00 01 01 ff9c 0064 fff6 0046 03") + b"Lamp\0rest"
    assert rdm.decode_sensor(defined) == rdm.Sensor("temperature", "°C", pytest.approx(0.1), -10, 70, "Lamp")
    assert rdm.decode_sensor(defined[:13]).name == ""
    for kind, unit, what in ((32, 28, ("16-bit counter", "B")), (33, 29, ("sensor", "")), (0x7F, 0xFF, ("sensor", ""))):
        found = rdm.decode_sensor(bytes((0, kind, unit)) + bytes(10))
        assert (found.kind, found.unit) == what
    with pytest.raises(MalformedError, match=r"^a sensor's definition that is too short$"):
        rdm.decode_sensor(defined[:12])


def test_prefixes_are_powers_of_ten_and_what_nobody_knows_is_one():
    """Table A-14."""
    down, up = (0, -1, -2, -3, -6, -9, -12, -15, -18, -21, -24), (1, 2, 3, 6, 9, 12, 15, 18, 21, 24)
    known = {**dict(enumerate(down)), **dict(enumerate(up, 0x11))}
    for prefix in range(256):
        defined = bytes((0, 0, 1, prefix)) + bytes(9)
        assert rdm.decode_sensor(defined).factor == pytest.approx(10.0 ** known.get(prefix, 0)), prefix


def test_numbers_and_texts_of_parameters():
    assert rdm.decode_mode(b"\2\1\x2cStandard\0x") == (300, "Standard")
    assert rdm.decode_mode(b"\2\0\3") == (3, "")
    assert rdm.decode_value(bytes.fromhex("05 ff9c 0064 0000 0000")) == -100
    assert rdm.decode_value(b"\5\0\x64") == 100
    short = (
        (rdm.decode_mode, "a mode without a number of slots"),
        (rdm.decode_value, "a sensor's value that is too short"),
    )
    for decode, said in short:
        with pytest.raises(MalformedError, match=f"^{said}$"):
            decode(b"\0\0")
    assert rdm.decode_parameters(bytes.fromhex("0080 00e1 1000")) == {0x80, 0xE1, 0x1000}
    assert rdm.decode_parameters(b"\0\x80\0") == {0x80}
    assert rdm.unsigned(b"\1\0\2") == 0x010002
    assert rdm.text(b"  Caf\xe9\tBar \x01 2\0behind\0") == "Café Bar 2"
    assert rdm.text(b"") == ""


def test_refusals_have_the_numbers_of_the_standard():
    """Table A-17."""
    assert rdm.refusal(b"\0\0") == "it does not know this parameter"
    assert rdm.refusal(b"\0\4") == "it is locked"
    assert rdm.refusal(b"\0\6") == "the number is out of its range"
    assert rdm.refusal(b"\0\x0a") == "its proxy's buffer is full"
    assert rdm.refusal(b"\0\x0b") == "reason 11 of its maker"


def test_a_label_is_plain_and_short():
    assert rdm.encode_label("Truss 2, left") == b"Truss 2, left"
    assert rdm.encode_label("x" * 32) == b"x" * 32
    assert rdm.encode_label("") == b""
    for wrong in ("x" * 33, "Café", "two\nlines"):
        with pytest.raises(ValueError, match="a label has at most 32 letters, digits and signs, without accents"):
            rdm.encode_label(wrong)


def test_a_uid_is_written_as_people_write_it():
    assert Uid.of(" 7A70:0000000F\n") == Uid(0x7A70, 15)
    assert str(Uid(0xA, 0xB)) == "000a:0000000b"
    assert sorted([Uid(2, 0), Uid(1, 9), Uid(1, 2)]) == [Uid(1, 2), Uid(1, 9), Uid(2, 0)]
    for wrong in ("7a70", "7a70:1", "7a7:00000001", "7a70:000000012", "7a70-00000001"):
        with pytest.raises(ValueError, match="is no UID; for example 7a70:00000001"):
            Uid.of(wrong)


def test_status_rows_are_nine_bytes():
    row = bytes.fromhex("0102 04 0021 ffff 0003")
    assert rdm.decode_status(row + row) == [rdm.StatusMessage(0x0102, 4, 0x21, (-1, 3))] * 2
    assert rdm.decode_status(b"") == []
    with pytest.raises(MalformedError, match=r"^status messages that end too early$"):
        rdm.decode_status(row[:-1])
    assert rdm.StatusMessage(0, 7, 0x42, (0, 0)).said() == "message: a breaker tripped"
    assert rdm.StatusMessage(0, 2, 0x31, (1, 260)).said() == "advice: phase 1: 260 V, too high"
    assert rdm.StatusMessage(0, 2, 0x9000, (-1, 7)).said("%x, %d and %d") == "advice: ffff, 7 and 0"
    assert [rdm.StatusMessage(0, kind, 0, (0, 0)).over for kind in (0x04, 0x0F, 0x10, 0x12)] == [
        False,
        False,
        True,
        True,
    ]


def test_golden_bytes_of_questions_to_olad():
    """By hand from Ola.proto: GetUIDs, GetUniverseInfo, ForceDiscovery, RDMCommand."""
    assert ola_rdm.encode_universe() == b""
    assert ola_rdm.encode_universe(0) == bytes.fromhex("08 00")
    assert ola_rdm.encode_universe(300) == bytes.fromhex("08 ac02")
    assert ola_rdm.encode_discovery(2, full=True) == bytes.fromhex("08 02 10 01")
    assert ola_rdm.encode_discovery(2, full=False) == bytes.fromhex("08 02 10 00")
    plain = ola_rdm.encode_command(1, LAMP, Parameter.DEVICE_INFO)
    assert plain == bytes.fromhex("0801 1209 08f0f401 1502ffffff 1800 2060 2a00 3000")


def test_golden_bytes_of_olads_answers():
    uids = bytes.fromhex("0801  1209 08f0f401 1502000000  1209 08c48e01 15ffffffff")
    assert ola_rdm.decode_uids(uids) == [Uid(0x4744, 0xFFFFFFFF), Uid(0x7A70, 2)]
    assert ola_rdm.decode_uids(b"\x08\x01") == []
    port = lambda rdm_too: protobuf.content(8, protobuf.number(1, 3) + protobuf.number(8, rdm_too))  # noqa: E731
    told = [
        protobuf.number(1, 4) + protobuf.content(2, b"Stage\xff") + port(0) + port(1),
        protobuf.number(1, 5) + protobuf.content(2, b"Hall") + port(0),
        protobuf.number(1, 6),
    ]
    found = ola_rdm.decode_universes(b"".join(protobuf.content(1, one) for one in told))
    assert found == [
        ola_rdm.OlaUniverse(4, "Stage\ufffd", True, True), ola_rdm.OlaUniverse(5, "Hall", True, False),
        ola_rdm.OlaUniverse(6, "", False, False),
    ]  # fmt: skip


def test_what_olad_could_not_do_is_told_and_silence_is_silence():
    plain = ola_rdm.decode_response(response(0xF0, b"\1\2", sub_device=3))
    assert plain == ola_rdm.RdmAnswer(ola_rdm.Kind.ACK, 0xF0, 3, b"\1\2")
    said = {code: ola_rdm.decode_response(response(0xF0, code=code)) for code in (2, 3, 5, 9, 18)}
    assert {code: one.failed for code, one in said.items()} == {
        2: "olad could not send it", 3: "it does not answer", 5: "olad does not know it (search again)",
        9: "its answer was damaged on the way (olad's code 9)", 18: "the adapter does no RDM",
    }  # fmt: skip
    assert [code for code, one in said.items() if one.silent] == [3]
    assert ola_rdm.decode_response(response(0xF0, kind=2)).kind is ola_rdm.Kind.NACK
    with pytest.raises(MalformedError, match=r"^a response of type 3$"):
        ola_rdm.decode_response(response(0xF0, kind=3))
