"""The view of one exam: values beside their limits, all attempts, findings in words. Pure, from the stored payload."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from central.core import book_source
from central.core.days import day_of
from central.words import wording
from central.words.table_values import Number, Side, number_of
from central.words.texts import text, text_or
from sync.contract.books import COMPLAINTS
from sync.contract.exam import URGENT_COMPLAINT, ExamRecord
from sync.contract.room import DRUG_TEST, EYE_FINDINGS, SEEN_CHANGED

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ShownValue:
    """One value as it stands on the page. `side` says where it lies outside its limits."""

    name: str
    label: str
    value: str
    unit: str
    side: Side
    limit: str
    number: Number | None = None
    """What is shown, as a number; None for words."""
    side_words: str = ""
    """`side` in words, for whom neither colour nor arrow says anything."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one step: values, device, or why there are none."""

    number: int
    at: str
    values: tuple[ShownValue, ...]
    device: str
    maker: str
    serial: str
    verified_until: str
    verification_over: bool
    medical_device: bool
    manual: bool
    raw_hex: str
    details: str
    failure: str
    device_words: str = ""
    """Of a failure: what the driver says, for the engineer."""
    code: str = ""
    """Of a failure: its code, for the engineer; medics read `failure` and `details`."""


@dataclass(frozen=True, slots=True)
class Step:
    """All attempts of one measurement."""

    step: str
    title: str
    attempts: tuple[Attempt, ...]


def filled(payload: Payload) -> dict[str, Any]:
    """The payload with every field of the contract in its place, for pages; what is signed stays as it came."""
    return ExamRecord.model_validate(payload).model_dump(mode="json", by_alias=True)


def limits_by_parameter(payload: Payload) -> dict[str, Payload]:
    """The limits that were applied, by parameter."""
    return {item["parameter"]: item for item in payload.get("limits", ())}


def side_of(value: Any, limit: Payload | None) -> Side:
    """Outside its limits, and where; the ends belong to the inside. A positive test is above what any limit allows."""
    if value == "fail":
        return "high"
    if limit is None or isinstance(value, str | bool):
        return ""
    if limit.get("high") is not None and value > limit["high"]:
        return "high"
    if limit.get("low") is not None and value < limit["low"]:
        return "low"
    return ""


def side_words(name: str, side: Side | str, language: str) -> str:
    """`выше нормы`, `ниже нормы`, `проба положительная`; empty for what lies inside."""
    if not side:
        return ""
    code = "breath_positive" if name == "breath_test" else {"high": "above", "low": "below"}[side]
    return text(language, f"finding.{code}")


def shown_values(values: Payload, limits: Mapping[str, Payload], language: str) -> tuple[ShownValue, ...]:
    """The values of one measurement that a medic reads, with their limits."""
    shown = []
    for name, value in sorted(values.items(), key=lambda item: wording.place(item[0])):
        if name in {"breath_alcohol_raw", "movement_count"}:
            continue
        limit = limits.get(name)
        side = side_of(value, limit)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        shown.append(
            ShownValue(
                name=name,
                label=wording.quantity_name(name, language),
                value=_value_text(name, value, language),
                unit=wording.unit(name, language),
                side=side,
                limit=wording.limit_range(limit, language) if limit else "",
                number=number_of(value, wording.decimals(name, value), side) if is_number else None,
                side_words=side_words(name, side, language),
            )
        )
    return tuple(shown)


def _value_text(name: str, value: Any, language: str) -> str:
    if isinstance(value, str):
        return wording.words_of(language, value, f"value.{name}")
    return wording.quantity(name, value, language)


def steps(payload: Payload, language: str, zone: tzinfo) -> tuple[Step, ...]:
    """Every step with every attempt, in order; a step without any attempt stands there empty."""
    limits = limits_by_parameter(payload)
    found: dict[str, list[tuple[str, Attempt]]] = {name: [] for name in wording.STEPS[:3]}
    for item in payload.get("measurements", ()):
        found.setdefault(item["step"], []).append((item["at"], _measured(item, limits, language, zone)))
    for item in payload.get("failures", ()):
        found.setdefault(item["step"], []).append((item["at"], _failed(item, language, zone)))
    return tuple(
        Step(name, wording.words_of(language, name, "step"), tuple(attempt for _, attempt in sorted(all_, key=_when)))
        for name, all_ in found.items()
    )


def _when(item: tuple[str, Attempt]) -> str:
    return item[0]


def _measured(item: Payload, limits: Mapping[str, Payload], language: str, zone: tzinfo) -> Attempt:
    device = item["device"]
    until = device.get("verified_until")
    details = ", ".join(f"{name}: {value}" for name, value in item.get("details", {}).items())
    return Attempt(
        number=item["attempt"],
        at=wording.clock_time(wording.parse(item["at"]), zone),
        values=shown_values(item["values"], limits, language),
        device=f"{device['maker']} {device['model']}",
        maker=device["maker"],
        serial=device.get("serial") or text(language, "exam.no_serial"),
        verified_until=".".join(reversed(until.split("-"))) if until else "",
        verification_over=bool(until) and until < day_of(wording.parse(item["at"])).isoformat(),
        medical_device=device["medical_device"],
        manual=item.get("derivation") == "manual",
        raw_hex=item["raw_hex"],
        details=details,
        failure="",
    )


