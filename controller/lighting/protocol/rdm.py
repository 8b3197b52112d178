"""Parameters of RDM (ANSI E1.20-2010, Remote Device Management): bytes to what they say, and wishes to bytes.

Only what a person patches by: who a device is, its address and modes, sensors, hours, errors. All numbers are
big-endian. Tables A-3 (parameters), A-12 to A-15 (sensors), A-17 (refusals), B-2 (status messages).
"""

import re
import struct
from dataclasses import dataclass
from enum import IntEnum

from controller.lighting.protocol.malformed import MalformedError

SLOTS = 512
NO_ADDRESS = 0xFFFF
MOST_LETTERS = 32
UID = re.compile(r"^([0-9a-f]{4}):([0-9a-f]{8})$")


class Parameter(IntEnum):
    """Those that are asked for (table A-3)."""

    QUEUED_MESSAGE = 0x0020
    STATUS_MESSAGES = 0x0030
    STATUS_ID_DESCRIPTION = 0x0031
    SUPPORTED_PARAMETERS = 0x0050
    DEVICE_INFO = 0x0060
    DEVICE_MODEL_DESCRIPTION = 0x0080
    MANUFACTURER_LABEL = 0x0081
    DEVICE_LABEL = 0x0082
    SOFTWARE_VERSION_LABEL = 0x00C0
    DMX_PERSONALITY = 0x00E0
    DMX_PERSONALITY_DESCRIPTION = 0x00E1
    DMX_START_ADDRESS = 0x00F0
    SENSOR_DEFINITION = 0x0200
    SENSOR_VALUE = 0x0201
    DEVICE_HOURS = 0x0400
    LAMP_HOURS = 0x0401
    LAMP_STRIKES = 0x0402
    IDENTIFY_DEVICE = 0x1000


REFUSALS = (
    "it does not know this parameter", "it does not take these bytes", "a fault in its hardware",
    "its proxy refuses", "it is locked", "it only lets itself be read", "the number is out of its range",
    "its buffer is full", "the message is too long for it", "it has no such sub-device", "its proxy's buffer is full",
)  # fmt: skip
"""Reasons of a refusal by their number (table A-17)."""
STATUS_TYPES = {0x02: "advice", 0x03: "warning", 0x04: "error", 0x12: "advice, over", 0x13: "warning, over",
                0x14: "error, over"}  # fmt: skip
EVERY_STATUS = 0x02
"""Ask for advice and everything worse."""
STATUS = {
    0x0001: "calibration of part {0} failed", 0x0002: "sensor of part {0} not found",
    0x0003: "sensor of part {0} always on", 0x0011: "lamp doused", 0x0012: "lamp did not strike",
    0x0021: "sensor {0} too hot: {1} °C",
    0x0022: "sensor {0} too cold: {1} °C", 0x0023: "sensor {0} out of range", 0x0031: "phase {0}: {1} V, too high",
    0x0032: "phase {0}: {1} V, too low", 0x0033: "phase {0}: {1} A, too much", 0x0034: "phase {0}: {1} A, too little",
    0x0035: "phase {0}: {1} degrees", 0x0036: "phase {0}: error", 0x0037: "{0} A", 0x0038: "{0} V",
    0x0041: "no dimmer in this place", 0x0042: "a breaker tripped", 0x0043: "{0} W", 0x0044: "a dimmer failed",
    0x0045: "panic mode", 0x0050: "ready", 0x0051: "not ready", 0x0052: "low on fluid",
}  # fmt: skip
"""What the standard's own status messages mean (table B-2); {0} and {1} are their two numbers."""
KINDS = (
    "temperature", "voltage", "current", "frequency", "resistance", "power", "mass", "length", "area", "volume",
    "density", "velocity", "acceleration", "force", "energy", "pressure", "time", "angle", "position X", "position Y",
    "position Z", "angular velocity", "luminous intensity", "luminous flux", "illuminance", "red", "green", "blue",
    "contacts", "memory", "items", "humidity", "16-bit counter",
)  # fmt: skip
UNITS = (
    "", "°C", "V", "V", "V", "A", "A", "A", "Hz", "Ω", "W", "kg", "m", "m²", "m³", "kg/m³", "m/s", "m/s²", "N", "J",
    "Pa", "s", "°", "sr", "cd", "lm", "lx", "IRE", "B",
)  # fmt: skip
POWERS = (0, -1, -2, -3, -6, -9, -12, -15, -18, -21, -24)
UP = 0x10
"""Prefixes above this one enlarge: 0x11 is ten times, 0x14 a million times."""
INFO = struct.Struct(">HHHIHBBHHB")
SENSOR = struct.Struct(">BBBBhhhhB")
STATUS_ROW = struct.Struct(">HBHhh")


@dataclass(frozen=True, slots=True, order=True)
class Uid:
    """What makes a device one of a kind: maker (0..65535, given out by ESTA) and its own number (32 bits)."""

    maker: int
    device: int

    def __str__(self) -> str:
        return f"{self.maker:04x}:{self.device:08x}"

    @staticmethod
    def of(written: str) -> "Uid":
        """As people write it: `7a70:00000001`.

        Raises:
            ValueError: it is none.
        """
        match = UID.match(written.strip().lower())
        if match is None:
            raise ValueError(f"'{written}' is no UID; for example 7a70:00000001")
        return Uid(int(match[1], 16), int(match[2], 16))


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """DEVICE_INFO (E1.20 section 10.5.1).

    Attributes:
        model: the maker's number of it. software: its version's number. slots: how many it takes in this mode.
        mode, modes: the mode it is in, counted from 1, and how many there are; 0: none.
        address: 1..512, 0 where it takes no slots. sub_devices, sensors: how many it has.
    """

    model: int
    software: int
    slots: int
    mode: int
    modes: int
    address: int
    sub_devices: int
    sensors: int


