"""Pages of the measuring steps: what to do, what the device says, the value, and what happens when there is none."""

from datetime import timedelta

from drivers.model import DeviceState
from kiosk_ui.texts import Texts
from kiosk_ui.view.model import FactView, PageView, ViewOptions
from kiosk_ui.view.values import values_of_step
from sync.contract.exam import Failure
from sync.contract.limits import out_of_limits
from sync.contract.second_breath import LATEST_MIN
from terminal.exam.model import Activity, ExamState, Phase
from terminal.exam.times import rest_left_s
from terminal.snapshot import TerminalSnapshot
from terminal.typed_entry import TYPED_FIELDS

_NO_ANSWER = frozenset({"Unavailable", "NoResponse"})
_FOREIGN = frozenset({"WrongDevice", "FrameError", "StaleReading"})


def measuring_page(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions) -> PageView:
    """The page of a measuring step, by what goes on in it."""
    if snapshot.is_ordered and exam.activity is Activity.READY:
        return _ordered(exam, texts)
    match exam.activity:
        case Activity.RESULT:
            return _result(exam, texts)
        case Activity.RESTING:
            return _rest(snapshot, exam, texts)
        case Activity.READY | Activity.TRY_AGAIN if str(exam.phase) in snapshot.typed_steps:
            return _typed(snapshot, exam, texts)
        case Activity.TRY_AGAIN:
            return _try_again(exam, texts)
        case Activity.TROUBLE:
            return _trouble(snapshot, exam, texts)
        case _:
            pass
    match exam.phase:
        case Phase.PRESSURE:
            return _pressure(snapshot, exam, texts)
        case Phase.BREATH:
            return _breath(snapshot, exam, texts, options)
        case _:
            return _temperature(snapshot, exam, texts, options)


def medic_repeat(exam: ExamState, texts: Texts) -> str:
    """A word when the medic sent the worker back to this step."""
    decision = exam.decision
    asked = decision is not None and decision.outcome == "repeat" and decision.repeat_step == exam.phase
    return texts("medic_repeat.text") if asked else ""


def _ordered(exam: ExamState, texts: Texts) -> PageView:
    """A medic in the room has prepared this step: nothing starts before somebody touches the screen."""
    step = str(exam.phase)
    if exam.phase is Phase.PRESSURE:
        return PageView(
            screen="pressure",
            title=texts("pressure.title"),
            note=texts("ordered.short_note"),
            state="ready",
            lines=texts.lines("pressure.posture"),
            buttons={"start_measuring": texts("ordered.start")},
        )
    return PageView(
        screen="try_again",
        title=texts(f"ordered.title_{step}"),
        text=texts("ordered.note"),
        state=step,
        buttons={"retry": texts("ordered.start")},
    )


