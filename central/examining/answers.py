"""What else stands on the page of a medical room: identity, complaints, findings by eye, a drug test. Read and judged. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from central.books.catalogue import LOOKED_AT
from central.examining.content import RoomContent
from central.examining.typed_values import Fault, Faults
from sync.contract.books import BookItem
from sync.contract.exam import Complaints, RuleFinding
from sync.contract.room import DRUG_TEST, SEEN_CHANGED, DrugTest, SeenDocument, SeenFinding

DOCUMENTS = ("passport", "driving_licence", "service_card", "military_card", "foreign_passport", "other")
DRUG_KINDS = ("urine", "saliva")
DRUG_RESULTS = ("negative", "positive", "unclear", "refused")
_EXAM_TYPES = ("pre_shift", "pre_trip", "post_shift", "post_trip", "during_shift")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the page says beside measured values."""

    exam_type: str
    document: SeenDocument | None
    complaints: Complaints | None
    seen: tuple[SeenFinding, ...]
    drug_test: DrugTest | None


def exam_types() -> Sequence[str]:
    """Types of exam that the wire knows, in the order of the page."""
    return _EXAM_TYPES


def read_answers(
    content: RoomContent,
    complaints: Mapping[str, BookItem],
    findings: Mapping[str, BookItem],
    now: datetime,
    today: date,
) -> tuple[Answers, Faults]:
    """The answers, and what is missing or wrong by field. `complaints`, `findings`: the books in force by code.

    Whoever was not asked or not looked at has no answer; none is filled in.
    """
    faults: Faults = {}
    exam_type = content.one("exam_type")
    if exam_type not in _EXAM_TYPES:
        faults["exam_type"] = Fault("choose")
    document = _document(content, faults)
    told = _complaints(content, complaints, faults)
    seen = []
    for field in LOOKED_AT:
        code = content.one(f"seen_{field}")
        if not code:
            continue
        item = findings.get(code)
        if item is None or item.attrs.get("looked_at") != field:
            faults[f"seen_{field}"] = Fault("choose")
        else:
            seen.append(SeenFinding(field=field, code=code))
    drug_test = _drug_test(content, faults, now, today)
    return Answers(exam_type, document, told, tuple(seen), drug_test), faults


def seen_findings(seen: Iterable[SeenFinding], findings: Mapping[str, BookItem]) -> list[RuleFinding]:
    """Why the rules look twice at what eyes saw."""
    return [
        RuleFinding(parameter=f"seen_{one.field}", value=one.code, code=SEEN_CHANGED)
        for one in seen
        if findings[one.code].attrs.get("sign") != "normal"
    ]


def drug_findings(drug_test: DrugTest | None) -> list[RuleFinding]:
    """A test that is not negative weighs as a value out of limits; so does a refusal."""
    if drug_test is None or drug_test.result == "negative":
        return []
    return [RuleFinding(parameter=DRUG_TEST, value=drug_test.result, code=DRUG_TEST)]


def _document(content: RoomContent, faults: Faults) -> SeenDocument | None:
    kind, digits = content.one("document"), content.one("last_digits")
    if kind not in DOCUMENTS:
        faults["document"] = Fault("choose")
    if not re.fullmatch(r"[0-9]{0,4}", digits):
        faults["last_digits"] = Fault("four_digits")
    if content.one("is_the_worker") != "yes":
        faults["is_the_worker"] = Fault("confirm")
    fine = not faults.keys() & {"document", "last_digits", "is_the_worker"}
    return SeenDocument(kind=kind, last_digits=digits) if fine else None


def _complaints(content: RoomContent, book: Mapping[str, BookItem], faults: Faults) -> Complaints | None:
    feels, codes, text = content.one("feels"), content.all("complaint"), content.one("complaint_text")
    if feels not in {"well", "unwell"}:
        faults["feels"] = Fault("choose")
        return None
    if any(code not in book for code in codes):
        faults["complaint"] = Fault("choose")
    elif feels == "well" and (codes or text):
        faults["feels"] = Fault("well_with_complaints")
    elif feels == "unwell" and not (codes or text):
        faults["complaint"] = Fault("which_complaints")
    else:
        return Complaints(feels_well=feels == "well", codes=codes, text=text)
    return None


def _drug_test(content: RoomContent, faults: Faults, now: datetime, today: date) -> DrugTest | None:
    result = content.one("drug_result")
    named = ("drug_kind", "drug_substances", "drug_kit", "drug_lot", "drug_valid_until")
    if not result:
        if any(content.one(name) for name in named):
            faults["drug_result"] = Fault("choose")
        return None
    if result not in DRUG_RESULTS:
        faults["drug_result"] = Fault("choose")
        return None
    found: Faults = {}
    if content.one("drug_kind") not in DRUG_KINDS:
        found["drug_kind"] = Fault("choose")
    until = _day(content.one("drug_valid_until"))
    if result != "refused":
        found |= {name: Fault("needed") for name in ("drug_kit", "drug_lot") if not content.one(name)}
        if until is None:
            found["drug_valid_until"] = Fault("needed_day")
        elif until < today:
            found["drug_valid_until"] = Fault("kit_over", {"day": f"{until:%d.%m.%Y}"})
    if result in {"positive", "unclear"} and not content.one("drug_substances"):
        found["drug_substances"] = Fault("needed")
    faults |= found
    if found:
        return None
    texts = {name: content.one(f"drug_{name}")[:200] for name in ("substances", "kit", "lot")}
    return DrugTest.model_validate(
        {"kind": content.one("drug_kind"), "result": result, "valid_until": until, "at": now, **texts}
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