@dataclass(frozen=True, slots=True)
class Sensor:
    """SENSOR_DEFINITION (section 10.7.1).

    Attributes:
        kind: such as temperature. unit: of its numbers. factor: what a number is to be taken by.
        low, high: between them all is well, as the device counts; equal: it does not say.
        name: as the maker calls it.
    """

    kind: str
    unit: str
    factor: float
    low: int
    high: int
    name: str


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """One row of STATUS_MESSAGES (section 10.3.2): which sub-device, how bad (table 10-3), what, and two numbers."""

    sub_device: int
    kind: int
    what: int
    numbers: tuple[int, int]

    @property
    def over(self) -> bool:
        """Whether it says that something is well again."""
        return self.kind >= UP

    def said(self, own_words: str = "") -> str:
        """In words.

        Args:
            own_words: what the device says about messages of this number, with `%d` and the like in it; or empty.
        """
        words = own_words and _filled(own_words, self.numbers)
        words = words or STATUS.get(self.what, "message {2} of the maker").format(*self.numbers, self.what)
        return f"{STATUS_TYPES.get(self.kind, 'message')}: {words}"


def decode_info(data: bytes) -> DeviceInfo:
    """DEVICE_INFO.

    Raises:
        MalformedError: these bytes are none.
    """
    if len(data) != INFO.size:
        raise MalformedError(f"{len(data)} bytes of device info instead of {INFO.size}")
    _, model, _, software, slots, mode, modes, address, sub_devices, sensors = INFO.unpack(data)
    known = address if 1 <= address <= SLOTS else 0
    return DeviceInfo(model, software, slots, mode, modes, known, sub_devices, sensors)


def decode_mode(data: bytes) -> tuple[int, str]:
    """DMX_PERSONALITY_DESCRIPTION: how many slots the mode takes, and its name.

    Raises:
        MalformedError: these bytes are none.
    """
    if len(data) < 3:
        raise MalformedError("a mode without a number of slots")
    return int.from_bytes(data[1:3], "big"), text(data[3:])


def decode_sensor(data: bytes) -> Sensor:
    """SENSOR_DEFINITION.

    Raises:
        MalformedError: these bytes are none.
    """
    if len(data) < SENSOR.size:
        raise MalformedError("a sensor's definition that is too short")
    _, kind, unit, prefix, _, _, low, high, _ = SENSOR.unpack(data[: SENSOR.size])
    return Sensor(
        KINDS[kind] if kind < len(KINDS) else "sensor",
        UNITS[unit] if unit < len(UNITS) else "",
        _factor(prefix),
        low,
        high,
        text(data[SENSOR.size :]),
    )


def decode_value(data: bytes) -> int:
    """SENSOR_VALUE: what it measures now, as the device counts.

    Raises:
        MalformedError: these bytes are none.
    """
    if len(data) < 3:
        raise MalformedError("a sensor's value that is too short")
    return int.from_bytes(data[1:3], "big", signed=True)


def decode_status(data: bytes) -> list[StatusMessage]:
    """STATUS_MESSAGES.

    Raises:
        MalformedError: these bytes are none.
    """
    if len(data) % STATUS_ROW.size:
        raise MalformedError("status messages that end too early")
    rows = STATUS_ROW.iter_unpack(data)
    return [StatusMessage(sub, kind, what, (one, other)) for sub, kind, what, one, other in rows]


def decode_parameters(data: bytes) -> frozenset[int]:
    """SUPPORTED_PARAMETERS, without those that every device knows."""
    return frozenset(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))


def unsigned(data: bytes) -> int:
    """A parameter that is one number."""
    return int.from_bytes(data, "big")


def text(data: bytes) -> str:
    """A label: ASCII by the standard, up to the first zero; whatever cannot be printed is a space."""
    plain = data.split(b"\0", 1)[0].decode("latin-1")
    return " ".join("".join(one if one.isprintable() else " " for one in plain).split())


def refusal(data: bytes) -> str:
    """Why a device refused, in words."""
    reason = unsigned(data)
    return REFUSALS[reason] if reason < len(REFUSALS) else f"reason {reason} of its maker"


def encode_label(written: str) -> bytes:
    """DEVICE_LABEL.

    Raises:
        ValueError: more than 32 letters, or one that is not ASCII.
    """
    if not written.isascii() or not written.isprintable() or len(written) > MOST_LETTERS:
        raise ValueError(f"'{written}': a label has at most {MOST_LETTERS} letters, digits and signs, without accents")
    return written.encode("ascii")


def _factor(prefix: int) -> float:
    if prefix > UP:
        power = -POWERS[prefix - UP] if prefix - UP < len(POWERS) else 0
    else:
        power = POWERS[prefix] if prefix < len(POWERS) else 0
    return 10.0**power


def _filled(words: str, numbers: tuple[int, int]) -> str:
    """`%d` is a number as it is, `%x` in hexadecimal, `%L` the name of a slot (appendix B); each takes the next one."""
    waiting = list(numbers)

    def put(match: re.Match[str]) -> str:
        amount = waiting.pop(0) if waiting else 0
        return f"{amount & 0xFFFF:x}" if match[0] == "%x" else f"slot {amount}" if match[0] == "%L" else str(amount)

    return re.sub(r"%[dxL]", put, words)
