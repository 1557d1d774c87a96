"""Manual entry: a medic on site types what an instrument without a cable shows. Marked as typed, never as measured.

There is no protocol: the form is ours. A typed result is one line `name=value;name=value…` with the names of
`Quantity`, which is also what is kept as raw bytes. The values come as options of the run.
"""

from collections.abc import Mapping

from drivers.cutter import LineCutter
from drivers.errors import Cancelled, DeviceFault
from drivers.findings import Finding, FrameBroken, MeasurementFound, Rejected
from drivers.model import Act, Derivation, DeviceIdentity, Measures, Quantity, Reading, Value
from drivers.ports import Deadline, Instrument, Run
from drivers.spec import DriverSpec, Option, Options, Transport
from drivers.verdict import UNASKED, counts

_LONGEST = 400
_WORDS = ("pass", "fail", "over")
LIMITS: Mapping[str, tuple[float, float]] = {
    Quantity.SYSTOLIC: (30, 300),
    Quantity.DIASTOLIC: (15, 250),
    Quantity.MEAN_PRESSURE: (20, 280),
    Quantity.PULSE: (20, 300),
    Quantity.SPO2: (1, 100),
    Quantity.PERFUSION_INDEX: (0, 30),
    Quantity.BREATH_ALCOHOL: (0, 5),
    Quantity.TEMPERATURE: (25, 45),
}
"""What an instrument can show at all (°C, mmHg, %, mg/L, 1/min); anything else is a slip of the finger."""
_WHOLE = frozenset((Quantity.SYSTOLIC, Quantity.DIASTOLIC, Quantity.MEAN_PRESSURE, Quantity.PULSE, Quantity.SPO2))
_REQUIRED: Mapping[Measures, tuple[tuple[Quantity, ...], ...]] = {
    Measures.PRESSURE: ((Quantity.SYSTOLIC, Quantity.DIASTOLIC),),
    Measures.OXIMETRY: ((Quantity.SPO2,),),
    Measures.BREATH: ((Quantity.BREATH_ALCOHOL,), (Quantity.BREATH_TEST,)),
    Measures.TEMPERATURE: ((Quantity.TEMPERATURE,),),
}


def typed_values(typed: Mapping[str, str]) -> dict[str, Value]:
    """Check typed values. A decimal comma is as good as a point. Raises `ValueError` that names value and limits."""
    values: dict[str, Value] = {}
    for name, text in typed.items():
        if name == Quantity.BREATH_TEST:
            if text not in _WORDS:
                raise ValueError(f"{name}: {text!r} is none of {', '.join(_WORDS)}")
            values[name] = text
            continue
        if name not in LIMITS:
            raise ValueError(f"{name}: there is no such quantity")
        low, high = LIMITS[name]
        number = _number(name, text)
        if not low <= number <= high:
            raise ValueError(f"{name}: {text} is not between {low:g} and {high:g}")
        values[name] = int(number) if name in _WHOLE else number
    if not any(set(names) <= values.keys() for alternatives in _REQUIRED.values() for names in alternatives):
        raise ValueError("no complete result: pressure needs both values, the others one each")
    systolic, diastolic = values.get(Quantity.SYSTOLIC), values.get(Quantity.DIASTOLIC)
    if isinstance(systolic, int) and isinstance(diastolic, int) and systolic <= diastolic:
        raise ValueError("systolic_mmhg must be above diastolic_mmhg")
    return values


def _number(name: str, text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{name}: {text!r} is no number") from error
    if name in _WHOLE and not number.is_integer():
        raise ValueError(f"{name}: {text} must be a whole number")
    return number


class TypedCodec:
    """Lines of typed values, ended by LF."""

    def __init__(self, options: Options) -> None:
        self._lines = LineCutter(rb"\n", _LONGEST)
        self._in_session = counts(options)

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        return [line if isinstance(line, FrameBroken) else self._finding(line) for line in self._lines.feed(data)]

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`."""
        rest = self._lines.close()
        return [FrameBroken(f"{len(rest)} bytes without an end of line")] if rest else []

    def _finding(self, line: bytes) -> Finding:
        pairs = [part.partition("=") for part in line.decode("ascii", "replace").split(";")]
        try:
            if len({name for name, _, _ in pairs}) < len(pairs):
                raise ValueError("a quantity stands there twice")
            values = typed_values({name: text for name, _, text in pairs})
        except ValueError as error:
            return FrameBroken(str(error))
        if not self._in_session:
            return Rejected(UNASKED)
        return MeasurementFound(Reading(values, line + b"\n", derivation=Derivation.MANUAL))


class ManualEntry:
    """A `drivers.ports.Instrument` that answers with what the run's options say."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """The instrument as the configuration names it: it cannot be asked."""
        return DeviceIdentity(
            self._options.get("maker") or SPEC.maker,
            self._options.get("model") or SPEC.model,
            medical_device=self._options.get("registered") == "yes",
        )

    def measure(self, run: Run) -> Reading:
        """Take the typed values. Raises `DeviceFault` (the medic must act) when they are missing or impossible."""
        if run.cancelled:
            raise Cancelled("manual entry: called off")
        typed = {name: text for name, text in run.options.items() if name in LIMITS or name == Quantity.BREATH_TEST}
        if not typed:
            raise DeviceFault("manual entry: nothing was typed", code="not_typed", act=Act.MEDIC)
        line = ";".join(f"{name}={text.strip()}" for name, text in sorted(typed.items())).encode("ascii", "replace")
        for finding in TypedCodec({}).feed(line + b"\n"):
            match finding:
                case MeasurementFound(reading):
                    return reading
                case FrameBroken(reason):
                    raise DeviceFault(f"manual entry: {reason}", code="impossible_value", act=Act.MEDIC)
                case _:
                    continue
        raise DeviceFault("manual entry: nothing was typed", code="not_typed", act=Act.MEDIC)


def _make(options: Options) -> Instrument:
    return ManualEntry(options)


SPEC = DriverSpec(
    name="manual_entry",
    maker="any",
    model="typed by a medic",
    measures=tuple(Measures),
    transport=Transport.MANUAL,
    source="our own form: name=value;name=value",
    medical_device=False,
    make_codec=TypedCodec,
    make_manual=_make,
    options={
        "maker": Option("", "maker of the instrument that is read"),
        "model": Option("", "model of the instrument that is read"),
        "registered": Option("no", "whether that instrument is a registered medical device", ("yes", "no")),
    },
)
