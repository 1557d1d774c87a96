"""Maps a button's object name to the intent that is posted. Names that are not listed here stay on the screen."""

from collections.abc import Callable, Mapping

from kiosk_ui.view.draft import Draft
from kiosk_ui.view.model import ViewOptions
from terminal.intents import (
    AnswerComplaints,
    AnswerConsent,
    AnswerIdentity,
    Begin,
    CallMedic,
    ChooseEmployment,
    DropExam,
    Intent,
    Leave,
    Next,
    ResumeExam,
    SearchFace,
    StartMeasuring,
    StopMeasuring,
    StopSearch,
    SubmitNumber,
)

_FIXED: Mapping[str, Intent] = {
    "search_face": SearchFace(),
    "search_stop": StopSearch(),
    "confirm_yes": AnswerIdentity(yes=True),
    "confirm_no": AnswerIdentity(yes=False),
    "employer_none": AnswerIdentity(yes=False),
    "complaints_none": AnswerComplaints(feels_well=True),
    "call_now": CallMedic(),
    "urgent_go_on": Next(),
    "start_measuring": StartMeasuring(),
    "stop_measuring": StopMeasuring(),
    "retry": StartMeasuring(),
    "next": Next(),
    "summary_ok": Next(),
    "decision_ok": Next(),
    "leave": Leave(),
    "call_medic": CallMedic(),
    "resume_yes": ResumeExam(),
    "resume_no": DropExam(),
}
_FROM_DRAFT: Mapping[str, Callable[[Draft, ViewOptions, str], Intent | None]] = {
    "begin": lambda _draft, options, _language: Begin(options.exam_type),
    "number_ok": lambda draft, _options, _language: SubmitNumber(draft.typed) if draft.typed else None,
    "consent_yes": lambda _draft, _options, language: AnswerConsent(yes=True, language=language),
    "consent_no": lambda _draft, _options, language: AnswerConsent(yes=False, language=language),
    "complaints_done": lambda draft, _options, _language: _complaints(draft),
}


def intent_of(name: str, draft: Draft, options: ViewOptions, language: str) -> Intent | None:
    """The intent of a touch on that button, or None when nothing is to be told to the terminal."""
    if name in _FIXED:
        return _FIXED[name]
    kind, _, number = name.partition("_")
    if kind == "employer" and number.isascii() and number.isdigit():
        return ChooseEmployment(int(number))
    make = _FROM_DRAFT.get(name)
    return make(draft, options, language) if make else None


def _complaints(draft: Draft) -> Intent | None:
    """Complaints without any complaint are no answer."""
    remark = draft.remark.strip()
    if not draft.chosen and not remark:
        return None
    return AnswerComplaints(feels_well=False, codes=draft.chosen, text=remark)
