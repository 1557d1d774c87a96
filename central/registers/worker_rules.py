"""Rules for a worker's fields, whether they come from a form or from a file. Pure.

Fields by name, as texts. A field that is not there was not said anything about: what is stored stays. Leave to be examined
remotely is never what is left over: it is said, or it is a fault.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from central.core.days import parse_day
from central.core.name_folding import fold_card, fold_licence
from central.core.parties import Worker
from central.core.snils import parse_snils
from central.core.text_cleaning import clean_line
from central.registers.employer_rules import is_inn
from central.registers.form import FIRST_YEAR

NEEDED = ("personnel_number", "full_name", "position", "employer_id")
SEXES, STATES, ANSWERS = ("male", "female"), ("active", "suspended"), ("yes", "no")
REGIMES = ("general", "railway", "other")
OF_THE_JOB = (
    "department",
    "position_code",
    "regime",
    "harm_factors",
    "since",
    "until",
    "external_id",
    "inn",
    "driving_licence",
    "post_number",
)
FIELDS = (
    *NEEDED,
    *("snils", "birth_date", "sex", "cards", "remote_allowed", "block_text", "status", "toxicology_at"),
    *OF_THE_JOB,
)
MOST_CHARS = 200
MOST_FACTORS = 50
_CODE = re.compile(r"[0-9A-Za-zА-Яа-яЁё][0-9A-Za-zА-Яа-яЁё.\-/]{0,29}")
"""The form of a code of a book: whether there is such a code is asked of the book."""
_LICENCE = re.compile(r"[0-9A-ZА-Я]{6,20}")
"""Ten signs in Russia, of which the old ones have two letters; other states have their own forms."""
Stored = Mapping[str, Any]
"""A row of the register."""


def worker_of(
    org: str,
    given: Mapping[str, str],
    employers: Collection[str],
    before: Stored | None,
    today: date,
    posts: Collection[tuple[str, str]] = (),
) -> Worker | dict[str, str]:
    """The worker (the one `before`, changed), or the code of what is wrong by field.

    `employers`: ids that may be named. `posts`: employer and number of the posts that are there.
    """
    said = {name: clean_line(words) for name, words in given.items()}
    faults = {name: "too_long" for name, words in said.items() if len(words) > MOST_CHARS}
    for name in NEEDED:
        if not said.get(name) and (name in said or before is None):
            faults[name] = "needed"
    if said.get("employer_id") and said["employer_id"] not in employers:
        faults["employer_id"] = "unknown"
    elif before is not None and said.get("employer_id", before["employer_id"]) != before["employer_id"]:
        # Exams and papers name this employment: another employer is another employment.
        faults["employer_id"] = "transfer_instead"
    remote = _remote(said, before, faults)
    status = _status(said, before, faults)
    if said.get("sex") and said["sex"] not in SEXES:
        faults["sex"] = "choose"
    if said.get("regime") and said["regime"] not in REGIMES:
        faults["regime"] = "choose"
    factors = cards_of(said.get("harm_factors", ""))
    if len(factors) > MOST_FACTORS or not all(_CODE.fullmatch(code) for code in factors):
        faults["harm_factors"] = "wrong_code"
    if said.get("position_code") and not _CODE.fullmatch(said["position_code"]):
        faults["position_code"] = "wrong_code"
    days = {name: _day(said, name, before, today, faults) for name in ("birth_date", "toxicology_at")}
    days |= {name: _day(said, name, before, date.max, faults) for name in ("since", "until")}
    if days["since"] is not None and days["until"] is not None and days["until"] < days["since"]:
        faults.setdefault("until" if "until" in said else "since", "before_since")
    if said.get("inn") and not (len(said["inn"]) == 12 and is_inn(said["inn"])):
        faults["inn"] = "wrong_inn"
    if said.get("driving_licence") and not _LICENCE.fullmatch(fold_licence(said["driving_licence"])):
        faults["driving_licence"] = "wrong_licence"
    of_employer = said.get("employer_id") or (before or {}).get("employer_id", "")
    number = said.get("post_number")
    if number and number != (before or {}).get("post_number") and (of_employer, number) not in posts:
        faults["post_number"] = "no_post"
    snils = _snils(said, faults)
    reason = said["block_text"] if "block_text" in said else (before or {}).get("block_text", "")
    if remote is False and not reason:
        faults["block_text"] = "needed"
    if faults:
        return faults
    kept: Stored = before or {}
    texts = {name: said[name] if name in said else kept[name] for name in NEEDED}
    sex: Any = (said["sex"] or None) if "sex" in said else kept.get("sex")
    state: Any = status
    regime: Any = _said_or_kept(said, kept, "regime")
    return Worker(
        org=org,
        **texts,
        snils=snils,
        cards=cards_of(said["cards"]) if "cards" in said else tuple(kept.get("cards", ())),
        sex=sex,
        birth_date=days["birth_date"],
        status=state,
        remote_allowed=remote is True,
        block_text=reason,
        photo_sha256=kept.get("photo_sha256"),
        toxicology_at=days["toxicology_at"],
        position_code=_said_or_kept(said, kept, "position_code"),
        department=_said_or_kept(said, kept, "department") or "",
        regime=regime,
        harm_factors=factors if "harm_factors" in said else tuple(kept.get("harm_factors", ())),
        since=days["since"],
        until=days["until"],
        external_id=_said_or_kept(said, kept, "external_id"),
        inn=_said_or_kept(said, kept, "inn"),
        driving_licence=_said_or_kept(said, kept, "driving_licence"),
        post_number=_said_or_kept(said, kept, "post_number"),
        **({"worker_id": kept["worker_id"]} if before else {}),
    )


def cards_of(words: str) -> tuple[str, ...]:
    """Numbers of cards divided by commas or semicolons; one that only a reader types otherwise stands once."""
    found: dict[str, str] = {}
    for part in words.replace(";", ",").split(","):
        if part.strip():
            found.setdefault(fold_card(part), part.strip())
    return tuple(found.values())


def differs(worker: Worker, before: Stored, snils_hash: str | None) -> bool:
    """Whether storing the worker would change anything. `snils_hash`: of the SNILS that was said, if one was."""
    if snils_hash is not None and before["snils_hmac"] != snils_hash:
        return True
    lists = ("cards", "harm_factors")
    names = set(FIELDS) - {"snils", *lists}
    return any(list(getattr(worker, name)) != list(before[name]) for name in lists) or any(
        getattr(worker, name) != before[name] for name in names
    )


def _said_or_kept(said: Mapping[str, str], kept: Stored, name: str) -> str | None:
    value = said[name] if name in said else kept.get(name)
    return value or None


def _remote(said: Mapping[str, str], before: Stored | None, faults: dict[str, str]) -> bool | None:
    if "remote_allowed" not in said:
        if before is not None:
            return bool(before["remote_allowed"])
        faults["remote_allowed"] = "needed"
        return None
    if said["remote_allowed"] not in ANSWERS:
        faults["remote_allowed"] = "choose" if said["remote_allowed"] else "needed"
        return None
    return said["remote_allowed"] == "yes"


def _status(said: Mapping[str, str], before: Stored | None, faults: dict[str, str]) -> str:
    """Who is entered is at work unless it is said that they are suspended; nothing left out ends a suspension."""
    words, stored = said.get("status", ""), "active" if before is None else str(before["status"])
    if words and words not in STATES:
        faults["status"] = "choose"
    elif "status" in said and not words and stored == "suspended":
        faults["status"] = "needed"
    return words or stored


def _day(said: Mapping[str, str], name: str, before: Stored | None, today: date, faults: dict[str, str]) -> date | None:
    if name not in said:
        return before[name] if before is not None else None
    if not said[name]:
        return None
    found = parse_day(said[name])
    if found is None or found.year < FIRST_YEAR:
        faults[name] = "not_a_day"
    elif found > today:
        faults[name] = "future"
    return found


def _snils(said: Mapping[str, str], faults: dict[str, str]) -> str | None:
    """None keeps the one on record."""
    if not said.get("snils"):
        return None
    try:
        return parse_snils(said["snils"])
    except ValueError:
        faults["snils"] = "wrong_snils"
        return None
