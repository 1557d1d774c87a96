"""What the page of an exam in a medical room shows: fields with their choices, results beside their limits, faults in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from central.books.catalogue import LOOKED_AT
from central.console.typed import Typed
from central.examining.content import RoomContent
from central.examining.recording import RoomExams, Shown, offered
from central.examining.typed_values import FIELDS, MAY_STAY_EMPTY, REPEAT, SLIP, Fault, Faults, instrument_fault
from central.words import exam_view, wording
from central.words.texts import text, text_or
from sync.contract.books import COMPLAINTS, BookItem
from sync.contract.room import EYE_FINDINGS


@dataclass(frozen=True, slots=True)
class StepField:
    """One input of a step."""

    name: str
    label: str
    unit: str
    needed: bool


@dataclass(frozen=True, slots=True)
class InstrumentChoice:
    """One instrument that stands in the room; `fault` says why nothing may be read off it."""

    instrument_id: str
    words: str
    fault: str


@dataclass(frozen=True, slots=True)
class StepCard:
    """One step of the page."""

    step: str
    title: str
    is_needed: bool
    fields: tuple[StepField, ...]
    instruments: tuple[InstrumentChoice, ...]
    attempts: tuple[exam_view.Attempt, ...]
    wrong: tuple[str, ...]
    """Values that were taken back as slips, in words."""
    again: tuple[str, ...]
    """What a second result can be; empty where none was entered yet."""
    rest_until: str
    """When the step may be repeated; empty where that is now or needs no rest."""

    @property
    def chosen(self) -> str:
        """The only instrument that can be used; empty where there is a choice, or none."""
        usable = [one.instrument_id for one in self.instruments if not one.fault]
        return usable[0] if len(usable) == 1 else ""


def step_cards(
    rooms: RoomExams, content: RoomContent, shown: Shown, today: Any, now: datetime, language: str, zone: tzinfo
) -> tuple[StepCard, ...]:
    """Every step that the room needs, has an instrument for, or has a result of."""
    payload = {
        "measurements": [item.model_dump(mode="json") for item in content.measurements],
        "failures": [item.model_dump(mode="json") for item in content.failures],
        "limits": [item.model_dump(mode="json") for item in shown.limits],
    }
    attempts = {step.step: step.attempts for step in exam_view.steps(payload, language, zone)}
    cards = []
    for step, names in FIELDS.items():
        own = shown.instruments[step]
        if step not in rooms.steps and not own and not attempts.get(step):
            continue
        taken = content.taken(step)
        rest = timedelta(minutes=rooms.rests.minutes.get(step, 0))
        ready_at = taken[-1].at + rest if taken else now
        cards.append(
            StepCard(
                step,
                wording.words_of(language, step, "step"),
                step in rooms.steps,
                tuple(
                    StepField(
                        name,
                        wording.quantity_name(name, language),
                        wording.unit(name, language),
                        name not in MAY_STAY_EMPTY,
                    )
                    for name in names
                ),
                tuple(_instrument(row, today, language) for row in own),
                attempts.get(step, ()),
                tuple(
                    text(language, "room.taken_back", typed=_words_of_line(wrong.typed, language), number=wrong.attempt)
                    for wrong in content.typed_wrong
                    if wrong.step == step
                ),
                _again(content, step),
                wording.clock_time(ready_at, zone) if ready_at > now else "",
            )
        )
    return tuple(cards)


def _again(content: RoomContent, step: str) -> tuple[str, ...]:
    taken = content.taken(step)
    if not taken:
        return ()
    return (REPEAT, SLIP) if taken[-1].derivation == "manual" else (REPEAT,)


def _instrument(row: Mapping[str, Any], today: Any, language: str) -> InstrumentChoice:
    fault = instrument_fault(row, today)
    words = f"{row['maker']} {row['model']} № {row['serial']}"
    return InstrumentChoice(row["instrument_id"], words, fault_words(fault, language) if fault else "")


def _words_of_line(line: str, language: str) -> str:
    """A kept line `name=value;…` as people read it."""
    parts = []
    for part in line.split(";"):
        name, _, value = part.partition("=")
        shown = wording.quantity(name, float(value), language) if value.replace(".", "", 1).isdigit() else value
        parts.append(f"{wording.quantity_name(name, language)} {shown} {wording.unit(name, language)}".strip())
    return ", ".join(parts)


def fault_words(fault: Fault, language: str) -> str:
    """A fault in words, with the numbers that it names in the reader's form."""
    facts = {
        name: wording.number(value, 0 if float(value).is_integer() else 1, language)
        if isinstance(value, int | float)
        else text_or(language, f"step.{value}", value)
        for name, value in (fault.facts or {}).items()
    }
    return text(language, f"room.fault.{fault.code}", **facts)


