"""Snapshots of every screen, made up: invented people, firms and values."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

from PySide6.QtCore import Qt

from drivers.messages import DeviceStatus
from drivers.model import DeviceIdentity, DeviceState, Measures
from sync.contract.books import BookItem
from sync.contract.called import CalledExam
from sync.contract.exam import (
    AppliedLimit,
    Complaints,
    Consent,
    Device,
    Examinee,
    FaceCheck,
    Failure,
    Measurement,
    MediaReference,
)
from sync.contract.person_code import PresentedBook
from sync.link_report import LinkCode
from terminal.books import ConsentText, KioskBooks
from terminal.exam.filming import is_filmed
from terminal.exam.model import Activity, Decided, Employment, ExamState, Film, Phase, Plan, Stamp
from terminal.snapshot import (
    EmploymentCard,
    Ending,
    LinkState,
    LiveProgress,
    TerminalPlace,
    TerminalSnapshot,
    Timeout,
    WorkerCard,
)

ZONE = timezone(timedelta(hours=5))
STARTED = datetime(2026, 11, 22, 0, 14, 3, tzinfo=UTC)
EXAM_ID = "0193b1c4-0000-7000-8000-000000000001"
WORKER_ID = "0193b1c4-0000-7000-8000-000000000002"
EMPLOYER_ID = "0193b1c4-0000-7000-8000-000000000003"
SHA = "ab" * 32

PLACE = TerminalPlace(
    terminal_id="kiosk-07",
    organisation_name="Медцентр «Сосновый бор»",
    place="Проходная № 2, Лесогорск",
    help_phone="8 800 000-00-07",
    medic_room="кабинет 12, первый этаж",
    generation="demo",
    software_version="0.1.0",
)
TODAY = STARTED.date()
ENDINGS = {
    "admitted": (
        Ending("Прививка", TODAY + timedelta(days=1), TODAY + timedelta(days=31)),
        Ending("Медкнижка", TODAY - timedelta(days=15), TODAY + timedelta(days=15)),
        Ending("Санитарный паспорт", None, TODAY + timedelta(days=16)),
    ),
    "not_identified": (Ending("Документ", None, TODAY - timedelta(days=1)),),
    "refer": (Ending("Медосмотр", None, TODAY),),
    "not_admitted": (Ending("Санитарный паспорт", None, TODAY + timedelta(days=1)),),
    "not_admitted_after": (Ending("Документ", None, TODAY + timedelta(days=3)),),
}
WORKER = WorkerCard("Зарубина Аглая Тихоновна", "Водитель погрузчика", "ООО «Лесогорский комбинат»")
LIMITS = tuple(
    AppliedLimit(parameter=name, low=low, high=high, source="default", version="2026-1")
    for name, low, high in (
        ("systolic_mmhg", 90, 140),
        ("diastolic_mmhg", 50, 90),
        ("pulse_bpm", 50, 100),
        ("temperature_celsius", 35.0, 37.2),
        ("breath_alcohol_mg_per_l", None, 0.0),
    )
)
VALUES = {
    "temperature": {"temperature_celsius": 36.6},
    "pressure": {"systolic_mmhg": 124, "diastolic_mmhg": 81, "mean_mmhg": 95, "pulse_bpm": 72},
    "breath": {"breath_alcohol_mg_per_l": 0.0},
}


def stamp(after_s: float = 0.0) -> Stamp:
    return Stamp(at=STARTED + timedelta(seconds=after_s), monotonic_s=1000.0 + after_s, boot_id="boot-1")


def device(name: str, measures: Measures, state: DeviceState = DeviceState.READY, reason: str = "") -> DeviceStatus:
    identity = DeviceIdentity("A&D", "TM-2655P", serial_number="190402117") if state is DeviceState.READY else None
    return DeviceStatus(name, measures, state, reason, 700.0, identity)


DEVICES = {
    "cuff": device("cuff", Measures.PRESSURE),
    "thermometer": device("thermometer", Measures.TEMPERATURE),
    "breathalyzer": device("breathalyzer", Measures.BREATH),
}


def exam(phase: Phase, activity: Activity = Activity.READY, **changes: object) -> ExamState:
    state = ExamState(
        exam_id=EXAM_ID,
        exam_type="pre_shift",
        plan=Plan(),
        started=stamp(),
        generation="demo",
        software_version="0.1.0",
        config_version="2026-1",
        phase=phase,
        activity=activity,
        phase_since=stamp(40),
        last=stamp(40),
        limits=LIMITS,
    )
    return replace(state, **changes)


def measurement(step: str, attempt: int = 1, **values: float | str) -> Measurement:
    return Measurement(
        measurement_id=f"0193b1c4-0000-7000-8000-00000000010{attempt}",
        step=step,
        attempt=attempt,
        at=STARTED,
        values=values or VALUES[step],
        device=Device(
            device_id="cuff", driver="tm2655", maker="A&D", model="TM-2655P", serial="190402117", medical_device=True
        ),
        generation="demo",
        raw_hex="00",
    )


def failure(step: str, kind: str, code: str, act: str, attempt: int = 1) -> Failure:
    return Failure(
        step=step, attempt=attempt, at=STARTED, device_id="thermometer", kind=kind, code=code, message="", act=act
    )


def asked(phase: Phase, activity: Activity = Activity.READY, **changes: object) -> ExamState:
    """An exam after the questions, before the first measurement."""
    known: dict[str, object] = {
        "examinee": Examinee(
            worker_id=WORKER_ID, employer_id=EMPLOYER_ID, identified_by="personnel_number", confirmed=True
        ),
        "consent": Consent(given=True, version="1", text_sha256=SHA, at=STARTED),
        "face": FaceCheck(outcome="not_compared", faces_found=1),
        "media": (
            MediaReference(sha256=SHA, kind="photo", content_type="image/jpeg", size_bytes=9, step="face", at=STARTED),
        ),
        "complaints": Complaints(feels_well=True),
    }
    state = exam(phase, activity, **(known | changes))
    return replace(state, films=(Film(1, STARTED),)) if is_filmed(state) else state


def measured(phase: Phase, **changes: object) -> ExamState:
    known: dict[str, object] = {
        "measurements": (measurement("temperature"), measurement("pressure"), measurement("breath"))
    }
    return asked(phase, **(known | changes))


def snapshot(state: ExamState | None = None, after_s: float = 52, **changes: object) -> TerminalSnapshot:
    at = stamp(after_s)
    made = TerminalSnapshot(
        place=PLACE,
        now=at,
        local_time=at.at.astimezone(ZONE),
        exam=state,
        worker=WORKER if state is not None and state.examinee is not None else None,
        devices=DEVICES,
        link=LinkState(connected=True),
    )
    return replace(made, **changes)


def decided(outcome: str, **changes: object) -> Decided:
    made = Decided(
        decision_id="0193b1c4-0000-7000-8000-000000000009",
        outcome=outcome,
        signature_valid=True,
        medic_name="Кедрова Мирра Львовна",
        decided_at=STARTED + timedelta(seconds=45),
        valid_until=STARTED + timedelta(hours=12) if outcome == "admitted" else None,
    )
    return replace(made, **changes)


def progress(state: str, since_s: float = 50.0, **details: float) -> LiveProgress:
    return LiveProgress(state, details, 1000.0 + since_s)


URGENT = ("chest_pain", "breathless", "injury", "fever")
HIGH = {"systolic_mmhg": 162, "diastolic_mmhg": 98, "mean_mmhg": 120, "pulse_bpm": 88}


LONG_CONSENT = "\n".join(
    (
        "Терминал запишет ответы, измерения, фотографию и видео осмотра.",
        "Результаты увидит только медицинский работник организации.",
        "",
        *(
            f"{number}. Согласен на обработку сведений о состоянии здоровья, необходимых для решения о допуске к работе, "
            "в объёме, который установлен приказом организации и действующим законодательством, до отзыва согласия."
            for number in range(1, 31)
        ),
    )
)
BOOKS = KioskBooks(
    complaints=tuple(
        BookItem(code=code, ru=ru, en=en)
        for code, ru, en in (
            ("headache", "Голова болит", "Headache"),
            ("dizziness", "Кружится голова", "Dizziness"),
            ("weakness", "Слабость", "Weakness"),
            ("fever", "Озноб, жар", "Chills, fever"),
            ("cough", "Кашель, насморк", "Cough, cold"),
            ("chest_pain", "Боль в груди", "Chest pain"),
            ("breathless", "Трудно дышать", "Short of breath"),
            ("nausea", "Тошнота", "Nausea"),
            ("stomach", "Болит живот", "Stomach ache"),
            ("injury", "Травма, боль", "Injury, pain"),
            ("poor_sleep", "Плохой сон", "Slept badly"),
            ("medicines", "Лекарства", "Medicines"),
            ("back_pain", "Болит спина", "Back pain"),
            ("eyes", "Красные глаза", "Red eyes"),
            ("hands", "Дрожат руки", "Shaking hands"),
            ("other_pain", "Сильная боль", "Strong pain"),
        )
    ),
    consent=ConsentText("2026-3", BookItem(code="health_data", ru=LONG_CONSENT)),
    texts={"place.help_phone": BookItem(code="place.help_phone", ru="8 800 000-00-00")},
)
"""Books as the centre sends them, as full as its rules let them be."""

_LONG = "Федеральное государственное унитарное предприятие «Центральное управление железнодорожных перевозок»"
EMPLOYERS = {
    "employer": (EmploymentCard("ООО «Ромашка-Транс»", "водитель"), EmploymentCard("АО «Лесные дороги»", "слесарь")),
    "employer_one_twice": (
        EmploymentCard("АО «Лесные дороги»", "слесарь"),
        EmploymentCard("АО «Лесные дороги»", "водитель автомобиля"),
        EmploymentCard(_LONG, "машинист"),
    ),
    "employer_six": (
        *(EmploymentCard(f"ООО «Автоколонна № {number}»", "водитель") for number in range(1, 6)),
        EmploymentCard(_LONG, "машинист"),
    ),
    "employer_many": tuple(EmploymentCard(f"ООО «Автоколонна № {number}»", "водитель") for number in range(1, 15)),
}


def every() -> Iterator[tuple[str, str, TerminalSnapshot]]:
    """Name of the case, the screen it belongs to, and the snapshot."""
    measuring = Activity.MEASURING
    temperature = asked(Phase.TEMPERATURE, measuring)
    cuff = asked(
        Phase.PRESSURE, measuring, measurements=(measurement("temperature"),), attempt=1, measuring_since=stamp(40)
    )
    breath = asked(
        Phase.BREATH, measuring, measurements=(measurement("temperature"), measurement("pressure")), attempt=1
    )
    yield "idle", "idle", snapshot()
    yield (
        "idle_not_ready",
        "idle",
        snapshot(
            devices={
                **DEVICES,
                "thermometer": device(
                    "thermometer",
                    Measures.TEMPERATURE,
                    DeviceState.ABSENT,
                    "not_found: /dev/ttyUSB0: the port is not there",
                ),
                "breathalyzer": device("breathalyzer", Measures.BREATH, DeviceState.WARMING),
                "oximeter": device("oximeter", Measures.OXIMETRY, DeviceState.FAULT),
            },
            link=LinkState(connected=False, waiting=12, parked=2, reason="no route to the broker"),
        ),
    )
    busy = device("thermometer", Measures.TEMPERATURE, DeviceState.BUSY)
    warm = device("breathalyzer", Measures.BREATH, DeviceState.WARMING)
    yield "idle_warming", "idle", snapshot(devices={**DEVICES, "thermometer": busy, "breathalyzer": warm})
    yield "idle_clock", "idle", replace(snapshot(), now=stamp(52).model_copy(update={"trusted": False}))
    for code in ("disk_full", "no_roster", "store_damaged", "verification_expired"):
        refused = ("cuff", "breathalyzer") if code == "verification_expired" else ()
        yield f"idle_{code}", "idle", snapshot(start_refusal=code, refused_devices=refused)
    ending = {"cuff": "2026-12-20", "thermometer": "2027-11-01", "breathalyzer": "2026-11-22"}
    yield "idle_verification_ends", "idle", snapshot(verified_until=ending)
    for code in get_args(LinkCode):
        stands_still = LinkState(connected=code in ("", "no_receipts"), waiting=4, code=code, reason="of the log")
        yield f"idle_link_{code or 'well'}", "idle", snapshot(link=stands_still)
    yield "idle_parked", "idle", snapshot(link=LinkState(connected=True, parked=2))
    yield "idle_notice", "idle", snapshot(notice="store_set_aside")
    yield "resume", "resume", snapshot(temperature, awaiting_resume=True)
    yield "resume_nobody", "resume", snapshot(exam(Phase.IDENTIFY), awaiting_resume=True)
    yield "identify", "identify", snapshot(exam(Phase.IDENTIFY), 5)
    for code in ("unknown", "check_digit", "malformed", "foreign_code"):
        state = exam(Phase.IDENTIFY, identification_attempts=1, identification_error=code)
        yield f"identify_{code}", "identify", snapshot(state, 15)
    yield "identify_countdown", "identify", snapshot(exam(Phase.IDENTIFY), timeout=Timeout(1059.0, 60.0))
    yield "identify_hint", "identify", snapshot(exam(Phase.IDENTIFY), timeout=Timeout(1072.0, 60.0))
    at_number = exam(Phase.IDENTIFY)
    book = PresentedBook(sha256="a" * 64, form="link", host="elmk.example", number="860102797025", on=TODAY)
    yield "identify_book_read", "identify", snapshot(exam(Phase.IDENTIFY, presented_book=book), 5)
    yield "identify_offered", "identify", snapshot(at_number, 5, search_offered=True)
    for code in ("no_match", "ambiguous", "nobody_enrolled", "no_good_frame", "number_needed", "no_engine"):
        missed = LiveProgress(f"search_{code}")
        yield f"identify_{code}", "identify", snapshot(at_number, 15, search_offered=True, progress=missed)
    for hint in ("", "closer", "hold"):
        looking = LiveProgress(hint)
        name = f"search_{hint}" if hint else "search"
        yield name, "search", snapshot(at_number, 9, search_offered=True, searching=True, progress=looking)
    for name, employers in EMPLOYERS.items():
        found = tuple(Employment(worker_id=WORKER_ID, employer_id=WORKER_ID) for _ in employers)
        choosing = exam(Phase.EMPLOYER, employments=found, found_by="personnel_number")
        yield name, "employer", snapshot(choosing, 9, employments=employers)
    known = asked(Phase.CONFIRM, consent=None, face=None, complaints=None, media=())
    yield "confirm", "confirm", snapshot(known, 9)
    for code, words in (
        ("suspended", "Вы отстранены до очередного инструктажа. Подойдите в отдел охраны труда, кабинет 3."),
        ("suspended", ""),
        ("not_remote", "Ваш терапевт просил прийти к ней лично. Она принимает в поликлинике № 2, кабинет 7, до 16:00."),
        ("not_remote", ""),
        ("in_person", "Сегодня осмотр проводит медработник. Подойдите в медпункт."),
        ("in_person", ""),
        ("not_allowed", "Сегодня терминал осмотр не проводит. Медработник скажет, что делать дальше."),
        ("not_allowed", ""),
        ("not_identified", ""),
        ("consent_refused", ""),
        ("person_changed", ""),
    ):
        name = f"not_today_{code}{'_words' if words else ''}"
        refused = Consent(given=False, version="1", text_sha256=SHA, at=STARTED) if code == "consent_refused" else None
        state = replace(known, phase=Phase.NOT_TODAY, blocked_code=code, blocked_text=words, consent=refused)
        yield name, "not_today", snapshot(state)
    yield "consent", "consent", snapshot(replace(known, phase=Phase.CONSENT), 12)
    yield "consent_of_the_centre", "consent", snapshot(replace(known, phase=Phase.CONSENT), 12, books=BOOKS)
    looking = asked(Phase.FACE, face=None, complaints=None, media=())
    yield "face", "face", snapshot(looking, 20)
    for hint in (
        "no_face",
        "several_faces",
        "closer",
        "further",
        "light",
        "look_here",
        "hold",
        "turn_left",
        "turn_right",
    ):
        yield f"face_{hint}", "face", snapshot(looking, 22, progress=progress(hint))
    yield "face_again", "face", snapshot(replace(looking, photo_attempts=1, photo_error="dark"), 30)
    yield "complaints", "complaints", snapshot(asked(Phase.COMPLAINTS, complaints=None), 28)
    yield "complaints_of_the_centre", "complaints", snapshot(asked(Phase.COMPLAINTS, complaints=None), 28, books=BOOKS)
    in_pain = asked(
        Phase.URGENT,
        plan=Plan(urgent_complaints=URGENT),
        complaints=Complaints(feels_well=False, codes=("breathless", "cough", "chest_pain")),
    )
    yield "urgent", "urgent", snapshot(in_pain, 30, help_called=True)
    yield "urgent_offline", "urgent", snapshot(in_pain, 30, help_called=True, link=LinkState(connected=False))
    yield "temperature", "temperature", snapshot(temperature, 33)
    yield "temperature_waiting", "temperature", snapshot(temperature, 33, progress=progress("waiting_for_forehead"))
    yield "temperature_measuring", "temperature", snapshot(temperature, 34, progress=progress("measuring"))
    yield (
        "result_temperature",
        "result",
        snapshot(asked(Phase.TEMPERATURE, Activity.RESULT, measurements=(measurement("temperature"),)), 36),
    )
    yield "pressure", "pressure", snapshot(replace(cuff, activity=Activity.READY, attempt=0), 38)
    yield (
        "pressure_asked_again",
        "pressure",
        snapshot(
            replace(
                cuff,
                activity=Activity.READY,
                decision=decided("repeat", repeat_step="pressure"),
                measurements=(measurement("temperature"), measurement("pressure")),
            ),
            38,
        ),
    )
    for phase, screen in ((Phase.PRESSURE, "pressure"), (Phase.TEMPERATURE, "try_again"), (Phase.BREATH, "try_again")):
        yield f"ordered_{phase}", screen, snapshot(exam(phase), 3, is_ordered=True)
    yield "ordered_measuring", "pressure", snapshot(replace(cuff, examinee=None), 9, is_ordered=True)
    yield "pressure_measuring", "pressure", snapshot(cuff, 52, progress=progress("measuring", elapsed_s=12))
    yield "pressure_live", "pressure", snapshot(cuff, 61, progress=progress("inflating", cuff_mmhg=134))
    yield "pressure_by_hand", "pressure", snapshot(cuff, 52, progress=progress("waiting_for_start"))
    yield "pressure_long", "pressure", snapshot(cuff, 95, progress=progress("measuring"))
    yield (
        "result_pressure",
        "result",
        snapshot(
            replace(
                cuff,
                activity=Activity.RESULT,
                measurements=(measurement("temperature"), measurement("pressure", 1, **HIGH)),
            ),
            80,
        ),
    )
    yield (
        "rest",
        "rest",
        snapshot(
            replace(
                cuff,
                activity=Activity.RESTING,
                rest_until=STARTED + timedelta(minutes=21),
                rest_s=1200.0,
                rest_from=stamp(60),
                measurements=(measurement("temperature"), measurement("pressure", 1, **HIGH)),
            ),
            84,
        ),
    )
    yield "breath_starting", "breath", snapshot(breath, 70)
    missed = replace(breath, failures=(failure("breath", "DeviceFault", "flow", "worker"),))
    yield "breath_starting_once_more", "breath", snapshot(missed, 70)
    by_hand = frozenset({"temperature", "pressure", "breath"})
    for one in (temperature, cuff, breath):
        yield f"typed_{one.phase}", "typed", snapshot(replace(one, activity=Activity.READY), 40, typed_steps=by_hand)
    wrong = snapshot(replace(cuff, activity=Activity.READY), 40, typed_steps=by_hand, progress=progress("typed_wrong"))
    yield "typed_wrong", "typed", wrong
    for state in ("started", "warming", "waiting_for_breath", "blowing", "analysing"):
        yield f"breath_{state}", "breath", snapshot(breath, 53, progress=progress(state))
    drunk = replace(breath, measurements=(*breath.measurements, measurement("breath", 1, breath_alcohol_mg_per_l=0.34)))
    yield "breath_again", "breath", snapshot(drunk, 53, progress=progress("waiting_for_breath"))
    yield "breath_late", "breath", snapshot(drunk, 53 + 30 * 60, progress=progress("waiting_for_breath", 53 + 29 * 60))
    yield (
        "breath_second_try",
        "breath",
        snapshot(
            replace(breath, failures=(failure("breath", "DeviceFault", "flow", "worker"),)),
            53,
            progress=progress("waiting_for_breath"),
        ),
    )
    low = measurement("pressure", 1, **(HIGH | {"systolic_mmhg": 84, "diastolic_mmhg": 52}))
    resting = {"activity": Activity.RESTING, "rest_s": 1200.0, "rest_from": stamp(60)}
    yield "rest_low", "rest", snapshot(replace(cuff, **resting, measurements=(low,)), 84)
    feverish = measurement("temperature", 1, temperature_celsius=38.1)
    yield "rest_temperature", "rest", snapshot(replace(temperature, **resting, measurements=(feverish,)), 84)
    yield "result_breath", "result", snapshot(replace(drunk, activity=Activity.RESULT), 90)
    yield (
        "rest_breath",
        "rest",
        snapshot(
            replace(
                drunk,
                activity=Activity.RESTING,
                rest_until=STARTED + timedelta(minutes=16),
                rest_s=900.0,
                rest_from=stamp(60),
            ),
            90,
        ),
    )
    for step, base, codes in (
        ("temperature", temperature, ("timeout", "object_under_range", "impossible_value")),
        (
            "pressure",
            cuff,
            ("E12", "E23", "E24", "E42", "E43", "E44", "E61", "E63", "not_started", "stored", "impossible_value"),
        ),
        (
            "breath",
            breath,
            ("flow", "time_out", "timeout_waiting_for_breath", "no_breath", "ended", "impossible_value"),
        ),
    ):
        for code in codes:
            failed = replace(
                base, activity=Activity.TRY_AGAIN, failures=(failure(step, "DeviceFault", code, "worker"),)
            )
            yield f"try_again_{step}_{code}", "try_again", snapshot(failed, 60)
    for kind in ("Cancelled", "StaleReading"):
        failed = replace(
            temperature, activity=Activity.TRY_AGAIN, failures=(failure("temperature", kind, kind.lower(), "worker"),)
        )
        yield f"try_again_{kind}", "try_again", snapshot(failed, 60)
    for kind, code, act in (
        ("Unavailable", "unavailable", "service"),
        ("NoResponse", "no_response", "service"),
        ("FrameError", "frame", "service"),
        ("WrongDevice", "wrong_device", "service"),
        ("DeviceFault", "sensor", "service"),
        ("DeviceFault", "medic", "medic"),
        ("VerificationExpired", "verification_expired", "service"),
        ("DeviceFault", "timeout", "worker"),
    ):
        state = replace(temperature, activity=Activity.TROUBLE, failures=(failure("temperature", kind, code, act),))
        yield f"trouble_{kind}_{act}", "trouble", snapshot(state, 60)
        if kind == "Unavailable":
            gone = {
                **DEVICES,
                "thermometer": device(
                    "thermometer",
                    Measures.TEMPERATURE,
                    DeviceState.ABSENT,
                    "not_found: /dev/ttyUSB0: the port is not there",
                ),
            }
            yield "trouble_gone", "trouble", snapshot(state, 60, devices=gone)
            yield "trouble_gone_offline", "trouble", snapshot(state, 60, devices=gone, link=LinkState(connected=False))
            over = replace(state, failures=state.failures * 3)
            yield "trouble_gone_for_good", "trouble", snapshot(over, 60, devices=gone)
    yield "summary", "summary", snapshot(measured(Phase.REVIEW), 88)
    yield (
        "summary_attention",
        "summary",
        snapshot(
            measured(
                Phase.REVIEW,
                measurements=(
                    measurement("pressure", 1, **HIGH),
                    measurement("breath", 1, breath_alcohol_mg_per_l=0.34),
                ),
                complaints=Complaints(feels_well=False, codes=("headache", "poor_sleep", "medicines"), text="болит"),
            ),
            88,
        ),
    )
    yield (
        "summary_many",
        "summary",
        snapshot(
            measured(
                Phase.REVIEW,
                face=FaceCheck(outcome="not_compared", reason="no_camera"),
                media=(),
                limits=(),
                measurements=(measurement("temperature"), measurement("breath", 1, breath_test="pass")),
                complaints=Complaints(
                    feels_well=False, codes=("headache", "poor_sleep", "cough", "nausea", "weakness")
                ),
            ),
            88,
        ),
    )
    yield (
        "summary_fail",
        "summary",
        snapshot(measured(Phase.REVIEW, measurements=(measurement("breath", 1, breath_test="fail"),)), 88),
    )
    yield (
        "summary_word",
        "summary",
        snapshot(measured(Phase.REVIEW, measurements=(measurement("breath", 1, breath_test="over"),)), 88),
    )
    waiting = measured(Phase.WAITING, sent_revision=1)
    yield "waiting", "waiting", snapshot(waiting, 130)
    yield "waiting_sending", "waiting", snapshot(waiting, 91, link=LinkState(connected=True, waiting=3))
    unanswered = LinkState(connected=True, waiting=3, code="no_receipts")
    yield "waiting_no_receipts", "waiting", snapshot(waiting, 91, link=unanswered)
    called = CalledExam(exam_id="0193b1c4-0000-7000-8000-000000000001", number=3)
    yield "waiting_called", "waiting", snapshot(waiting, 130, called=called)
    yield "waiting_opened", "waiting", snapshot(waiting, 130, called=called.model_copy(update={"is_open": True}))
    yield "waiting_offline", "waiting", snapshot(waiting, 130, link=LinkState(connected=False, waiting=5))
    yield "waiting_refused", "waiting", snapshot(replace(waiting, decision_refused=True), 130)
    for outcome in ("admitted", "not_identified", "refer"):
        holder = replace(WORKER, endings=ENDINGS[outcome])
        state = measured(Phase.DECIDED, decision=decided(outcome))
        yield f"decision_{outcome}", "decision", snapshot(state, 46, worker=holder)
    for code in ("opened", "late"):
        state = measured(Phase.DECIDED, decision=decided("admitted"))
        yield f"decision_admitted_gate_{code}", "decision", snapshot(state, 46, gate=code)
    refusal = decided("not_admitted", released_text="Давление выше вашей нормы. Терапевт ждёт вас сегодня.")
    warned = replace(WORKER, endings=ENDINGS["not_admitted"])
    yield "decision_not_admitted", "decision", snapshot(measured(Phase.DECIDED, decision=refusal), 46, worker=warned)
    yield "decision_turned_away", "decision", snapshot(measured(Phase.DECIDED, decision=refusal), 70)
    for outcome in ("admitted", "not_admitted"):
        worked = measured(Phase.DECIDED, exam_type="post_shift", decision=decided(outcome))
        warned = replace(WORKER, endings=ENDINGS.get(f"{outcome}_after", ()))
        yield f"decision_{outcome}_after", "decision", snapshot(worked, 46, worker=warned)
    link = f"https://centre.clinic.example/me/join#{'0193b1c4-0000-7000-8000-000000000001'}.{'A' * 86}"
    for outcome in ("admitted", "not_admitted", "refer"):
        known = measured(Phase.DECIDED, decision=refusal if outcome == "not_admitted" else decided(outcome))
        yield f"decision_{outcome}_own_pages", "decision", snapshot(known, 46, worker=warned, account_link=link)
    over = decided("admitted", valid_until=STARTED + timedelta(seconds=50))
    yield "decision_over", "decision", snapshot(measured(Phase.DECIDED, decision=over), 60)
    unsigned = decided("admitted", signature_valid=False)
    yield "decision_unconfirmed", "decision", snapshot(measured(Phase.DECIDED, decision=unsigned), 46)
    yield "help_called", "identify", snapshot(exam(Phase.IDENTIFY), 5, help_called=True)


def really(shown: TerminalSnapshot) -> TerminalSnapshot:
    """The same in real work."""
    return replace(shown, place=replace(shown.place, generation="real"))


LEFT = Qt.MouseButton.LeftButton
ENTER = Qt.Key.Key_Return
BACKSPACE = Qt.Key.Key_Backspace
