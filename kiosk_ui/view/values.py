"""Numbers as people read them, and what the limits say of them in words. Never a diagnosis.

"Within limits" is said only where a limit was applied and holds; a value without a limit is "recorded".
"""

from kiosk_ui.texts import Texts
from kiosk_ui.view.model import ValueState, ValueView
from sync.contract.exam import AppliedLimit, Measurement
from sync.contract.limits import out_of_limits
from terminal.exam.model import ExamState, Phase

_PRESSURE = ("systolic_mmhg", "diastolic_mmhg")


def decimal(number: float, places: int, texts: Texts) -> str:
    """A number with the decimal sign of the language: `36,6` or `36.6`."""
    return f"{number:.{places}f}".replace(".", texts("format.decimal"))


def minutes_seconds(seconds: float) -> str:
    """`1:05`; never negative."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def values_of_step(state: ExamState, step: str, texts: Texts) -> tuple[ValueView, ...]:
    """The values of the last attempt of a step, or one that says that it is missing."""
    taken = state.taken(step)
    measurement = taken[-1] if taken else None
    match step:
        case Phase.TEMPERATURE:
            return (_temperature(measurement, state.limits, texts),)
        case Phase.PRESSURE:
            return (_pressure(measurement, state.limits, texts), _pulse(measurement, state.limits, texts))
        case Phase.BREATH:
            return (_alcohol(measurement, state.limits, texts),)
        case _:
            return ()


def values_of_exam(state: ExamState, texts: Texts) -> tuple[ValueView, ...]:
    """All values of the exam's measuring steps, in the order of its plan."""
    return tuple(value for step in state.plan.steps for value in values_of_step(state, step, texts))


def short_value(state: ExamState, step: str, texts: Texts) -> str:
    """The value for the list of steps, a number only: `36,6 °C`, `120/80`; empty when there is none."""
    if not state.taken(step):
        return ""
    value = values_of_step(state, step, texts)[0]
    if not value.unit:
        return ""
    return value.number if step == Phase.PRESSURE else f"{value.number} {value.unit}"


def _number(measurement: Measurement | None, name: str) -> int | float | None:
    value = measurement.values.get(name) if measurement else None
    return value if isinstance(value, int | float) else None


def _word(
    measurement: Measurement, names: tuple[str, ...], limits: tuple[AppliedLimit, ...], texts: Texts
) -> tuple[str, ValueState]:
    """What the limits say of these values of an attempt."""
    found = {finding.parameter for finding in out_of_limits(measurement, limits)}
    if found & set(names):
        return texts("value.medic_looks"), "attention"
    limited = {limit.parameter for limit in limits if limit.low is not None or limit.high is not None}
    if set(names) <= limited:
        return texts("value.in_limits"), "good"
    return texts("value.recorded"), "recorded"


def _missing(name: str, texts: Texts) -> tuple[str, str, str, str, ValueState]:
    return texts(f"value.{name}"), "—", "", texts("value.missing"), "missing"


def _temperature(measurement: Measurement | None, limits: tuple[AppliedLimit, ...], texts: Texts) -> ValueView:
    celsius = _number(measurement, "temperature_celsius")
    if measurement is None or celsius is None:
        return ValueView("temperature", *_missing("temperature", texts))
    word, state = _word(measurement, ("temperature_celsius",), limits, texts)
    number = decimal(celsius, 1, texts)
    return ValueView("temperature", texts("value.temperature"), number, texts("unit.temperature"), word, state)


def _pressure(measurement: Measurement | None, limits: tuple[AppliedLimit, ...], texts: Texts) -> ValueView:
    systolic, diastolic = (_number(measurement, name) for name in _PRESSURE)
    if measurement is None or systolic is None or diastolic is None:
        return ValueView("pressure", *_missing("pressure", texts))
    word, state = _word(measurement, _PRESSURE, limits, texts)
    number = f"{systolic:.0f}/{diastolic:.0f}"
    return ValueView("pressure", texts("value.pressure"), number, texts("unit.pressure"), word, state)


def _pulse(measurement: Measurement | None, limits: tuple[AppliedLimit, ...], texts: Texts) -> ValueView:
    bpm = _number(measurement, "pulse_bpm")
    if measurement is None or bpm is None:
        return ValueView("pulse", *_missing("pulse", texts))
    word, state = _word(measurement, ("pulse_bpm",), limits, texts)
    return ValueView("pulse", texts("value.pulse"), f"{bpm:.0f}", texts("unit.pulse"), word, state)


def _alcohol(measurement: Measurement | None, limits: tuple[AppliedLimit, ...], texts: Texts) -> ValueView:
    label = texts("value.alcohol")
    looks = texts("value.medic_looks")
    if measurement is None:
        return ValueView("alcohol", *_missing("alcohol", texts))
    mg_per_l = _number(measurement, "breath_alcohol_mg_per_l")
    if mg_per_l is not None:
        word, state = _word(measurement, ("breath_alcohol_mg_per_l",), limits, texts)
        return ValueView("alcohol", label, decimal(mg_per_l, 3, texts), texts("unit.alcohol"), word, state)
    raw = _number(measurement, "breath_alcohol_raw")
    if raw is not None:  # in the device's own unit; turning it into mg/L is nobody's guess to make
        unit = str(measurement.values.get("unit", ""))
        return ValueView("alcohol", label, decimal(raw, 3, texts), unit, looks, "attention")
    test = measurement.values.get("breath_test")
    if test in ("pass", "fail", "over"):
        return ValueView("alcohol", label, texts(f"value.breath_{test}"), "", looks, "attention")
    return ValueView("alcohol", *_missing("alcohol", texts))
