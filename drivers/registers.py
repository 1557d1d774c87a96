"""Reads the registers of a profile: values with their status, or the reason why there is none; and the identity. Pure.

Value and status come from one block; a value with a fatal status bit, a "missing" raw value or one outside of the
profile's range never becomes a reading.
"""

import struct
from dataclasses import dataclass

from drivers.errors import WrongDevice
from drivers.findings import FaultSeen, Finding, MeasurementFound, Rejected, StateSeen
from drivers.model import DeviceIdentity, Number, Reading, Value
from drivers.profile import WORDS_OF, Block, Point, Profile, StatusBit

_FORMATS = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "f32": ">f"}


@dataclass(frozen=True, slots=True)
class Registers:
    """A block of registers as read: unsigned words from `address` on."""

    address: int
    words: tuple[int, ...]

    @property
    def block(self) -> Block:
        return Block(address=self.address, count=len(self.words))

    def raw(self, point: Point) -> Number:
        """Raw number of a point before scaling."""
        start = point.at - self.address
        words = self.words[start : start + WORDS_OF[point.type]]
        if point.word_order == "little":
            words = words[::-1]
        packed = b"".join(word.to_bytes(2, "big") for word in words)
        number: Number = struct.unpack(_FORMATS[point.type], packed)[0]
        return number

    def is_set(self, bit: StatusBit) -> bool:
        return bool(self.words[bit.at - self.address] >> bit.bit & 1)


def judge(profile: Profile, registers: Registers, adu: bytes) -> MeasurementFound | FaultSeen | Rejected | None:
    """What a block of registers means; None when it holds no result of the profile."""
    covered = registers.block
    bits = [bit for bit in profile.status if covered.covers(bit.at)]
    for bit in bits:
        if bit.fatal and registers.is_set(bit):
            return FaultSeen(bit.code, bit.message, bit.act)
    values: dict[str, Value] = {}
    details: dict[str, Value] = {"profile": f"{profile.name}/{profile.version}"}
    for point in profile.point:
        if not covered.covers(point.at, WORDS_OF[point.type]):
            continue
        raw = registers.raw(point)
        if raw in point.missing:
            if point.result:
                return Rejected(f"{point.name}: the device says that it has no value ({raw})")
            continue
        value = round(raw * point.scale + point.offset, point.decimals)
        if not point.range[0] <= value <= point.range[1]:
            return Rejected(f"{point.name}: {value} {point.unit} is outside of {point.range[0]} to {point.range[1]}")
        (values if point.result else details)[point.name] = value
    if not values:
        return None
    details |= {bit.code: 1 for bit in bits if registers.is_set(bit)}
    if len(bits) < len(profile.status):
        details["status"] = "not read"
    return MeasurementFound(Reading(values, adu, device={"model": profile.model}, details=details))


def identity_of(profile: Profile, registers: Registers) -> DeviceIdentity:
    """The identity of the unit, from the identity registers. Raises `WrongDevice`."""
    serial: str | None = None
    if profile.identity is not None:
        found = registers.words[profile.identity.at - registers.address]
        if found not in profile.identity.expected:
            expected = " or ".join(str(value) for value in profile.identity.expected)
            raise WrongDevice(
                f"register {profile.identity.at:#06x} reads {found} instead of {expected}: "
                f"this is no {profile.maker} {profile.model}; check unit and port"
            )
        first = profile.identity.serial_register
        if first is not None and registers.block.covers(first, profile.identity.serial_words):
            number = 0
            for word in registers.words[first - registers.address :][: profile.identity.serial_words]:
                number = number << 16 | word
            serial = str(number)
    source = "configuration" if serial is None else "device"
    return DeviceIdentity(profile.maker, profile.model, serial, source, medical_device=profile.medical_device)


def identity_finding(profile: Profile, registers: Registers) -> Finding:
    try:
        identity = identity_of(profile, registers)
    except WrongDevice as error:
        return FaultSeen(error.code, str(error), error.act)
    details: dict[str, Value] = {"model": identity.model}
    if identity.serial_number is not None:
        details["serial"] = identity.serial_number
    return StateSeen("identity", details)