def field_label(name: str, language: str) -> str:
    """The name of a field, for the list of faults at the top of the page."""
    for beginning in ("instrument", "again", "order"):
        if name.startswith(f"{beginning}_"):
            return f"{text(language, f'room.{beginning}_of')}: {text(language, 'step.' + name.removeprefix(beginning + '_'))}"
    if name.startswith("seen_"):
        return text(language, f"looked_at.{name.removeprefix('seen_')}")
    return text_or(language, f"room.field.{name}", "") or wording.quantity_name(name, language)


def faults_in_words(faults: Faults, language: str) -> dict[str, str]:
    """By field."""
    return {name: fault_words(fault, language) for name, fault in faults.items()}


def eye_fields(
    shown: Shown, content: RoomContent, now: datetime, language: str
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What is looked at: field, its name, and what can be seen. What was chosen stays offered."""
    items = offered(shown.books[EYE_FINDINGS], now)
    found = []
    for field in LOOKED_AT:
        kept = content.one(f"seen_{field}")
        known = [item for item in items if item.attrs.get("looked_at") == field]
        known += [
            item
            for code, item in shown.items(EYE_FINDINGS).items()
            if code == kept and item not in known and item.attrs.get("looked_at") == field
        ]
        found.append((field, text(language, f"looked_at.{field}"), _choices(known, language)))
    return found


def complaint_choices(shown: Shown, content: RoomContent, now: datetime, language: str) -> list[tuple[str, str]]:
    """The complaints of the book, and those that were chosen before the book changed."""
    items = offered(shown.books[COMPLAINTS], now)
    book = shown.items(COMPLAINTS)
    kept = [book[code] for code in content.all("complaint") if code in book and book[code] not in items]
    return _choices([*items, *kept], language)


def typed_of(content: RoomContent) -> Typed:
    """What stands in the fields."""
    return Typed({name: list(values) for name, values in content.typed.items()})


def room_lines(payload: Mapping[str, Any], language: str) -> list[tuple[str, str, bool]]:
    """What an exam in person has beside one at a terminal: label, words, and whether the rules look twice at it."""
    room = payload.get("room")
    if not room:
        return []
    odd = {item["parameter"] for item in payload["rule_verdict"]["findings"]}
    lines = []
    for one in room["seen"]:
        label = text_or(language, f"looked_at.{one['field']}", one["field"])
        lines.append((label, exam_view.seen_words(payload, one["code"], language), f"seen_{one['field']}" in odd))
    if (test := room["drug_test"]) is not None:
        words = exam_view.drug_test_words(test, language)
        lines.append((text(language, "room.drug_test"), words, test["result"] != "negative"))
    for wrong in room["typed_wrong"]:
        words = text(
            language, "room.taken_back", typed=_words_of_line(wrong["typed"], language), number=wrong["attempt"]
        )
        lines.append((text_or(language, f"step.{wrong['step']}", wrong["step"]), words, True))
    return lines


def document_words(payload: Mapping[str, Any], language: str) -> str:
    """The document that was looked at; empty for an exam at a terminal."""
    document = (payload.get("room") or {}).get("document")
    if not document:
        return ""
    kind = text_or(language, f"document.{document['kind']}", document["kind"])
    return (
        text(language, "room.document_seen", kind=kind, digits=document["last_digits"])
        if document["last_digits"]
        else kind
    )


def _choices(items: Sequence[BookItem], language: str) -> list[tuple[str, str]]:
    return [(item.code, item.words(language)) for item in items]
