"""A whole exam by mouse clicks, decided by the terminal's own transition table: the worker never gets stuck."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sync.contract.exam import Consent, FaceCheck, MediaReference
from terminal.exam import events
from terminal.exam.decide import decide
from terminal.exam.effects import Effect, LookAtFace, ShowResultFor, StartMeasurement
from terminal.exam.model import ExamState, Plan, Repeat
from terminal.intents import (
    AnswerComplaints,
    AnswerConsent,
    AnswerIdentity,
    Begin,
    Intent,
    Leave,
    Next,
    StartMeasuring,
    StopMeasuring,
    SubmitNumber,
)
from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import click, find, names_on

Readings = dict[str, list[dict[str, float]]]


@dataclass
class Bench:
    """Plays core, roster, camera, devices and medic at once: what the screen posts is decided, measured and shown."""

    stand: Stand
    readings: Readings
    plan: Plan = field(default_factory=Plan)
    state: ExamState | None = None
    screens: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    now_s: float = 0.0
    taken: int = 0

    def click(self, name: str, screen: str) -> None:
        """Click, act on what was posted, and wait for that screen."""
        click(self.stand.window, name)
        for intent in self.stand.wanted[self.taken :]:
            self._intend(intent)
        self.taken = len(self.stand.wanted)
        self.show(screen)

    def show(self, screen: str) -> None:
        self.now_s += 3
        self.stand.show(made_up.snapshot(self.state if self.state and self.state.is_open else None, self.now_s), screen)
        self.screens.append(screen)

    def happen(self, make: Callable[..., Any], **facts: Any) -> None:
        stamp = made_up.stamp(self.now_s)
        self.state, effects = decide(self.state, make(exam_id=made_up.EXAM_ID, stamp=stamp, **facts))
        for effect in effects:
            self._run(effect)

    def measure(self) -> None:
        """The device of the current step gives its next reading."""
        assert self.state is not None
        step = str(self.state.phase)
        values = self.readings[step].pop(0)
        taken = made_up.measurement(step, self.state.attempt, **values)
        self.happen(events.MeasurementTaken, request_id=self.state.request_id, measurement=taken)

    def _run(self, effect: Effect) -> None:
        match effect:
            case StartMeasurement(step):
                self._start(step)
            case LookAtFace() | ShowResultFor():
                pass  # the camera and the clock act in the test itself
            case _:
                pass

    def _start(self, step: str) -> None:
        assert self.state is not None
        self.happen(
            events.MeasurementStarted,
            step=step,
            attempt=self.state.attempt + 1,
            request_id=f"0193b1c4-0000-7000-8000-{next(self.numbers):012x}",
            device_id=step,
        )

    def _intend(self, intent: Intent) -> None:
        assert isinstance(intent, Begin) or self.state is not None
        match intent:
            case Begin(exam_type):
                self.happen(
                    events.ExamStarted,
                    exam_type=exam_type,
                    plan=self.plan,
                    generation="demo",
                    software_version="0.1.0",
                    config_version="1",
                )
            case SubmitNumber("4711"):
                self.happen(
                    events.ExamineeIdentified,
                    worker_id=made_up.WORKER_ID,
                    employer_id=made_up.EMPLOYER_ID,
                    identified_by="personnel_number",
                    limits=made_up.LIMITS,
                )
            case SubmitNumber():
                self.happen(events.IdentificationFailed, code="unknown")
            case AnswerIdentity(yes):
                self.happen(events.IdentityConfirmed if yes else events.IdentityDenied)
            case AnswerConsent(yes):
                given = Consent(given=yes, version="1", text_sha256=made_up.SHA, at=made_up.STARTED)
                self.happen(events.ConsentAnswered, consent=given)
            case AnswerComplaints(feels_well, codes, text):
                from sync.contract.exam import Complaints

                told = Complaints(feels_well=feels_well, codes=codes, text=text)
                self.happen(events.ComplaintsAnswered, complaints=told)
            case StartMeasuring():
                self._start(str(self.state.phase if self.state else ""))
            case StopMeasuring():
                stopped = made_up.failure(
                    str(self.state.phase if self.state else ""), "Cancelled", "cancelled", "worker"
                )
                self.happen(
                    events.MeasurementFailed, request_id=self.state.request_id if self.state else "", failure=stopped
                )
            case Next():
                self._next()
            case Leave():
                self.happen(events.ExamEnded, reason="interrupted")
            case _:
                raise AssertionError(f"nobody expected {intent}")

    def _next(self) -> None:
        assert self.state is not None
        match str(self.state.phase):
            case "review":
                self.happen(events.SummaryConfirmed)
            case "decided":
                self.happen(events.DecisionSeen)
            case _:
                self.happen(events.ResultSeen)


def up_to_the_measurements(bench: Bench) -> None:
    bench.show("idle")
    bench.click("begin", "identify")
    for digit in "4711":
        bench.click(f"key_{digit}", "identify")
    bench.click("number_ok", "confirm")
    bench.click("confirm_yes", "consent")
    bench.click("consent_yes", "face")
    photo = MediaReference(
        sha256=made_up.SHA, kind="photo", content_type="image/jpeg", size_bytes=9, step="face", at=made_up.STARTED
    )
    bench.happen(events.PhotoTaken, face=FaceCheck(outcome="not_compared", faces_found=1), photo=photo)
    bench.show("complaints")


def test_admitted(stand: Stand) -> None:
    values = {step: [dict(values)] for step, values in made_up.VALUES.items()}
    bench = Bench(stand, values)
    up_to_the_measurements(bench)
    bench.click("complaints_none", "temperature")
    bench.measure()
    bench.show("result")
    bench.click("next", "pressure")
    bench.click("start_measuring", "pressure")
    bench.measure()
    bench.show("result")
    bench.click("next", "breath")
    bench.measure()
    bench.show("result")
    bench.click("next", "summary")
    assert find(stand.window, "value_temperature").property("text") == "36,6"
    assert find(stand.window, "value_pressure").property("text") == "124/81"
    assert find(stand.window, "value_pulse").property("text") == "72"
    assert find(stand.window, "value_alcohol").property("text") == "0,000"
    bench.click("summary_ok", "waiting")
    bench.happen(
        events.DecisionReceived,
        decision_id="0193b1c4-0000-7000-8000-0000000000aa",
        outcome="admitted",
        medic_name="Кедрова Мирра Львовна",
        decided_at=made_up.STARTED + timedelta(seconds=bench.now_s),
        valid_until=made_up.STARTED + timedelta(hours=12),
    )
    bench.show("decision")
    assert find(stand.window, "title").property("text") == "Допущен"
    bench.click("decision_ok", "idle")


def test_high_pressure_stopped_once_repeated_and_left(stand: Stand) -> None:
    high = dict(made_up.HIGH)
    bench = Bench(
        stand,
        {"temperature": [dict(made_up.VALUES["temperature"])], "pressure": [high, high]},
        plan=Plan(repeats={"pressure": Repeat(most=1, rest_s=1200)}),
    )
    up_to_the_measurements(bench)
    bench.click("complaints_some", "complaints")
    bench.click("complaint_headache", "complaints")
    bench.click("complaints_done", "temperature")
    bench.measure()
    bench.show("result")
    bench.click("next", "pressure")
    bench.click("start_measuring", "pressure")
    bench.click("stop_measuring", "try_again")
    bench.click("retry", "pressure")
    bench.measure()
    bench.show("result")
    bench.click("next", "rest")
    assert find(stand.window, "come_back").property("text").startswith("Вернитесь в 05:3")
    bench.happen(events.RestEnded)
    bench.show("pressure")
    bench.click("start_measuring", "pressure")
    bench.measure()
    bench.show("result")
    bench.click("next", "breath")
    bench.click("exit", "breath")
    bench.click("leave", "idle")
    assert "sheet_leave" not in names_on(stand.window)


def test_three_unknown_numbers_lead_to_a_person(stand: Stand) -> None:
    bench = Bench(stand, {})
    bench.show("idle")
    bench.click("begin", "identify")
    for screen in ("identify", "identify", "not_today"):
        bench.click("key_9", "identify")
        bench.click("number_ok", screen)
    assert find(stand.window, "title").property("text") == "Не удалось узнать вас по номеру"
    bench.click("leave", "idle")