def _typed(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """An instrument without a cable: one value after the other, as it shows them."""
    step = str(exam.phase)
    wrong = snapshot.progress.state == "typed_wrong"
    return PageView(
        screen="typed",
        title=texts(f"typed.title_{step}"),
        text=texts("typed.text"),
        note=medic_repeat(exam, texts),
        error=texts("typed.wrong") if wrong else "",
        state=step,
        facts=tuple(FactView(texts(f"typed.{name}"), texts(f"typed.unit_{name}")) for name in TYPED_FIELDS[step]),
        buttons={
            "values_ok": texts("typed.ok"),
            "key_erase": texts("common.erase"),
        }
        | ({} if step == "pressure" else {"key_comma": texts("format.decimal")}),
    )


def _temperature(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions) -> PageView:
    state = snapshot.progress.state
    distance = texts("temperature.text", distance=options.forehead_distance_cm)
    of_the_state = f"temperature.{state}"
    return PageView(
        screen="temperature",
        title=texts("temperature.title"),
        text=texts(of_the_state) if of_the_state in texts.keys() else distance,  # noqa: SIM118 - Texts is no mapping
        note=medic_repeat(exam, texts),
        state=state,
    )


def _pressure(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    if exam.activity is Activity.READY:
        return PageView(
            screen="pressure",
            title=texts("pressure.title"),
            note=medic_repeat(exam, texts),
            state="ready",
            lines=texts.lines("pressure.posture"),
            buttons={"start_measuring": texts("pressure.start")},
        )
    state = snapshot.progress.state
    by_hand = state == "waiting_for_start"
    return PageView(
        screen="pressure",
        title=texts("pressure.by_hand_title" if by_hand else "pressure.measuring_title"),
        text=texts.either(f"pressure.{state}", "pressure.measuring") if state else texts("pressure.measuring"),
        state="by_hand" if by_hand else "measuring",
        buttons={"stop_measuring": texts("pressure.stop")},
    )


_BREATH_WORDS = {
    "warming": ("breath.warming_title", "breath.warming"),
    "waiting_for_breath": ("breath.waiting_title", "breath.waiting"),
    "blowing": ("breath.blowing_title", "breath.blowing"),
    "analysing": ("breath.analysing_title", "breath.analysing"),
}


def _breath(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions) -> PageView:
    """A clean mouthpiece comes first: before each test, and not before another try of the same one."""
    state = snapshot.progress.state
    failed = exam.failed(Phase.BREATH)
    begun = ("breath.once_more_title", "breath.started_once_more") if failed else ("breath.title", "breath.started")
    title, text = _BREATH_WORDS.get(state, begun)
    again = texts("breath.late" if _is_late(snapshot, exam) else "breath.again") if exam.taken(Phase.BREATH) else ""
    tries = texts("breath.try_number", number=failed + 1, most=exam.plan.most_failures) if failed else ""
    note = medic_repeat(exam, texts) or again or tries
    first = texts("breath.mouthpiece") if state in ("warming", "waiting_for_breath") and not failed else ""
    return PageView(
        screen="breath",
        title=texts(title),
        text=texts(text, seconds=f"{options.blow_expected_s:.0f}"),
        note=f"{first} {note}" if first and note else note,
        state=state or "started",
        lines=(first,) if first and not note else (),
        sign="" if failed else "mouthpiece",
        buttons={"stop_measuring": texts("breath.stop")},
    )


def _is_late(snapshot: TerminalSnapshot, exam: ExamState) -> bool:
    """Whether a second breath comes so long after the first one that the medic is to know; it is taken all the same."""
    first = next((one for one in exam.taken(Phase.BREATH) if out_of_limits(one, exam.limits)), None)
    return first is not None and snapshot.local_time - first.at >= timedelta(minutes=LATEST_MIN + 1)


def _result(exam: ExamState, texts: Texts) -> PageView:
    return PageView(
        screen="result",
        title=texts(f"result.{exam.phase}"),
        text=texts("result.text"),
        values=values_of_step(exam, exam.phase, texts),
        buttons={"next": texts("common.next")},
    )


def _rest(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """When to come back. The clock time is the place's, from the same moment as the snapshot's."""
    lines: tuple[str, ...] = ()
    if exam.rest_from is not None:
        back_at = snapshot.local_time + timedelta(seconds=rest_left_s(exam, snapshot.now))
        lines = (texts("rest.until", time=back_at.strftime(texts("format.time"))),)
    last = exam.taken(exam.phase)[-1:]
    too_low = any(
        finding.code == "below" for measurement in last for finding in out_of_limits(measurement, exam.limits)
    )
    low_pressure = exam.phase is Phase.PRESSURE and too_low
    return PageView(
        screen="rest",
        title=texts("rest.title_low_pressure" if low_pressure else f"rest.title_{exam.phase}"),
        text=texts.either(f"rest.text_{exam.phase}", "rest.text"),
        note=texts("rest.kept"),
        state=str(exam.phase),
        lines=lines,
        buttons={"leave": texts("rest.leave")},
    )


def _try_again(exam: ExamState, texts: Texts) -> PageView:
    failure = exam.last_failure
    step = str(exam.phase)
    if failure is None or failure.kind == "Cancelled":
        text = texts("try_again.cancelled")
    elif failure.kind == "StaleReading":
        text = texts.either(f"try_again.{step}.{failure.code}", f"try_again.{step}.stale", f"try_again.{step}.default")
    else:
        text = texts.either(f"try_again.{step}.{failure.code}", f"try_again.{step}.default")
    return PageView(
        screen="try_again",
        title=texts("try_again.title"),
        text=text,
        note=texts("try_again.next_try", number=exam.failed(step) + 1, most=exam.plan.most_failures),
        state=step,
        buttons={"retry": texts("common.retry")},
    )


def _trouble(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """Who must act. A device's fault is never the worker's; the code is for the engineer."""
    failure = exam.last_failure
    room = snapshot.place.medic_room
    buttons = {"leave": texts("trouble.leave")}
    if failure is None or failure.act == "worker":
        return PageView(
            screen="trouble",
            title=texts("trouble.title_tries"),
            text=texts("trouble.tries_over"),
            state="tries_over",
            lines=(texts("trouble.go", room=room),),
            code=texts("trouble.code", code=failure.code) if failure else "",
            buttons=buttons,
        )
    device = snapshot.devices.get(failure.device_id)
    named = texts(f"device.{device.measures if device else failure.step}").lower()
    broken = device is not None and device.state in (DeviceState.FAULT, DeviceState.ABSENT)
    act = texts("trouble.medic" if failure.act == "medic" else _who_knows(snapshot, broken=broken), room=room)
    has_tries = exam.has_tries(str(exam.phase))
    # Only what is broken now can come back, and only while tries are left does the exam then go on.
    may_come_back = broken and failure.act == "service" and has_tries
    return PageView(
        screen="trouble",
        title=texts("trouble.title"),
        text=_what_is_wrong(failure, texts),
        state=failure.act,
        lines=(act, texts("trouble.back")) if may_come_back else (act,),
        code=texts("trouble.code", code=f"{named}, {failure.code}"),
        buttons=buttons | ({"retry": texts("trouble.retry")} if has_tries else {}),
    )


def _who_knows(snapshot: TerminalSnapshot, *, broken: bool) -> str:
    """A device that is broken is told to the centre with the terminal's status; anything else is in the record alone."""
    if not broken:
        return "trouble.go"
    return "trouble.told" if snapshot.link.connected else "trouble.not_told"


def _what_is_wrong(failure: Failure, texts: Texts) -> str:
    device = texts.either(f"device.{failure.step}", "device.pressure")
    if failure.kind in _NO_ANSWER:
        return texts("trouble.no_answer", device=device)
    if failure.kind in _FOREIGN:
        return texts("trouble.foreign", device=device)
    if failure.kind == "VerificationExpired":
        return texts("trouble.expired", device=device)
    return texts("trouble.faulty", device=device)
