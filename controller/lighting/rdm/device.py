"""What a device on the wire says of itself, put together: who it is, its mode, its sensors, its hours, its errors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from controller.errors import RdmError
from controller.lighting.protocol import rdm
from controller.lighting.protocol.malformed import MalformedError
from controller.lighting.protocol.rdm import DeviceInfo, Parameter, StatusMessage, Uid
from controller.lighting.rdm.wire import RdmRefusedError, Wire

T = TypeVar("T")
ALWAYS = {Parameter.DEVICE_INFO, Parameter.SOFTWARE_VERSION_LABEL, Parameter.DMX_START_ADDRESS}
"""Every device knows these and lists none of them (E1.20 section 10.4.1)."""
MOST_MODES, MOST_SENSORS, MOST_SUB_DEVICES = 64, 64, 512
MOST_GAPS = 8
"""Numbers of sub-devices may have holes: so many refusals one after the other end the search."""


@dataclass(frozen=True, slots=True)
class DeviceMode:
    """A mode (RDM: personality): its number from 1, the maker's name of it, and how many slots it takes."""

    number: int
    name: str
    slots: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sensor measures: the maker's name of it, its kind, the amount in `unit`, and whether all is well."""

    name: str
    kind: str
    amount: float
    unit: str
    well: bool


@dataclass(frozen=True, slots=True)
class RdmDevice:
    """One device, or one sub-device of a device that has several with addresses of their own.

    Attributes:
        uid: of the device. sub_device: its number, 0: the device itself. universe: of olad.
        maker, model, label, software: as the device writes them; empty where it does not say.
        info: address, mode and what there is. modes: by number. readings: of its sensors.
        lamp_hours, device_hours, strikes: None where it does not count them. errors: in words, what it reports now.
        unread: what could not be asked, and why.
    """

    uid: Uid
    sub_device: int
    universe: int
    maker: str
    model: str
    label: str
    software: str
    info: DeviceInfo
    modes: tuple[DeviceMode, ...] = ()
    readings: tuple[Reading, ...] = ()
    lamp_hours: int | None = None
    device_hours: int | None = None
    strikes: int | None = None
    errors: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How people name it in a command: the UID, with its sub-device."""
        return f"{self.uid}{f'/{self.sub_device}' if self.sub_device else ''}"

    @property
    def mode(self) -> DeviceMode | None:
        """The mode it is in."""
        return next((one for one in self.modes if one.number == self.info.mode), None)

    @property
    def patched(self) -> bool:
        """Whether it takes slots at an address."""
        return bool(self.info.address and self.info.slots)

    @property
    def last(self) -> int:
        """Its last address, if it is patched."""
        return self.info.address + self.info.slots - 1


def read_devices(wire: Wire, uid: Uid) -> Iterator[RdmDevice]:
    """A device, and then those of its sub-devices that take slots of their own.

    Raises:
        RdmError: it does not even say what it is.
    """
    device = read_device(wire, uid)
    yield device
    gaps = found = 0
    for sub_device in range(1, MOST_SUB_DEVICES + 1):
        if found >= device.info.sub_devices or gaps > MOST_GAPS:
            return
        try:
            one = read_device(wire, uid, sub_device)
        except RdmRefusedError:
            gaps += 1
            continue
        gaps, found = 0, found + 1
        if one.patched:
            yield one


def read_device(wire: Wire, uid: Uid, sub_device: int = 0) -> RdmDevice:
    """A device, or one of its sub-devices.

    Raises:
        RdmError: it does not even say what it is.
    """
    questions = _Questions(wire, uid, sub_device)
    info = _decoded(rdm.decode_info, wire.get(uid, Parameter.DEVICE_INFO, b"", sub_device))
    return RdmDevice(
        uid, sub_device, wire.universe,
        questions.text(Parameter.MANUFACTURER_LABEL),
        questions.text(Parameter.DEVICE_MODEL_DESCRIPTION),
        questions.text(Parameter.DEVICE_LABEL),
        questions.text(Parameter.SOFTWARE_VERSION_LABEL),
        info,
        tuple(questions.modes(info.modes)),
        tuple(questions.readings(info.sensors)),
        questions.number(Parameter.LAMP_HOURS),
        questions.number(Parameter.DEVICE_HOURS),
        questions.number(Parameter.LAMP_STRIKES),
        () if sub_device else tuple(questions.errors()),
        tuple(questions.unread),
    )  # fmt: skip


@dataclass(slots=True)
class _Questions:
    """Questions to one device, each of which it may refuse."""

    wire: Wire
    uid: Uid
    sub_device: int
    unread: list[str] = field(default_factory=list)
    _known: frozenset[int] | None = None

    def text(self, parameter: Parameter) -> str:
        return rdm.text(self._asked(parameter) or b"")

    def number(self, parameter: Parameter) -> int | None:
        data = self._asked(parameter)
        return None if data is None else rdm.unsigned(data)

    def modes(self, count: int) -> Iterator[DeviceMode]:
        for number in range(1, min(count, MOST_MODES) + 1):
            data = self._asked(Parameter.DMX_PERSONALITY_DESCRIPTION, bytes([number]))
            if data is None:
                return
            slots, name = _decoded(rdm.decode_mode, data)
            yield DeviceMode(number, name or f"mode {number}", slots)

    def readings(self, count: int) -> Iterator[Reading]:
        for number in range(min(count, MOST_SENSORS)):
            defined = self._asked(Parameter.SENSOR_DEFINITION, bytes([number]))
            value = None if defined is None else self._asked(Parameter.SENSOR_VALUE, bytes([number]))
            if defined is None or value is None:
                continue
            sensor, raw = _decoded(rdm.decode_sensor, defined), _decoded(rdm.decode_value, value)
            well = sensor.low >= sensor.high or sensor.low <= raw <= sensor.high
            yield Reading(sensor.name or sensor.kind, sensor.kind, raw * sensor.factor, sensor.unit, well)

    def errors(self) -> Iterator[str]:
        data = self._asked(Parameter.STATUS_MESSAGES, bytes([rdm.EVERY_STATUS]))
        for one in _decoded(rdm.decode_status, data or b""):
            if not one.over:
                yield f"{one.said(self._own_words(one))}{f' (sub-device {one.sub_device})' if one.sub_device else ''}"

    def _own_words(self, message: StatusMessage) -> str:
        if message.what in rdm.STATUS:
            return ""
        return rdm.text(self._asked(Parameter.STATUS_ID_DESCRIPTION, message.what.to_bytes(2, "big")) or b"")

    def _asked(self, parameter: Parameter, data: bytes = b"") -> bytes | None:
        """What it says; None where it does not know the parameter, or could not be understood."""
        if parameter not in self._supported():
            return None
        try:
            return self.wire.get(self.uid, parameter, data, self.sub_device)
        except RdmRefusedError:
            return None
        except RdmError as error:
            self.unread.append(str(error))
            return None

    def _supported(self) -> frozenset[int]:
        if self._known is None:
            try:
                said = self.wire.get(self.uid, Parameter.SUPPORTED_PARAMETERS, b"", self.sub_device)
                self._known = rdm.decode_parameters(said) | ALWAYS
            except RdmError:
                self._known = frozenset(Parameter)  # it does not say: everything is tried
        return self._known


def _decoded(decode: Callable[[bytes], T], data: bytes) -> T:
    try:
        return decode(data)
    except MalformedError as error:
        raise RdmError(f"a device's answer cannot be read: {error}") from error
