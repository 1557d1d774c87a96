"""A simulated Dingo E-200 (and Sentech EBS-010), written from the published line tables.

What stands behind the comma of a result, the field order of `$i0000` and the period of the idle `$END` are not
published: they are fields here. By default somebody blows three seconds after `$STANBY`.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from simulators.model import Scenarios

_ENDINGS = {
    "flow": "$FLOW,ERR",
    "time_out": "$TIME,OUT",
    "sensor": "$SENSOR,ERR",
    "module": "$MODULE,ERR",
    "temperature": "$TEMP,ERR",
    "system": "$SYSTEM,ERR",
    "battery": "$BAT,LOW",
    "lifetime": "$LIFETIMEOVER",
}


@dataclass
class DingoModel:
    """The breathalyzer. Alcohol in the unit of the display (mg/L), times in simulated seconds."""

    NAME: ClassVar[str] = "dingo_e200"
    SCENARIOS: ClassVar[Scenarios] = {
        "normal": {},
        "high": {"alcohol": "0.412"},
        "over": {"alcohol": "OVER"},
        "corrupted": {"alcohol": "0.0O0"},
        **{f"error_{name}": {"ending": name} for name in _ENDINGS},
        "retry": {"flow_errors_first": 1},
        "calibration": {"calibration_due": True},
        "nobody_blows": {"blows_after_s": 1e9, "patience_s": 30.0},
        "ended": {"ends_without_result": True},
        "silence": {"mute": True},
        "stuck": {"blows_after_s": 1e9, "patience_s": 1e9},
        "stale_memory": {"result_at_once": True},
        "ebs010": {"ebs": True},
        "ebs010_high": {"ebs": True, "alcohol": "0.610"},
    }

    alcohol: str = "0.000"
    """What stands in the result: `x.xxx`, or a word such as OVER."""
    positive_from: float = 0.16
    after_comma: str = ""
    """Text after the first comma of a result, with the comma; undocumented."""
    ending: str = ""
    flow_errors_first: int = 0
    calibration_due: bool = False
    ends_without_result: bool = False
    result_at_once: bool = False
    mute: bool = False
    ebs: bool = False
    unit_letter: str = "M"
    serial: str = "E2-045617"
    identification: tuple[str, ...] = ("#i7,S/N", "#i7,{serial}", "#i7,V2.0.0")
    clock: str = "2026-07-11,09:05:30"
    idle_end_period_s: float = 1.0
    warming_s: float = 4.0
    blows_after_s: float = 3.0
    patience_s: float = 30.0
    blow_s: float = 4.0
    analysis_s: float = 3.0
    phase: str = "idle"
    tests: int = 0
    stops: int = 0
    _fast: bool = False
    _in_phase_s: float = 0.0
    _inbox: bytearray = field(default_factory=bytearray)
    _outbox: bytearray = field(default_factory=bytearray)

    def tick(self, dt: float) -> None:
        self._in_phase_s += dt
        match self.phase:
            case "idle" if self._in_phase_s >= self.idle_end_period_s:
                self._enter("idle", "$END")
            case "warming" if self._in_phase_s >= self.warming_s:
                self._enter("standby", "$STANBY")
            case "standby" if self._in_phase_s >= self.blows_after_s:
                self._enter("blowing", "$TRIGGER")
            case "standby" if self._in_phase_s >= self.patience_s:
                self._end(_ENDINGS["time_out"])
            case "blowing" if self._in_phase_s >= self.blow_s:
                self._blown()
            case "analysing" if self._in_phase_s >= self.analysis_s:
                self._end(self._result())
            case _:
                return

    def receive(self, data: bytes) -> None:
        self._inbox += data
        while (end := self._inbox.find(b"\r\n")) >= 0:
            line = bytes(self._inbox[:end]).decode("ascii", "replace")
            del self._inbox[: end + 2]
            self._obey(line)
        del self._inbox[:-64]

    def transmit(self) -> bytes:
        sent = b"" if self.mute else bytes(self._outbox)
        self._outbox.clear()
        return sent

    def _obey(self, line: str) -> None:
        precise, fast, stop = (
            ("$START", "", "$RESET") if self.ebs else ("$STARTSENTECH", "$FASTSENTECH", "$STOPSENTECH")
        )
        if line in (precise, fast) and line and self.phase == "idle":
            self.tests += 1
            self._fast = line == fast
            if self.result_at_once:
                self.result_at_once = False
                self._say(self._result())
            if self.calibration_due:
                self._say("$CALIBRATION")
            self._enter("warming", "$WAIT")
        elif line in (stop, "$RESET"):
            self.stops += 1
            self._enter("idle", "$END")
        elif line == "$RECALL" and self.phase == "idle":
            self._say(f"$U/{self.unit_letter},L/000,H/000,T/{self.tests:04d}" if self.ebs else f"#{self.clock}")
        elif line == "$i0000" and not self.ebs and self.phase == "idle":
            for text in self.identification:
                self._say(text.format(serial=self.serial))
            self._say("$END")

    def _blown(self) -> None:
        if self.flow_errors_first > 0:
            self.flow_errors_first -= 1
            self._end(_ENDINGS["flow"])
        elif self.ending:
            self._end(_ENDINGS[self.ending])
        elif self.ends_without_result:
            self._enter("idle", "$END")
        else:
            self._enter("analysing", "$BREATH")

    def _result(self) -> str:
        if self.ebs:
            return f"$RESULT,{self.alcohol}-{'HIGH' if float(self.alcohol) >= self.positive_from else 'OK'}"
        if self._fast and self.alcohol[0].isdigit():
            return f"$R:{'FAIL' if float(self.alcohol) >= self.positive_from else 'PASS'}{self.after_comma}"
        return f"$R:{self.alcohol}{self.after_comma}"

    def _end(self, line: str) -> None:
        self._say(line)
        self._enter("idle", "$END")

    def _enter(self, phase: str, line: str) -> None:
        self.phase, self._in_phase_s = phase, 0.0
        self._say(line)

    def _say(self, line: str) -> None:
        self._outbox += line.encode("ascii") + b"\r\n"
