"""Makes a whole screen from a snapshot."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from kiosk_ui.texts import Texts
from kiosk_ui.view import asking, ending, frame, standing
from kiosk_ui.view.books import place_with, texts_with
from kiosk_ui.view.measuring import measuring_page
from kiosk_ui.view.model import PageView, ScreenView, ViewOptions
from terminal.exam.model import ExamState, Phase
from terminal.snapshot import TerminalSnapshot


def view_of(
    snapshot: TerminalSnapshot,
    language: str,
    options: ViewOptions = ViewOptions(),  # noqa: B008 - frozen
    *,
    service: Mapping[str, str] | None = None,
    sent_number: str = "",
) -> ScreenView:
    """The screen that a snapshot asks for, in one of `LANGUAGES`.

    `service` is None unless the engineer has opened the service screen; then it holds the facts to show there. It never
    hides an exam: a worker in front of the terminal comes first. `sent_number` is what was last typed, for the words "number
    4711 was not found".
    """
    texts = texts_with(snapshot.books, language)
    snapshot = replace(snapshot, place=place_with(snapshot.place, snapshot.books, language))
    exam = snapshot.exam
    is_open = exam is not None and exam.phase is not Phase.ENDED
    in_service = service is not None and not is_open
    page = (
        standing.service(snapshot, texts, service or {}) if in_service else _page(snapshot, texts, options, sent_number)
    )
    return ScreenView(
        screen=page.screen,
        language=language,
        place=snapshot.place.place,
        exam_title=texts(f"exam_type.{exam.exam_type if exam else options.exam_type}"),
        band=frame.band(snapshot, texts),
        page=page,
        live=frame.live(snapshot, texts, options),
        steps=frame.steps(
            exam if is_open and not snapshot.is_ordered else None, texts, with_values=not snapshot.awaiting_resume
        ),
        lamps=frame.lamps(snapshot, texts),
        link=frame.link(snapshot, texts),
        recording=frame.recording(snapshot, texts),
        help=frame.help_of(snapshot, page.screen, texts, options),
        labels=frame.labels(texts),
        complaints=frame.complaints(texts),
        keyboard=texts.lines("keyboard.rows"),
        in_exam=is_open,
    )


def advanced(snapshot: TerminalSnapshot, by_s: float) -> TerminalSnapshot:
    """The same state, `by_s` seconds later: clocks and countdowns go on between two snapshots."""
    step = timedelta(seconds=by_s)
    now = snapshot.now.model_copy(update={"at": snapshot.now.at + step, "monotonic_s": snapshot.now.monotonic_s + by_s})
    return replace(snapshot, now=now, local_time=snapshot.local_time + step)


def _page(snapshot: TerminalSnapshot, texts: Texts, options: ViewOptions, sent_number: str) -> PageView:
    exam = snapshot.exam
    if exam is None or exam.phase is Phase.ENDED:
        return standing.idle(snapshot, texts, options)
    if snapshot.awaiting_resume:
        return standing.resume(snapshot, texts)
    return _exam_page(snapshot, exam, texts, options, sent_number)


def _exam_page(
    snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions, sent_number: str
) -> PageView:
    match exam.phase:
        case Phase.IDENTIFY:
            if snapshot.searching:
                return asking.search(snapshot, texts)
            return asking.identify(snapshot, exam, texts, sent_number)
        case Phase.NOT_TODAY:
            return asking.not_today(snapshot, exam, texts)
        case Phase.EMPLOYER:
            return asking.employer(snapshot, texts)
        case Phase.CONFIRM:
            return asking.confirm(snapshot, exam, texts, sent_number)
        case Phase.CONSENT:
            return asking.consent(texts)
        case Phase.FACE:
            return asking.face(snapshot, exam, texts)
        case Phase.COMPLAINTS:
            return asking.complaints(texts)
        case Phase.URGENT:
            return asking.urgent(snapshot, exam, texts)
        case Phase.REVIEW:
            return ending.summary(exam, texts)
        case Phase.WAITING:
            return ending.waiting(snapshot, texts)
        case Phase.DECIDED:
            return ending.decision(snapshot, exam, texts, options)
        case _:
            return measuring_page(snapshot, exam, texts, options)
