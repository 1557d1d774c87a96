"""What a medic fills in on a certificate and on a sobriety protocol: fields, the reading of a form, what is wrong with it. Pure.

The content of the signed record holds of each choice its code and the words that the medic saw. What was not looked at has no
entry: nothing is filled in for anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sync.contract.books import BookItem

PAPER_CHOICES = "paper_choices"
SIGNS_NEEDED = 3
"""So many of the clinical signs make a referral hold (933n, item 17)."""
CLINICAL_SIGNS = 17
FieldKind = Literal["one", "many", "line", "text", "number"]
MOST_CHARS: Mapping[str, int] = {"line": 200, "text": 1000}
RESPIRATION = (4, 60)
"""Breaths a minute that a living adult can have, ends inside."""
CONCLUDES = frozenset({"consumption", "intoxication"})
"""Meanings of conclusions that a doctor's right is needed for."""
Faults = dict[str, str]


@dataclass(frozen=True, slots=True)
class PaperField:
    """One field. `item`: its number on the protocol; choices come from the book by the field's name."""

    name: str
    kind: FieldKind
    needed: bool = False
    item: int = 0


FIELDS: Mapping[str, tuple[PaperField, ...]] = {
    "refusal": (
        PaperField("reason", "one", needed=True),
        PaperField("found", "text"),
        PaperField("diagnosis", "text", needed=True),
        PaperField("help", "many", needed=True),
        PaperField("help_words", "text"),
        PaperField("purpose", "one", needed=True),
        PaperField("receiver", "line", needed=True),
    ),
    "sobriety": (
        PaperField("behaviour", "many", needed=True, item=2),
        PaperField("complaints", "text", item=3),
        PaperField("skin", "one", needed=True, item=4),
        PaperField("injuries", "many", needed=True, item=4),
        PaperField("eyes", "one", needed=True, item=5),
        PaperField("pupils", "one", item=5),
        PaperField("pupil_reaction", "one", item=5),
        PaperField("respiration", "number", item=6),
        PaperField("gait", "one", needed=True, item=7),
        PaperField("romberg", "one", item=7),
        PaperField("finger_nose", "one", item=7),
        PaperField("accuracy", "one", item=7),
        PaperField("tremor_fingers", "one", item=7),
        PaperField("tremor_eyelids", "one", item=7),
        PaperField("smell", "many", needed=True, item=8),
        PaperField("tested", "one", needed=True, item=9),
        PaperField("device_error", "line", item=9),
        PaperField("urine", "one", needed=True, item=9),
        PaperField("clinical_sign", "many", item=10),
        PaperField("conclusion", "one", needed=True, item=10),
        PaperField("acknowledged", "one", needed=True, item=11),
        PaperField("witness_first", "line", item=12),
        PaperField("witness_second", "line", item=12),
        PaperField("notes", "text", item=12),
    ),
}
"""By kind of paper, in the order of the page. Items 1, 6 (pulse, pressure) and 9 (breaths) of it are of the exam."""
KINDS_WRITTEN = tuple(FIELDS)
FORM_OF = {"refusal": "certificate", "sobriety": "protocol"}
"""The last word of the address at which a kind is filled in."""


@dataclass(frozen=True, slots=True)
class Breath:
    """What the exam says of breath: the highest value in mg/L, and the limits of admission and of an examination."""

    highest: float | None
    admission: float
    examination: float


def choices(items: Sequence[BookItem], field: str) -> list[BookItem]:
    """What can be chosen in a field."""
    return [item for item in items if item.attrs.get("field") == field]


def read(
    kind: str,
    typed: Mapping[str, Sequence[str]],
    items: Sequence[BookItem],
    breath: Breath,
    *,
    finds_signs: bool = True,
) -> tuple[dict[str, Any], Faults]:
    """The content of the record, and what is wrong by field: a key under `written.fault`. `items`: what the book offers.

    `finds_signs`: whether the medic may conclude that somebody is intoxicated.
    """
    content: dict[str, Any] = {}
    faults: Faults = {}
    for field in FIELDS[kind]:
        given = [value.strip() for value in typed.get(field.name, ()) if value.strip()]
        if not given:
            if field.needed:
                faults[field.name] = "choose" if field.kind in {"one", "many"} else "needed"
            continue
        value, fault = _value(field, given, choices(items, field.name))
        if fault:
            faults[field.name] = fault
        else:
            content[field.name] = value
    if kind == "sobriety":
        faults |= _protocol_faults(content, faults, items, breath)
        if not finds_signs and means(content, "conclusion", items) & CONCLUDES:
            faults["conclusion"] = "mid_level"
    return content, faults


def _value(field: PaperField, given: Sequence[str], offered: Sequence[BookItem]) -> tuple[Any, str]:
    if field.kind in {"one", "many"}:
        known = {item.code: item for item in offered}
        codes = list(dict.fromkeys(given))
        if any(code not in known for code in codes) or (field.kind == "one" and len(codes) > 1):
            return None, "choose"
        return [{"code": code, "words": known[code].ru} for code in codes], ""
    if field.kind == "number":
        text = given[-1]
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
        low, high = RESPIRATION
        return (number, "") if number is not None and low <= number <= high else (None, "number")
    return (given[-1], "") if len(given[-1]) <= MOST_CHARS[field.kind] else (None, "too_long")


def _protocol_faults(content: Mapping[str, Any], faults: Faults, items: Sequence[BookItem], breath: Breath) -> Faults:
    found: Faults = {}
    meant = {name: means(content, name, items) for name in ("tested", "conclusion", "acknowledged")}
    if "refused" in meant["tested"] | meant["acknowledged"]:
        # Without witnesses a refusal is one word against another.
        found |= {
            name: "witness"
            for name in ("witness_first", "witness_second")
            if name not in content and name not in faults
        }
    if "conclusion" in faults:
        return found
    over = breath.highest is not None and breath.highest > breath.admission
    if "sober" in meant["conclusion"] and over:
        found["conclusion"] = "sober_with_alcohol"
    elif "sober" in meant["conclusion"] and breath.highest is None:
        found["conclusion"] = "sober_without_breath"
    elif "consumption" in meant["conclusion"] and not over:
        found["conclusion"] = "consumption_without_alcohol"
    return found


def means(content: Mapping[str, Any], name: str, items: Sequence[BookItem]) -> set[str]:
    """What the choices of a field mean to the rules."""
    known = {item.code: str(item.attrs.get("means") or "") for item in items}
    return {known.get(one["code"], "") for one in content.get(name, ())} - {""}


def signs_counted(content: Mapping[str, Any]) -> int:
    """How many of the clinical signs were found."""
    return len(content.get("clinical_sign", ()))


def typed_again(content: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields of a page as a record was written with them."""
    return {
        name: [one["code"] for one in value] if isinstance(value, list) else [str(value)]
        for name, value in content.items()
    }


def words_of(content: Mapping[str, Any], name: str, empty: str = "") -> str:
    """A field as it is printed."""
    value = content.get(name)
    if value is None:
        return empty
    return "; ".join(one["words"] for one in value) if isinstance(value, list) else str(value)
