"""Exams for tests: a clock that only the test moves, and a script that plays events in order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sync.contract.canonical import new_id
from sync.contract.exam import AppliedLimit, Complaints, Consent, Device, FaceCheck, Failure, Measurement
from terminal.exam import events
from terminal.exam.decide import decide
from terminal.exam.effects import Effect
from terminal.exam.model import ExamState, Plan, Repeat, Stamp

BEGAN = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
BOOT = "boot-1"
DEVICE = Device(device_id="d", driver="x", maker="Acme", model="One", serial="7", medical_device=True)
LIMITS = (
    AppliedLimit(parameter="systolic_mmhg", low=90, high=140, source="default", version="1"),
    AppliedLimit(parameter="diastolic_mmhg", low=60, high=90, source="default", version="1"),
    AppliedLimit(parameter="temperature_celsius", low=35.0, high=37.0, source="default", version="1"),
    AppliedLimit(parameter="breath_alcohol_mg_per_l", high=0.0, source="default", version="1"),
)
PLAN = Plan(
    repeats={"pressure": Repeat(most=2, rest_s=1200), "breath": Repeat(most=1, rest_s=900)}, rules_version="rules-1"
)
VALUES: dict[str, dict[str, Any]] = {
    "temperature": {"temperature_celsius": 36.6},
    "pressure": {"systolic_mmhg": 122, "diastolic_mmhg": 78, "pulse_bpm": 71},
    "breath": {"breath_alcohol_mg_per_l": 0.0},
}


class Script:
    """Plays one exam. Every method is one event, ten seconds after the one before it."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.exam_id = new_id()
        self.events: list[events.Event] = []
        self.state: ExamState | None = None
        self.effects: tuple[Effect, ...] = ()
        self._monotonic_s = 100.0
        self.boot = BOOT
        self.play(
            events.ExamStarted(
                exam_id=self.exam_id,
                stamp=self.stamp(),
                exam_type="pre_shift",
                plan=plan,
                generation="test",
                software_version="0",
                config_version="0",
            )
        )

    def stamp(self) -> Stamp:
        at = BEGAN + timedelta(seconds=self._monotonic_s - 100.0)
        return Stamp(at=at, monotonic_s=self._monotonic_s, boot_id=self.boot)

    def play(self, event: events.Event) -> ExamState:
        self.state, self.effects = decide(self.state, event)
        self.events.append(event)
        self._monotonic_s += 10.0
        return self.state

    def do(self, kind: type[Any], **fields: Any) -> ExamState:
        return self.play(kind(exam_id=self.exam_id, stamp=self.stamp(), **fields))

    @property
    def now(self) -> ExamState:
        if self.state is None:
            raise LookupError("nothing happened yet")
        return self.state

    def identify(self) -> ExamState:
        return self.do(
            events.ExamineeIdentified,
            worker_id=new_id(),
            employer_id=new_id(),
            identified_by="personnel_number",
            limits=LIMITS,
        )

    def consent(self, given: bool = True) -> ExamState:
        consent = Consent(given=given, version="1", text_sha256="0" * 64, at=BEGAN)
        return self.do(events.ConsentAnswered, consent=consent)

    def photo(self) -> ExamState:
        face = FaceCheck(outcome="not_compared", faces_found=1)
        return self.do(events.PhotoTaken, face=face, photo=None)

    def complain(self, feels_well: bool = True) -> ExamState:
        return self.do(events.ComplaintsAnswered, complaints=Complaints(feels_well=feels_well))

    def start(self, step: str) -> ExamState:
        return self.do(
            events.MeasurementStarted, step=step, attempt=self.now.attempt + 1, request_id=new_id(), device_id="d"
        )

    def take(self, step: str, **values: Any) -> ExamState:
        measurement = Measurement(
            measurement_id=new_id(),
            step=step,
            attempt=self.now.attempt,
            at=BEGAN,
            values=values or VALUES[step],
            device=DEVICE,
            generation="test",
            raw_hex="00",
        )
        return self.do(events.MeasurementTaken, request_id=self.now.request_id, measurement=measurement)

    def fail(self, step: str, act: str = "worker", kind: str = "DeviceFault") -> ExamState:
        failure = Failure(
            step=step,
            attempt=self.now.attempt,
            at=BEGAN,
            device_id="d",
            kind=kind,
            code="E44",
            message="movement",
            act=act,
        )
        return self.do(events.MeasurementFailed, request_id=self.now.request_id, failure=failure)

    def measure(self, step: str, **values: Any) -> ExamState:
        self.start(step)
        self.take(step, **values)
        return self.do(events.ResultSeen)

    def decided(self, outcome: str = "admitted", **fields: Any) -> ExamState:
        return self.do(
            events.DecisionReceived,
            decision_id=new_id(),
            outcome=outcome,
            medic_name="Зоя Луговая",
            decided_at=BEGAN,
            **fields,
        )

    def up_to(self, phase: str) -> "Script":
        """Play the happy exam until that phase is reached."""
        moves = {
            "identify": self.identify,
            "confirm": lambda: self.do(events.IdentityConfirmed),
            "consent": self.consent,
            "face": self.photo,
            "complaints": self.complain,
            "temperature": lambda: self.measure("temperature"),
            "pressure": lambda: self.measure("pressure"),
            "breath": lambda: self.measure("breath"),
            "review": lambda: self.do(events.SummaryConfirmed),
            "waiting": self.decided,
        }
        while self.now.phase != phase:
            moves[str(self.now.phase)]()
        return self