def _failed(item: Payload, language: str, zone: tzinfo) -> Attempt:
    act = wording.words_of(language, item["act"], "act")
    stopped = item["kind"] == "Cancelled" or item["code"] == "stopped_at_once"  # then the code says nothing more
    words = "stopped_at_once" if item["code"] == "stopped_at_once" else item["kind"]
    return Attempt(
        number=item["attempt"],
        at=wording.clock_time(wording.parse(item["at"]), zone),
        values=(),
        device=item["device_id"],
        maker="",
        serial="",
        verified_until="",
        verification_over=False,
        medical_device=True,
        manual=False,
        raw_hex="",
        details="" if stopped else act,
        failure=text_or(language, f"failure.{words}", text(language, "failure.other")),
        device_words=item["message"],
        code=item["code"],
    )


def summary(payload: Payload, language: str) -> dict[str, ShownValue]:
    """The last value of each quantity, for one line of a list."""
    limits = limits_by_parameter(payload)
    latest: dict[str, ShownValue] = {}
    for item in sorted(payload.get("measurements", ()), key=lambda entry: str(entry["at"])):
        for value in shown_values(item["values"], limits, language):
            latest[value.name] = value
    return latest


def complaint_lines(payload: Payload, language: str) -> list[str]:
    """Complaints in words; empty when the worker feels well, None-like text when nobody asked."""
    complaints = payload.get("complaints")
    if complaints is None:
        return [text(language, "exam.complaints_not_asked")]
    lines = [_complaint(payload, code, language) for code in complaints.get("codes", ())]
    if complaints.get("text"):
        lines.append(complaints["text"])
    if not lines and not complaints["feels_well"]:
        lines.append(text(language, "exam.feels_unwell"))
    return lines


def _complaint(payload: Payload, code: str, language: str) -> str:
    """A complaint in the words of the version that the kiosk showed; of those that ship, the catalogue has words for the medic."""
    version = str((payload.get("books") or {}).get(COMPLAINTS, ""))
    at = None if version else wording.parse(payload["started_at"]) if payload.get("started_at") else None
    item = book_source.items(COMPLAINTS, str(payload.get("org", "")), version=version, at=at).get(code)
    return wording.words_of(language, code, "complaint") if item is None else item.words(language)


def urgent_complaints(payload: Payload, language: str) -> list[str]:
    """The complaints that cannot wait, in words."""
    return [
        _complaint(payload, str(item["value"]), language)
        for item in payload["rule_verdict"].get("findings", ())
        if item["code"] == URGENT_COMPLAINT
    ]


def finding_lines(payload: Payload, language: str) -> list[str]:
    """Why the rules look twice, one sentence each."""
    complaints = "; ".join(complaint_lines(payload, language))
    return [
        f"{_finding(item, payload, language)} ({complaints})"
        if item["code"] == "complaints"
        else _finding(item, payload, language)
        for item in payload["rule_verdict"].get("findings", ())
    ]


def _finding(item: Payload, payload: Payload, language: str) -> str:
    name = item["parameter"]
    said = wording.words_of(language, item["code"], "finding", "face_reason")
    label = text_or(language, f"step.{name}", "") or _seen_label(name, language)
    parts = [f"{label}: {said}"]
    if item.get("value") is not None:
        value = _found_value(item, payload, language)
        parts.append(f"{value} {wording.unit(name, language)}".strip())
    if item.get("low") is not None or item.get("high") is not None:
        parts.append(text(language, "limit.norm", range=wording.limit_range(item, language)))
    if item.get("attempt"):
        parts.append(text(language, "exam.attempt", number=item["attempt"]))
    return ", ".join(parts)


def _seen_label(name: str, language: str) -> str:
    if name == DRUG_TEST:
        return text(language, "room.drug_test")
    field = name.removeprefix("seen_")
    return wording.quantity_name(name, language) if field == name else text_or(language, f"looked_at.{field}", field)


def _found_value(item: Payload, payload: Payload, language: str) -> str:
    """The value that a finding names: a complaint, what eyes saw, the result of a drug test, or a measured value."""
    name, code = item["parameter"], str(item["value"])
    if name == "complaints":
        return _complaint(payload, code, language)
    if name == DRUG_TEST:
        return text_or(language, f"drug_result.{code}", code)
    return (
        seen_words(payload, code, language)
        if item["code"] == SEEN_CHANGED
        else _value_text(name, item["value"], language)
    )


def drug_test_words(test: Payload, language: str) -> str:
    """What was examined, the result, what was found, and with which kit."""
    parts = (
        text_or(language, f"drug_kind.{test['kind']}", test["kind"]),
        text_or(language, f"drug_result.{test['result']}", test["result"]),
        test.get("substances"),
        " ".join(filter(None, (test.get("kit"), test.get("lot") and f"№ {test['lot']}"))),
    )
    return ", ".join(part for part in parts if part)


def seen_words(payload: Payload, code: str, language: str) -> str:
    """What eyes saw, in the words of the version of the book that the page showed."""
    version = str((payload.get("books") or {}).get(EYE_FINDINGS, ""))
    item = book_source.items(EYE_FINDINGS, str(payload.get("org", "")), version=version).get(code)
    return text(language, "exam.other_code", code=code) if item is None else item.words(language)


def limit_lines(payload: Payload, language: str) -> list[tuple[str, str, str, str]]:
    """Quantity, range with unit, whose limit it is, version."""
    return [
        (
            wording.quantity_name(item["parameter"], language),
            f"{wording.limit_range(item, language)} {wording.unit(item['parameter'], language)}".strip(),
            wording.words_of(language, item["source"], "limit_source"),
            item["version"],
        )
        for item in payload.get("limits", ())
    ]
