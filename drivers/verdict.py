"""Rules that codecs of several devices share: whether a result counts, a clock is possible, pressures are plausible."""

from datetime import UTC, datetime

from drivers.findings import Finding, MeasurementFound, Rejected, StateSeen
from drivers.model import Reading, Value
from drivers.spec import Options

UNASKED = "unasked: the frame answers no start of ours"
WRONG_FORMAT = "wrong output format on the device"
"""How a `Rejected` begins whose frame belongs to another output format than the configured one."""


def counts(options: Options) -> bool:
    """Whether results answer a start of ours (option `session`)."""
    return options.get("session", "yes") != "no"


def result(reading: Reading, *, in_session: bool) -> Finding:
    """A measurement, or its refusal when nobody asked for it."""
    return MeasurementFound(reading) if in_session else Rejected(UNASKED)


def device_clock(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> str | None:
    """What a device thinks the time is, as ISO 8601 without a zone; None for an impossible time."""
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).replace(tzinfo=None).isoformat()
    except ValueError:
        return None


def pressure_values(systolic: int, diastolic: int, mean: int, pulse: int) -> dict[str, Value] | None:
    """Values of a cuff in mmHg and 1/min; a zero mean or pulse is missing. None unless 0 < diastolic < systolic <= 300.

    No cuff here measures above 300 mmHg or 300 /min, and a mean outside of the two pressures cannot have been measured
    either.
    """
    if not 0 < diastolic < systolic <= 300 or (mean and not diastolic <= mean <= systolic) or pulse > 300:
        return None
    values: dict[str, Value] = {"systolic_mmhg": systolic, "diastolic_mmhg": diastolic}
    if mean:
        values["mean_mmhg"] = mean
    if pulse:
        values["pulse_bpm"] = pulse
    return values


def oximeter_values(spo2: int | None, pulse: int | None) -> dict[str, Value] | None:
    """Values of an oximeter in % and 1/min, without those that are missing (None); None when a number is impossible."""
    if (spo2 is not None and not 1 <= spo2 <= 100) or (pulse is not None and not 1 <= pulse <= 400):
        return None
    values: dict[str, Value] = {}
    if spo2 is not None:
        values["spo2_percent"] = spo2
    if pulse is not None:
        values["pulse_bpm"] = pulse
    return values


def not_live(values: dict[str, Value], *, finger_out: bool, searching: bool) -> Finding | None:
    """Why the values of an oximeter are no live signal; None when they are.

    Oximeters go on sending the last values for seconds after the finger has gone: those belong to nobody.
    """
    if finger_out:
        return Rejected("held: the finger has left the sensor") if values else StateSeen("finger_out")
    if searching:
        return Rejected("held: the pulse is lost, the device is searching") if values else StateSeen("searching")
    return None if values else StateSeen("searching")
