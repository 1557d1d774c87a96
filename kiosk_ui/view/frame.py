"""The frame of every screen: steps with ticks, devices, link, help, and the parts that move by themselves."""

from drivers.model import DeviceState
from kiosk_ui.texts import Texts
from kiosk_ui.view.model import (
    FactView,
    HelpView,
    LampState,
    LampView,
    LinkView,
    LiveView,
    StepLine,
    StepMark,
    StepState,
    ViewOptions,
)
from kiosk_ui.view.values import minutes_seconds, short_value, values_of_step
from terminal.exam.filming import is_filmed, open_films
from terminal.exam.model import Activity, ExamState, Phase
from terminal.exam.times import elapsed_s, rest_left_s
from terminal.snapshot import LinkState, TerminalSnapshot

_LAMPS: dict[DeviceState, LampState] = {
    DeviceState.READY: "good",
    DeviceState.WARMING: "wait",
    DeviceState.BUSY: "wait",
    DeviceState.FAULT: "bad",
    DeviceState.ABSENT: "bad",
}
_LABELS = ("language", "help", "call_medic", "medic_called", "exit", "erase", "close", "elapsed", "service")
_AFTER_STEPS = frozenset({Phase.REVIEW, Phase.WAITING, Phase.DECIDED, Phase.ENDED})
_AWAY = frozenset({Phase.NOT_TODAY, Phase.WAITING, Phase.DECIDED})
"""Somebody else may stand before the screen: what was told and measured is not on it."""
COUNTDOWN_S = 10.0
"""The last seconds before the screen closes are counted down."""


def steps(exam: ExamState | None, texts: Texts, *, with_values: bool = True) -> tuple[StepLine, ...]:
    """All steps of the exam's plan, from who you are to the decision; values only while the worker stands there."""
    if exam is None:
        return ()
    shows = with_values and exam.phase not in _AWAY and exam.activity is not Activity.RESTING
    lines = [StepLine("identify", texts("step.identify"), "", _identify_state(exam))]
    for step in exam.plan.steps:
        value, mark = (_value(exam, step, texts), _mark(exam, step, texts)) if shows else ("", "")
        lines.append(StepLine(str(step), texts(f"step.{step}"), value, _state(exam, step), mark))
    decided: StepState = "todo"
    if exam.phase in _AFTER_STEPS:
        decided = "done" if exam.phase is Phase.DECIDED else "current"
    return (*lines, StepLine("decision", texts("step.decision"), "", decided))


def lamps(snapshot: TerminalSnapshot, texts: Texts) -> tuple[LampView, ...]:
    """One lamp per device, in the order of the configuration."""
    return tuple(
        LampView(
            device_id=device.device_id,
            label=texts(f"device.{device.measures}"),
            word=texts(f"device_state.{device.state}"),
            state=_LAMPS[device.state],
        )
        for device in snapshot.devices.values()
    )


def link(snapshot: TerminalSnapshot, texts: Texts) -> LinkView:
    way = snapshot.link
    short = texts("link.short_up" if way.connected else "link.short_down")
    return LinkView(
        text=short if way.code == "no_receipts" else texts("link.up" if way.connected else "link.down"),
        short=short,
        staff=_for_staff(way, texts),
        state="good" if way.connected else "bad",
    )


def _for_staff(way: LinkState, texts: Texts) -> str:
    """What somebody has to look after and no worker can; the figures are on the service screen."""
    if way.code == "no_receipts":
        return texts("link.staff_no_receipts")
    return texts("link.staff_parked") if way.parked else ""


def recording(snapshot: TerminalSnapshot, texts: Texts) -> str:
    """Whoever is filmed sees that he is."""
    exam = snapshot.exam
    if exam is None or snapshot.awaiting_resume or not is_filmed(exam) or not open_films(exam):
        return ""
    return texts("frame.recording")


def band(snapshot: TerminalSnapshot, texts: Texts) -> str:
    """What is not real says so, on every screen."""
    generation = snapshot.place.generation
    if generation == "real":
        return ""
    return texts("common.demo" if generation == "demo" else "common.test")


def help_of(
    snapshot: TerminalSnapshot,
    screen: str,
    texts: Texts,
    options: ViewOptions = ViewOptions(),  # noqa: B008 - frozen
) -> HelpView:
    return HelpView(
        title=texts("help.title"),
        lead=texts("help.lead"),
        text=texts(
            f"help.{screen}",
            distance=options.forehead_distance_cm,
            expected=f"{options.pressure_expected_s:.0f}",
            seconds=f"{options.blow_expected_s:.0f}",
        ),
        room=texts("help.room", room=snapshot.place.medic_room),
        phone=texts("help.phone", phone=snapshot.place.help_phone),
        organisation=snapshot.place.organisation_name,
        called=_called(snapshot, texts),
    )


def _called(snapshot: TerminalSnapshot, texts: Texts) -> str:
    """Without a link nobody has been told, and the screen says so."""
    if not snapshot.help_called:
        return ""
    return texts("common.medic_called" if snapshot.link.connected else "common.medic_not_told")


def labels(texts: Texts) -> dict[str, str]:
    """Texts of the buttons that stand on every screen and of the sheets drawn over it."""
    common = {name: texts(f"common.{name}") for name in _LABELS}
    leaving = {f"leave_{name}": texts(f"leave.{name}") for name in ("title", "text", "leave", "stay")}
    service = {name: texts(f"service.{name}") for name in ("pin_title", "enter")}
    return (
        common
        | leaving
        | service
        | {
            "placeholder": texts("identify.placeholder"),
            "remark_title": texts("complaints.remark_title"),
            "space": texts("complaints.space"),
            "done": texts("complaints.done"),
        }
    )


