"""Manual entry: a medic on site types what an instrument without a cable shows. Marked as typed, never as measured.

There is no protocol: the form is ours. A typed result is one line `name=value;name=value…` with the names of
`Quantity`, which is also what is kept as raw bytes. The values come as options of the run.
"""

from collections.abc import Mapping

from drivers.body import LIMITS, REQUIRED, impossible
from drivers.cutter import LineCutter
from drivers.errors import Cancelled, DeviceFault
from drivers.findings import Finding, FrameBroken, MeasurementFound, Rejected
from drivers.model import Act, Derivation, DeviceIdentity, Measures, Quantity, Reading, Value
from drivers.ports import Deadline, Instrument, Run
from drivers.spec import DriverSpec, Option, Options, Transport
from drivers.verdict import UNASKED, counts

_LONGEST = 400
_TYPED = frozenset(LIMITS) - {Quantity.BREATH_ALCOHOL_RAW, Quantity.MOVEMENT_COUNT}
_WHOLE = frozenset((Quantity.SYSTOLIC, Quantity.DIASTOLIC, Quantity.MEAN_PRESSURE, Quantity.PULSE, Quantity.SPO2))


def typed_values(typed: Mapping[str, str]) -> dict[str, Value]:
    """Check typed values. A decimal comma is as good as a point. Raises `ValueError` that names value and limits."""
    values: dict[str, Value] = {}
    for name, text in typed.items():
        if name == Quantity.BREATH_TEST:
            values[name] = text
            continue
        if name not in _TYPED:
            raise ValueError(f"{name}: there is no such quantity")
        number = _number(name, text)
        values[name] = int(number) if name in _WHOLE and number.is_integer() else number
    if found := impossible(values):
        raise ValueError(found.reason)
    for name in _WHOLE & values.keys():
        if isinstance(values[name], float):
            raise ValueError(f"{name}: {typed[name]} must be a whole number")
    if not any(set(names) <= values.keys() for alternatives in REQUIRED.values() for names in alternatives):
        raise ValueError("no complete result: pressure needs both values, the others one each")
    return values


def _number(name: str, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{name}: {text!r} is no number") from error


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
        typed = {name: text for name, text in run.options.items() if name in _TYPED or name == Quantity.BREATH_TEST}
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
