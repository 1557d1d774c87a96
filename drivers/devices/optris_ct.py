"""Optris CT, CTlaser, LT, CS infrared thermometers: binary commands. RS-232, USB or RS-485, 115200 8N1.

Source: Optris "CT commands" (2020-04) and the manuals of LT (p. 48) and CS (p. 49). An industrial instrument.
One command has one reply of fixed size and nothing frames it, so a request begins with an empty line and a reply ends
with silence; whatever else comes is nobody's. Temperatures: (256*high + low - 1000) / 10 degrees Celsius, "hs" models
(… - 10000) / 100. On RS-485 a byte B0 + address stands before the command.
"""

from typing import TypeVar

from drivers.errors import Cancelled, FrameError, NoResponse, WrongDevice
from drivers.findings import Finding, FrameBroken, MeasurementFound, StateSeen
from drivers.model import DeviceIdentity, Measures, Reading
from drivers.option_values import whole_number
from drivers.ports import ByteStream, Deadline, Run
from drivers.spec import DriverSpec, LineSettings, Option, Options, Transport
from drivers.steady_temperature import OPTIONS, SteadyTemperature
from drivers.verdict import counts, result

_COMMANDS = {"target": 0x01, "head": 0x02, "box": 0x03, "processor": 0x09, "emissivity": 0x04,
             "transmission": 0x05, "serial": 0x0E}  # fmt: skip
_SIZES = {"serial": 3}
_SIZE = 2
_RANGE_CELSIUS = (-50.0, 1000.0)
"""Range of the heads that this driver is for; anything else in a reply is noise."""
_EMISSIVITY = (0.1, 1.1)
"""What can be set on the instrument."""
_REPLY_S = 0.5
_ATTEMPTS = 3


_Wanted = TypeVar("_Wanted", StateSeen, MeasurementFound)


class OptrisCodec:
    """The reply to one command (option `reply`): exactly its bytes between two silences, or nothing."""

    def __init__(self, options: Options) -> None:
        self._in_session = counts(options)
        self._reply = options["reply"]
        self._hundredths = options["resolution"] == "hundredths"
        self._size = _SIZES.get(self._reply, _SIZE)
        self._buffer = b""
        self._received = 0

    @property
    def has_reply(self) -> bool:
        """Whether enough bytes came for a reply; only silence tells that it is one."""
        return self._received >= self._size

    def feed(self, data: bytes) -> list[Finding]:
        """See `drivers.findings.Codec`: nothing is known before the line is silent."""
        self._received += len(data)
        self._buffer = (self._buffer + data)[: self._size]
        return []

    def close(self) -> list[Finding]:
        """See `drivers.findings.Codec`; makes the codec ready for the next reply."""
        reply, received = self._buffer, self._received
        self._buffer, self._received = b"", 0
        if received == self._size:
            return [self._finding(reply)]
        return [FrameBroken(f"{received} bytes where a reply has {self._size}")] if received else []

    def _finding(self, reply: bytes) -> Finding:
        number = int.from_bytes(reply, "big")
        if self._reply == "serial":
            return StateSeen("serial_number", {"serial_number": str(number)})
        if self._reply in ("emissivity", "transmission"):
            return StateSeen(self._reply, {"share": number / 1000})
        celsius = round((number - 10000) / 100, 2) if self._hundredths else round((number - 1000) / 10, 1)
        if not _RANGE_CELSIUS[0] <= celsius <= _RANGE_CELSIUS[1]:
            return FrameBroken(f"{celsius} degrees are outside of the instrument's range")
        if self._reply != "target":
            return StateSeen(f"{self._reply}_temperature", {"celsius": celsius})
        return result(Reading({"temperature_celsius": celsius}, reply), in_session=self._in_session)


class OptrisCt:
    """The instrument on its line: asked again and again until somebody is in front and the value stands still."""

    def __init__(self, stream: ByteStream, options: Options) -> None:
        self._stream = stream
        self._options = options
        address = whole_number(options, "address", 0, 32)
        self._prefix = bytes([0xB0 + address]) if address else b""
        self._steady = SteadyTemperature(SPEC.model, options)

    def identify(self, deadline: Deadline) -> DeviceIdentity:
        """Ask for emissivity and serial number: harmless. Raises `WrongDevice` for an emissivity that nothing has.

        Any three bytes would do for a serial number, so it alone proves nothing.
        """
        share = float(self._ask("emissivity", StateSeen, deadline, None).details["share"])
        if not _EMISSIVITY[0] <= share <= _EMISSIVITY[1]:
            raise WrongDevice(f"{SPEC.model}: answers an emissivity of {share}; something else is on this port")
        serial = str(self._ask("serial", StateSeen, deadline, None).details["serial_number"])
        return DeviceIdentity(SPEC.maker, SPEC.model, serial, "device", medical_device=SPEC.medical_device)

    def measure(self, run: Run) -> Reading:
        """The last of some readings that agree, with a person in front."""
        return self._steady.measure(lambda: self._ask("target", MeasurementFound, run.deadline, run).reading, run)

    def _ask(self, name: str, kind: type[_Wanted], deadline: Deadline, run: Run | None) -> _Wanted:
        """The one good reply to a command, which is repeated a few times."""
        trouble = ""
        for _ in range(_ATTEMPTS):
            for finding in self._exchange(name, deadline, run):
                if isinstance(finding, kind):
                    return finding
                trouble = finding.reason if isinstance(finding, FrameBroken) else trouble
        if trouble:
            raise FrameError(f"{SPEC.model}: {trouble}; check cable and line speed")
        raise NoResponse(f"{SPEC.model}: no answer within {_REPLY_S:g} s; is it switched on and plugged in?")

    def _exchange(self, name: str, deadline: Deadline, run: Run | None) -> list[Finding]:
        """One command and its reply, once the line is silent again."""
        codec = OptrisCodec(dict(self._options) | {"reply": name, "session": "yes"})
        self._stream.discard_input()
        self._stream.write(self._prefix + bytes([_COMMANDS[name]]))
        reply = deadline.within(_REPLY_S)
        while not codec.has_reply and not reply.expired:
            if run is not None and run.cancelled:
                raise Cancelled(f"{SPEC.model}: the measurement was called off")
            codec.feed(self._stream.read())
        codec.feed(self._stream.read())
        return codec.close()


SPEC = DriverSpec(
    name="optris_ct",
    maker="Optris",
    model="CT / CTlaser / LT / CS",
    measures=(Measures.TEMPERATURE,),
    transport=Transport.SERIAL,
    source="Optris CT commands (2020-04); manuals of LT, p. 48, and CS, p. 49",
    medical_device=False,
    make_codec=OptrisCodec,
    make_serial=OptrisCt,
    line=LineSettings(115200),
    options={
        "resolution": Option("tenths", "hundredths for the hs models", ("tenths", "hundredths")),
        "address": Option("0", "RS-485 address; 0 for RS-232 and USB"),
        "reply": Option("target", "decode only: which command the bytes answer", tuple(_COMMANDS)),
    }
    | OPTIONS,
)
