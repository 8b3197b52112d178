"""Enttec Pro messages, Open DMX frames, and olad's remote call, byte by byte."""

import shutil
import subprocess

import numpy as np
import pytest
from enttec import WidgetReader
from hypothesis import given
from hypothesis import strategies as st
from olad_message import decode_message

from controller.lighting.protocol import ddp, enttec_pro, ola, open_dmx, protobuf
from controller.lighting.protocol.malformed import MalformedError


def test_label_6_carries_the_start_code_and_512_slots_in_518_bytes():
    message = enttec_pro.encode_dmx(np.arange(512).astype(np.uint8))
    assert message[:5] == bytes.fromhex("7e 06 01 02 00")  # 513 bytes of data, low byte first; start code
    assert message[5:8] == b"\0\1\2"
    assert message[-1] == 0xE7
    assert len(message) == 518


def test_short_frames_are_filled_up_to_24_slots():
    """With zeros: whatever has its address there stays dark."""
    assert enttec_pro.encode_dmx(np.ones(3, np.uint8)) == bytes.fromhex("7e 06 19 00 00 010101") + bytes(21) + b"\xe7"
    assert open_dmx.encode_open_dmx(np.ones(3, np.uint8)) == b"\0\1\1\1" + bytes(21)


def test_the_second_output_of_a_mk2_has_its_own_label_after_its_key():
    assert enttec_pro.encode_dmx(np.zeros(512, np.uint8), output=2)[1] == 169
    assert enttec_pro.encode_second_port() == bytes.fromhex("7e 0d 04 00 ad 88 d0 c8 e7  7e cb 02 00 01 01 e7")


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=600)), max_size=5), st.data())
def test_messages_are_found_however_the_stream_is_cut(messages, data):
    stream = b"".join(enttec_pro.encode_message(label, content) for label, content in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader, found = WidgetReader(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert [(one.label, one.data) for one in found] == messages
    assert reader.skipped == 0


def test_noise_before_a_message_is_skipped():
    reader = WidgetReader()
    assert reader.feed(b"\0\xff\x7e\x01\xff\xffnoise")[0:] == []
    assert [one.label for one in reader.feed(enttec_pro.encode_message(10, b"\1\2\3\4"))] == [10]


def test_a_full_open_dmx_frame_takes_as_long_as_the_standard_says():
    assert open_dmx.wire_s(open_dmx.encode_open_dmx(np.zeros(512, np.uint8))) == pytest.approx(0.022572)


def test_golden_bytes_of_the_remote_call():
    call = ola.encode_stream_dmx(np.array([1, 2, 3], np.uint8), universe=300, priority=120, call=7)
    data = bytes.fromhex("08 ac02 12 03 010203 18 78")  # universe 300, three levels, priority 120
    message = bytes.fromhex("08 0a 10 07 1a 0d") + b"StreamDmxData" + bytes((0x22, len(data))) + data
    assert call[4:] == message
    assert int.from_bytes(call[:4], "little") == 1 << 28 | len(message)


@given(st.binary(min_size=1, max_size=512), st.integers(0, 2**32 - 1), st.integers(0, 200), st.integers(0, 2**31 - 1))
def test_a_call_can_be_read_back(levels, universe, priority, call):
    packet = ola.encode_stream_dmx(np.frombuffer(levels, np.uint8), universe, priority, call)
    outer = decode_message(packet[4:])
    assert outer[1] == 10
    assert outer[2] == call
    assert decode_message(outer[4]) == {1: universe, 2: levels, 3: priority}


def test_olads_own_python_code_reads_our_call(require_real):
    """Debian's ola-python, in the system's Python, where its protobuf fits."""
    require_real("ola-python", shutil.which("olad") is not None)
    call = ola.encode_stream_dmx(np.arange(512).astype(np.uint8), 5, 90, 1)
    program = (
        "import sys; from ola.rpc import Rpc_pb2; from ola import Ola_pb2; raw = sys.stdin.buffer.read();"
        "m = Rpc_pb2.RpcMessage(); m.ParseFromString(raw[4:]); d = Ola_pb2.DmxData(); d.ParseFromString(m.buffer);"
        "print(m.type, m.id, m.name, d.universe, d.priority, len(d.data), sum(d.data))"
    )
    said = subprocess.run(["/usr/bin/python3", "-c", program], input=call, capture_output=True, check=True)
    assert said.stdout.split() == [b"10", b"1", b"StreamDmxData", b"5", b"90", b"512", b"65280"]


def test_golden_bytes_of_a_call_that_is_answered():
    call = ola.encode_call("GetUIDs", b"\x08\x01", call=9)
    message = bytes.fromhex("08 01 10 09 1a 07") + b"GetUIDs" + bytes.fromhex("22 02 08 01")
    assert call == (1 << 28 | len(message)).to_bytes(4, "little") + message


def test_a_header_says_how_much_follows():
    header = lambda version, size: (version << 28 | size).to_bytes(4, "little")  # noqa: E731
    assert [ola.size_of(header(1, size)) for size in (0, 300, 1 << 20)] == [0, 300, 1 << 20]
    for wrong in (header(0, 5), header(2, 5), header(1, (1 << 20) + 1), b"HTTP"):
        with pytest.raises(MalformedError, match=r"^this is not olad, or not one that is known$"):
            ola.size_of(wrong)


def test_answers_are_read_and_failures_told():
    head = lambda kind: protobuf.number(1, kind) + protobuf.number(2, 7)  # noqa: E731
    assert ola.decode_answer(head(2) + protobuf.content(4, b"\1\2")) == ola.OlaAnswer(7, b"\1\2")
    assert ola.decode_answer(head(2)) == ola.OlaAnswer(7, b"")
    assert ola.decode_answer(head(4) + protobuf.content(4, b"no universe \xff")) == ola.OlaAnswer(
        7, b"", "no universe \ufffd"
    )
    assert ola.decode_answer(head(3)) == ola.OlaAnswer(7, b"", "olad cannot do that")


@pytest.mark.parametrize(
    ("written", "amount"), [("00", 0), ("7f", 127), ("8001", 128), ("ac02", 300), ("ffffffffffffffffff01", 2**64 - 1)]
)
def test_golden_numbers_of_protocol_buffers(written, amount):
    """ "Encoding" in the documentation: seven bits at a time, the lowest first."""
    assert protobuf.number(3, amount) == bytes.fromhex("18" + written)
    assert protobuf.fields(bytes.fromhex("18" + written)) == {3: [amount]}


def test_fields_of_every_kind_are_read_or_passed_over():
    message = bytes.fromhex("0d 04030201  11 0807060504030201  1a 02 6869  20 05  20 06  1a 00")
    found = protobuf.fields(message)
    assert found == {1: [0x01020304], 2: [0x0102030405060708], 3: [b"hi", b""], 4: [5, 6]}
    assert protobuf.whole(found, 4) == 6
    assert (protobuf.whole(found, 9), protobuf.whole(found, 9, 3)) == (0, 3)
    assert protobuf.payloads(found, 3) == [b"hi", b""]
    assert protobuf.payloads(found, 9) == []
    with pytest.raises(MalformedError, match=r"^field 3 holds bytes$"):
        protobuf.whole(found, 3)
    with pytest.raises(MalformedError, match=r"^field 4 holds a number$"):
        protobuf.payloads(found, 4)
    assert protobuf.fields(protobuf.fixed(1, 0x01020304) + protobuf.content(3, b"hi")) == {1: [0x01020304], 3: [b"hi"]}


@pytest.mark.parametrize(
    ("message", "said"),
    [("0b", "a field of kind 3"), ("0d 010203", "a field past the end"), ("1a 03 6869", "a field past the end"),
     ("11 01020304050607", "a field past the end"), ("08", "a number without an end"),
     ("08 80", "a number without an end"), ("08" + "80" * 10 + "00", "a number without an end")],
)  # fmt: skip
def test_what_is_no_message_is_refused(message, said):
    with pytest.raises(MalformedError, match=f"^{said}$"):
        protobuf.fields(bytes.fromhex(message))


def test_what_a_widget_does_not_take_is_refused():
    assert len(enttec_pro.encode_message(6, bytes(600))) == 605
    assert enttec_pro.encode_message(6, bytes(300))[2:4] == b"\x2c\x01"
    assert enttec_pro.encode_message(10) == bytes.fromhex("7e 0a 00 00 e7")
    with pytest.raises(ValueError, match=r"^a widget takes at most 600 bytes, not 601$"):
        enttec_pro.encode_message(6, bytes(601))


def test_golden_bytes_of_ddp():
    """Ten bytes: version 1 and push, number, kind of data, display, offset and length high byte first."""
    levels = np.array([1, 2, 3, 255], np.uint8)
    assert ddp.encode_ddp(levels, 0x01020304, 15) == bytes.fromhex("41 0f 0b 01 01020304 0004 010203ff")
    assert ddp.encode_ddp(levels, 0, 1, has_white=True) == bytes.fromhex("41 01 1b 01 00000000 0004 010203ff")
    assert [ddp.next_number(number) for number in (0, 1, 14, 15)] == [1, 2, 15, 1]
