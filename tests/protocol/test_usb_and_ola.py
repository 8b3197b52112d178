"""Enttec Pro messages, Open DMX frames, and olad's remote call, byte by byte."""

import shutil
import subprocess

import numpy as np
import pytest
from enttec import WidgetReader
from hypothesis import given
from hypothesis import strategies as st
from olad_message import decode_message

from controller.lighting.protocol import enttec_pro, ola, open_dmx


def test_label_6_carries_the_start_code_and_512_slots_in_518_bytes():
    message = enttec_pro.encode_dmx(np.arange(512).astype(np.uint8))
    assert message[:5] == bytes.fromhex("7e 06 01 02 00")  # 513 bytes of data, low byte first; start code
    assert message[5:8] == b"\0\1\2"
    assert message[-1] == 0xE7
    assert len(message) == 518


def test_short_frames_are_filled_up_to_24_slots():
    assert len(enttec_pro.encode_dmx(np.ones(3, np.uint8))) == 30
    assert len(open_dmx.encode_open_dmx(np.ones(3, np.uint8))) == 25


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