def complaints(texts: Texts) -> tuple[FactView, ...]:
    return tuple(FactView(code, texts(f"complaint.{code}")) for code in texts.names_in("complaint"))


def live(snapshot: TerminalSnapshot, texts: Texts, options: ViewOptions) -> LiveView:
    """What moves: the clock, the time since the start, the bar, the countdown."""
    exam = snapshot.exam
    clock = snapshot.local_time.strftime(texts("format.time"))
    date = snapshot.local_time.strftime(texts("format.date"))
    countdown = _countdown(snapshot, texts)
    if exam is None:
        return LiveView(clock, date, countdown=countdown)
    text, fraction = _progress(snapshot, exam, texts, options)
    cuff = snapshot.progress.details.get("cuff_mmhg")
    remaining = ""
    if exam.activity is Activity.RESTING and exam.rest_from is not None:
        remaining = texts("rest.remaining", remaining=minutes_seconds(rest_left_s(exam, snapshot.now)))
    elif exam.phase is Phase.WAITING:
        remaining = texts("waiting.elapsed", elapsed=minutes_seconds(_since_phase_s(snapshot, exam)))
    return LiveView(
        clock=clock,
        date=date,
        exam_elapsed=minutes_seconds(elapsed_s(exam.started, snapshot.now)),
        progress_text=text,
        fraction=fraction,
        number=f"{cuff:.0f}" if isinstance(cuff, int | float) else "",
        unit=texts("unit.pressure") if isinstance(cuff, int | float) else "",
        countdown=countdown,
        remaining=remaining,
    )


def _progress(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions) -> tuple[str, float]:
    if exam.activity is not Activity.MEASURING:
        return "", -1.0
    if exam.phase is Phase.PRESSURE:
        elapsed_s = _since_start_s(snapshot, exam)
        expected_s = options.pressure_expected_s
        key = "pressure.elapsed" if elapsed_s <= expected_s else "pressure.longer"
        fraction = min(1.0, elapsed_s / expected_s)
        return texts(key, elapsed=int(elapsed_s), expected=int(expected_s)), round(fraction, 3)
    if exam.phase is Phase.BREATH:
        match snapshot.progress.state:
            case "blowing":
                blown_s = max(0.0, snapshot.now.monotonic_s - snapshot.progress.since_monotonic_s)
                return "", round(min(1.0, blown_s / options.blow_expected_s), 3)
            case "analysing":
                return "", 1.0
            case "waiting_for_breath":
                return "", 0.0
            case _:
                return "", -1.0
    return "", -1.0


def _since_start_s(snapshot: TerminalSnapshot, exam: ExamState) -> float:
    """Seconds since the measurement started."""
    began = exam.measuring_since
    return elapsed_s(began, snapshot.now) if began is not None else 0.0


def _since_phase_s(snapshot: TerminalSnapshot, exam: ExamState) -> float:
    if exam.phase_since is None:
        return 0.0
    return elapsed_s(exam.phase_since, snapshot.now)


def _countdown(snapshot: TerminalSnapshot, texts: Texts) -> str:
    """Nothing, a hint after half of the time, a countdown in the last seconds."""
    timeout = snapshot.timeout
    if timeout is None:
        return ""
    left_s = timeout.at_monotonic_s - snapshot.now.monotonic_s
    if left_s <= COUNTDOWN_S:
        return texts("common.returning", seconds=max(0, int(left_s)))
    return texts("common.still_here") if left_s <= timeout.after_s / 2 else ""


def _identify_state(exam: ExamState) -> StepState:
    if exam.phase in (Phase.IDENTIFY, Phase.EMPLOYER, Phase.CONFIRM):
        return "current"
    return "missed" if exam.blocked_code == "not_identified" else "done"


def _state(exam: ExamState, step: Phase) -> StepState:
    if step is exam.phase:
        return "missed" if exam.activity is Activity.TROUBLE else "current"
    done = {
        Phase.CONSENT: exam.consent is not None and exam.consent.given,
        Phase.FACE: exam.face is not None,
        Phase.COMPLAINTS: exam.complaints is not None,
    }.get(step, bool(exam.taken(step)))
    if done:
        return "done"
    refused = step is Phase.CONSENT and exam.consent is not None
    return "missed" if refused or exam.phase in _AFTER_STEPS else "todo"


def _value(exam: ExamState, step: Phase, texts: Texts) -> str:
    match step:
        case Phase.CONSENT:
            return texts("step_value.consent_yes") if exam.consent is not None and exam.consent.given else ""
        case Phase.FACE:
            if exam.face is None:
                return ""
            has_photo = any(media.step == "face" for media in exam.media)
            return texts("step_value.face_done" if has_photo else "step_value.face_missing")
        case Phase.COMPLAINTS:
            if exam.complaints is None:
                return ""
            return texts("step_value.complaints_none" if exam.complaints.feels_well else "step_value.complaints_some")
        case _:
            return short_value(exam, step, texts)


def _mark(exam: ExamState, step: Phase, texts: Texts) -> StepMark:
    """What the limits say of a measured step; nothing where they say nothing."""
    states = {value.state for value in values_of_step(exam, step, texts)} if exam.taken(step) else set()
    if "attention" in states:
        return "attention"
    return "good" if states == {"good"} else ""
