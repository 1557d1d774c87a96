"""Pages of the end: summary, waiting for the medic, the decision. Only a checked decision ever says "admitted"."""

from functools import lru_cache

import segno

from kiosk_ui.texts import Texts
from kiosk_ui.view.model import FactView, PageView, ViewOptions
from kiosk_ui.view.naming import shortened
from kiosk_ui.view.values import values_of_exam
from terminal.exam.model import Decided, ExamState
from terminal.exam.times import elapsed_s
from terminal.snapshot import TerminalSnapshot

MOST_NAMED = 3
"""Complaints named on the summary; the rest is counted, for the screen has its bounds. The medic sees all."""
MOST_RELEASED = 160
"""Most characters shown of the medic's words to the worker; the medic tells the rest."""
MANY_DAYS = 5
MOST_ENDINGS = 1
"""Documents named on the decision, the soonest first: the screen has its bounds."""
_AFTER_WORK = frozenset({"post_shift", "post_trip"})


def summary(exam: ExamState, texts: Texts) -> PageView:
    return PageView(
        screen="summary",
        title=texts("summary.title"),
        text=texts("summary.text"),
        note=_complaints(exam, texts),
        values=values_of_exam(exam, texts),
        buttons={"summary_ok": texts("summary.ok")},
    )


def waiting(snapshot: TerminalSnapshot, texts: Texts) -> PageView:
    """Honest about the link: without one no medic can decide, and nobody is admitted."""
    buttons = {"leave": texts("waiting.leave")}
    kept = texts("waiting.kept")
    if snapshot.exam is not None and snapshot.exam.decision_refused:
        return PageView(
            screen="waiting",
            title=texts("decision.unconfirmed"),
            text=texts("decision.unconfirmed_text", room=snapshot.place.medic_room),
            note=kept,
            state="refused",
            buttons=buttons,
        )
    if not snapshot.link.connected:
        return PageView(
            screen="waiting",
            title=texts("waiting.title_offline"),
            text=texts("waiting.text_offline"),
            note=kept,
            state="offline",
            lines=(texts("waiting.where_offline", room=snapshot.place.medic_room),),
            buttons=buttons,
        )
    sending = snapshot.link.waiting > 0
    is_stuck = sending and snapshot.link.code == "no_receipts"
    called = None if sending else snapshot.called
    if called is not None:
        return PageView(
            screen="waiting",
            title=texts("waiting.looked_at" if called.is_open else "waiting.called"),
            text=texts("waiting.text"),
            note=kept,
            state="online",
            lines=() if called.is_open else (texts("waiting.number", number=str(called.number)),),
            buttons=buttons,
        )
    return PageView(
        screen="waiting",
        title=texts("waiting.sending_title" if sending else "waiting.title"),
        text=texts("waiting.text"),
        note=kept,
        state="sending" if sending else "online",
        lines=(texts("waiting.where_offline", room=snapshot.place.medic_room),) if is_stuck else (),
        buttons=buttons,
    )


def decision(snapshot: TerminalSnapshot, exam: ExamState, texts: Texts, options: ViewOptions) -> PageView:
    """The medic's decision. A refusal's details leave the screen after a while; the way to go stays."""
    decided = exam.decision
    room = snapshot.place.medic_room
    buttons = {"decision_ok": texts("decision.ok")}
    outcome = decided.outcome if decided is not None and decided.signature_valid else "unconfirmed"
    if decided is None or outcome in ("unconfirmed", "repeat"):
        return PageView(
            screen="decision",
            title=texts("decision.unconfirmed"),
            text=texts("decision.unconfirmed_text", room=room),
            state="unconfirmed",
            buttons=buttons,
        )
    if outcome == "admitted" and decided.valid_until is not None and decided.valid_until <= snapshot.now.at:
        return PageView(
            screen="decision",
            title=texts("decision.over"),
            text=texts("decision.over_text", room=room),
            state="over",
            facts=_facts(decided, snapshot, texts),
            buttons=buttons,
        )
    shown_s = elapsed_s(exam.phase_since, snapshot.now) if exam.phase_since else 0.0
    private = outcome == "not_admitted" and shown_s > options.result_is_private_after_s
    # Nobody is admitted to anything by an exam after work.
    after = exam.exam_type in _AFTER_WORK and outcome in ("admitted", "not_admitted")
    words = f"{outcome}_after" if after else outcome
    is_pretended = outcome == "admitted" and not after and snapshot.place.generation != "real"
    gate = texts(f"gate.{snapshot.gate}") if snapshot.gate and outcome == "admitted" and not after else ""
    return PageView(
        screen="decision",
        title=texts(f"decision.{words}"),
        text=gate or texts(f"decision.{words}_text", room=room),
        note=texts("decision.demo") if is_pretended else "",
        state=outcome,
        lines=() if private or not decided.released_text else (shortened(decided.released_text, MOST_RELEASED),),
        facts=(*_facts(decided, snapshot, texts), *_endings(snapshot, texts)),
        sign=texts("decision.own_pages") if snapshot.account_link else "",
        picture=_drawn(snapshot.account_link) if snapshot.account_link else "",
        buttons=buttons,
    )


@lru_cache(maxsize=2)
def _drawn(link: str) -> str:
    """A QR code of the link, one point for each module: the screen makes it larger."""
    return str(segno.make(link, error="l").png_data_uri(scale=1, border=4))


def _endings(snapshot: TerminalSnapshot, texts: Texts) -> tuple[FactView, ...]:
    """The document of the worker that ends soonest, by the terminal's own day."""
    if snapshot.worker is None:
        return ()
    today = snapshot.local_time.date()
    pattern = texts("format.date")
    return tuple(
        FactView(
            one.name,
            texts(
                f"decision.{_left(texts.language, (one.until - today).days)}",
                day=one.until.strftime(pattern),
                days=(one.until - today).days,
            ),
        )
        for one in snapshot.worker.endings
        if one.is_due(today)
    )[:MOST_ENDINGS]


def _left(language: str, days: int) -> str:
    """The text for so many days, in the form that the number asks for."""
    if days == 0:
        return "ends_today"
    if language != "ru":
        return "ends_one" if days == 1 else "ends_few" if days < MANY_DAYS else "ends_many"
    last, before = days % 10, days // 10 % 10
    if last == 1 and before != 1:
        return "ends_one"
    return "ends_few" if last in {2, 3, 4} and before != 1 else "ends_many"


def _facts(decided: Decided, snapshot: TerminalSnapshot, texts: Texts) -> tuple[FactView, ...]:
    zone = snapshot.local_time.tzinfo
    pattern = texts("format.moment")
    facts = [FactView(texts("decision.at"), decided.decided_at.astimezone(zone).strftime(pattern))]
    if decided.outcome == "admitted" and decided.valid_until is not None:
        facts.append(FactView(texts("decision.until"), decided.valid_until.astimezone(zone).strftime(pattern)))
    facts.append(FactView(texts("decision.medic"), decided.medic_name))
    return tuple(facts)


def _complaints(exam: ExamState, texts: Texts) -> str:
    told = exam.complaints
    if told is None:
        return ""
    if told.feels_well:
        return texts("summary.no_complaints")
    known = set(texts.names_in("complaint"))
    words = [texts(f"complaint.{code}") if code in known else code for code in told.codes]
    if len(words) > MOST_NAMED:
        words = [*words[:MOST_NAMED], texts("summary.more", count=len(words) - MOST_NAMED)]
    if told.text:
        words.append(texts("summary.remark"))
    return texts("summary.complaints", list="; ".join(words).lower() or texts("step_value.complaints_some"))
