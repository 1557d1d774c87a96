"""Values that a medic reads off an instrument and types: read, judged by what a body can give, and entered. Pure.

The same rules as of manual entry at a kiosk: a value is marked as typed and names the instrument of the register it was read
from; the line that is kept as raw bytes is `name=value;name=value`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from central.examining.content import RoomContent
from sync.contract.canonical import new_id
from sync.contract.exam import Device, Measurement, Value
from sync.contract.room import TypedWrong

FIELDS: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature_celsius",),
    "pressure": ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm"),
    "breath": ("breath_alcohol_mg_per_l",),
    "oximetry": ("spo2_percent",),
}
"""What each step asks for, in this order."""
MAY_STAY_EMPTY = frozenset({"pulse_bpm"})
BODY: dict[str, tuple[float, float]] = {
    "temperature_celsius": (25, 45),
    "systolic_mmhg": (30, 300),
    "diastolic_mmhg": (15, 250),
    "pulse_bpm": (20, 300),
    "breath_alcohol_mg_per_l": (0, 5),
    "spo2_percent": (1, 100),
}
"""What a body and its instruments can give, ends inside: the table of `drivers.body`, which a test compares with this one."""
WHOLE = frozenset({"systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "spo2_percent"})
DRIVER = "manual_entry"
"""Stands in the record where a terminal names its driver: typed, not measured by a wire."""
REPEAT, SLIP = "repeat", "slip"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: a key under `room.fault`, with the facts that its words name."""

    code: str
    facts: Mapping[str, str | float] | None = None


Faults = dict[str, Fault]


@dataclass(frozen=True, slots=True)
class Rests:
    """How long to wait before a step is measured again, and how often that may be."""

    minutes: Mapping[str, float]
    most_repeats: int


def is_typed(step: str, content: RoomContent) -> bool:
    """Whether values of a step stand in the page that were not entered yet."""
    return any(content.one(name) for name in FIELDS[step])


def read_values(step: str, content: RoomContent) -> tuple[dict[str, Value], Faults]:
    """The typed values of a step, and what is wrong with them by field. A decimal comma is as good as a point."""
    values: dict[str, Value] = {}
    faults: Faults = {}
    for name in FIELDS[step]:
        text = content.one(name)
        if not text:
            if name not in MAY_STAY_EMPTY:
                faults[name] = Fault("needed")
            continue
        number = _number(text)
        low, high = BODY[name]
        if number is None:
            faults[name] = Fault("no_number")
        elif not low <= number <= high:
            faults[name] = Fault("impossible", {"low": low, "high": high})
        elif name in WHOLE and not number.is_integer():
            faults[name] = Fault("whole")
        else:
            values[name] = int(number) if name in WHOLE else number
    high_value, low_value = values.get("systolic_mmhg"), values.get("diastolic_mmhg")
    if isinstance(high_value, int) and isinstance(low_value, int) and high_value <= low_value:
        faults["diastolic_mmhg"] = Fault("not_below")
    return values, faults


def instrument_fault(instrument: Mapping[str, Any] | None, today: date) -> Fault | None:
    """Why nothing may be read off this instrument: none chosen, not verified, or verified until a day that is over."""
    if instrument is None:
        return Fault("choose_instrument")
    until = instrument["verified_until"]
    if until is None:
        return Fault("not_verified")
    return Fault("verification_over", {"day": f"{until:%d.%m.%Y}"}) if until < today else None


def again_fault(step: str, content: RoomContent, rests: Rests, now: datetime) -> Fault | None:
    """Why a second result of a step is not taken as it is: it was not said what it is, or comes too soon, or too often."""
    taken = content.taken(step)
    if not taken:
        return None
    said = content.one(f"again_{step}")
    if said == SLIP:
        return Fault("measured_not_typed") if taken[-1].derivation != "manual" else None
    if said != REPEAT:
        return Fault("typed_twice")
    if len(taken) > rests.most_repeats:
        return Fault("too_often", {"most": rests.most_repeats})
    ready_at = taken[-1].at + timedelta(minutes=rests.minutes.get(step, 0))
    return Fault("too_soon", {"minutes": -(-(ready_at - now) // timedelta(minutes=1))}) if ready_at > now else None


def entered(
    step: str,
    content: RoomContent,
    values: Mapping[str, Value],
    instrument: Mapping[str, Any],
    generation: Literal["real", "demo", "test"],
    now: datetime,
) -> RoomContent:
    """The content with one more result. A slip stays in it as what was taken back; earlier attempts stay what they are."""
    attempt, taken, wrong = content.next_attempt(step), content.measurements, content.typed_wrong
    if content.taken(step) and content.one(f"again_{step}") == SLIP:
        last = content.taken(step)[-1]
        typed = bytes.fromhex(last.raw_hex).decode("ascii").strip()
        slip = TypedWrong(step=step, attempt=last.attempt, typed=typed, at=last.at, taken_back_at=now)
        taken, wrong = tuple(item for item in taken if item is not last), (*wrong, slip)
    line = ";".join(f"{name}={value}" for name, value in sorted(values.items()))
    measurement = Measurement.model_validate(
        {
            "measurement_id": new_id(),
            "step": step,
            "attempt": attempt,
            "at": now,
            "values": dict(values),
            "device": _device_of(instrument),
            "derivation": "manual",
            "generation": generation,
            "raw_hex": f"{line}\n".encode("ascii").hex(),
        }
    )
    emptied = {*FIELDS[step], f"again_{step}"}
    typed_left = {name: kept for name, kept in content.typed.items() if name not in emptied}
    return content.model_copy(update={"typed": typed_left, "measurements": (*taken, measurement), "typed_wrong": wrong})


def _device_of(instrument: Mapping[str, Any]) -> Device:
    return Device(
        device_id=instrument["instrument_id"],
        driver=DRIVER,
        maker=instrument["maker"],
        model=instrument["model"],
        serial=instrument["serial"],
        serial_source="register",
        medical_device=bool(instrument["registration_number"]),
        verified_until=instrument["verified_until"],
    )


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None
