"""Pages that ask: who are you, do you agree, look here, how do you feel."""

from kiosk_ui.texts import Texts
from kiosk_ui.view.model import FactView, PageView
from kiosk_ui.view.naming import MOST_OF_AN_EMPLOYER, employer_label, number_as_typed, short_name, shortened
from terminal.exam.model import ExamState
from terminal.snapshot import TerminalSnapshot

_NOT_TODAY_TITLES = {
    "consent_refused": "not_today.title_consent",
    "not_identified": "not_today.title_identity",
    "person_changed": "not_today.title_person",
}
_BY_A_RULE = frozenset({"in_person", "not_allowed"})
"""The words of a rule say why; where to go says the terminal."""


def identify(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, sent_number: str) -> PageView:
    """The keypad. What is being typed is the draft's; `sent_number` was typed before and led to the error, if any.

    Beside it a way to the camera, where that is offered; what came of the last look stands as the error.
    """
    buttons = {"number_ok": texts("identify.ok"), "key_erase": texts("common.erase")}
    if snapshot.search_offered:
        buttons["search_face"] = texts("identify.search_face")
    missed = snapshot.progress.state if snapshot.progress.state.startswith("search_") else ""
    tries = ""
    if exam.identification_attempts:
        tries = texts("identify.tries", number=exam.identification_attempts + 1, most=exam.plan.most_identifications)
    return PageView(
        screen="identify",
        title=texts("identify.title"),
        text=texts("identify.text"),
        note="\n".join(filter(None, (texts("identify.book_read") if exam.presented_book else "", tries))),
        error=texts.either(f"identify.{missed}", "identify.search_no_match")
        if missed
        else _identify_error(exam.identification_error, sent_number, texts),
        buttons=buttons,
    )


def search(snapshot: TerminalSnapshot, texts: Texts) -> PageView:
    """The live picture while the worker is looked for; a button leads back to the number at any moment."""
    hint = snapshot.progress.state
    return PageView(
        screen="search",
        title=texts("identify.search_title"),
        text=texts.either(f"face.{hint}", "face.start"),
        note=texts("identify.search_note"),
        state=hint,
        lines=(texts("identify.search_no_camera"),),
        buttons={"search_stop": texts("identify.search_stop")},
    )


def _identify_error(code: str, sent_number: str, texts: Texts) -> str:
    if not code:
        return ""
    if code == "unknown" and sent_number:
        return texts("identify.unknown_number", number=sent_number)
    return texts.either(f"identify.{code}", "identify.unknown")


EMPLOYERS_ON_A_PAGE = 6


def employer(snapshot: TerminalSnapshot, texts: Texts) -> PageView:
    """Where the worker works today; no name yet, so that a number alone tells nobody who has it. Six on a page."""
    names = [card.employer_name for card in snapshot.employments]
    words = {
        f"employer_{number}": shortened(
            f"{employer_label(card.employer_name, 40)}, {card.position}", MOST_OF_AN_EMPLOYER
        )
        if names.count(card.employer_name) > 1
        else employer_label(card.employer_name)
        for number, card in enumerate(snapshot.employments, start=1)
    }
    more = {"employer_more": texts("employer.more")} if len(words) > EMPLOYERS_ON_A_PAGE else {}
    return PageView(
        screen="employer",
        title=texts("employer.title"),
        text=texts("employer.text"),
        buttons={**words, **more, "employer_none": texts("employer.none")},
    )


def confirm(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, sent_number: str = "") -> PageView:
    """As much as the worker needs to know himself; a stranger who types any number gets no directory entry."""
    worker = snapshot.worker
    was_typed = exam.examinee is not None and exam.examinee.identified_by == "personnel_number" and sent_number
    facts = (FactView(texts("confirm.number"), number_as_typed(sent_number)),) if was_typed else ()
    return PageView(
        screen="confirm",
        title=texts("confirm.title"),
        text=short_name(worker.full_name) if worker is not None else "",
        facts=facts,
        buttons={"confirm_yes": texts("confirm.yes"), "confirm_no": texts("confirm.no")},
    )


def not_today(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """Why no exam, and one place to go: never a dead end, never two. The roster's own words say both."""
    code, place = exam.blocked_code, snapshot.place
    own = shortened(exam.blocked_text.strip())
    if (own and code not in _BY_A_RULE) or code == "suspended":
        lines: tuple[str, ...] = (texts("not_today.questions", phone=place.help_phone),)
    else:
        lines = (
            texts("not_today.where", room=place.medic_room),
            texts("not_today.where_phone", phone=place.help_phone),
        )
    return PageView(
        screen="not_today",
        title=texts(_NOT_TODAY_TITLES.get(code, "not_today.title")),
        text=own or texts.either(f"not_today.{code}", "not_today.other"),
        state=code,
        lines=lines,
        buttons={"leave": texts("common.ok")},
    )


def consent(texts: Texts) -> PageView:
    return PageView(
        screen="consent",
        title=texts("consent.title"),
        text=texts("consent.full"),
        note=texts("consent.full_title"),
        lines=texts.lines("consent.lines"),
        buttons={
            "consent_yes": texts("consent.yes"),
            "consent_no": texts("consent.no"),
            "consent_full": texts("consent.full_button"),
        },
    )


def face(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """The hint comes from the photographer, who changes it once a second at most."""
    hint = snapshot.progress.state
    note = ""
    if exam.photo_attempts:
        note = texts("face.again", number=exam.photo_attempts + 1, most=exam.plan.most_photos)
    return PageView(
        screen="face",
        title=texts("face.title"),
        text=texts.either(f"face.{hint}", "face.start"),
        note=note,
        state=hint,
        lines=(texts("face.no_picture"),),
    )


def urgent(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts) -> PageView:
    """A complaint that cannot wait: who was told, whom to phone, and the way on."""
    told = snapshot.help_called and snapshot.link.connected
    known = texts.names_in("complaint")
    named = "; ".join(texts(f"complaint.{code}") if code in known else code for code in exam.urgent)
    return PageView(
        screen="urgent",
        title=texts("urgent.title"),
        text=texts("urgent.told" if told else "urgent.not_told"),
        note=named,
        state="told" if told else "not_told",
        lines=(
            texts("urgent.phone", phone=snapshot.place.help_phone),
            texts("urgent.room", room=snapshot.place.medic_room),
        ),
        buttons={
            "call_now": texts("urgent.call_again" if told else "urgent.call"),
            "leave": texts("urgent.leave"),
            "urgent_go_on": texts("urgent.go_on"),
        },
    )


def complaints(texts: Texts) -> PageView:
    """Well or not; the list and the remark are drawn over it from the draft."""
    return PageView(
        screen="complaints",
        title=texts("complaints.title"),
        text=texts("complaints.choose"),
        note=texts("complaints.list_title"),
        buttons={
            "complaints_none": texts("complaints.none"),
            "complaints_some": texts("complaints.some"),
            "complaints_done": texts("complaints.done"),
            "complaints_other": texts("complaints.other"),
            "complaints_back": texts("complaints.back"),
        },
    )
