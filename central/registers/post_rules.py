"""Rules for one row of a staffing table, whether it comes from a form or a file. Pure.

Fields by name, as texts: `number`, `employer_id`, `title`, `department`, `position_code`, `places` (1 to 9999), `harm_factors`
(codes divided by commas), `sout_class`, `sout_until` (a day), `document`. A field that is not there was not said anything about.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from central.core.days import parse_day
from central.core.text_cleaning import clean_line
from central.registers.form import FIRST_YEAR
from central.registers.worker_rules import MOST_CHARS, MOST_FACTORS, cards_of
from central.store.posts import Post
from sync.contract.canonical import new_id

FIELDS = (
    *("number", "title", "department", "position_code", "places", "harm_factors", "sout_class", "sout_until"),
    "document",
)
NEEDED = ("number", "title", "places")
SOUT_CLASSES = ("1", "2", "3.1", "3.2", "3.3", "3.4", "4")
"""Classes of working conditions, article 14 of the federal law 426-FZ."""
SOUT_WARNED = timedelta(days=60)
"""So long before its last day an assessment is said to end soon: a new one takes weeks."""
MOST_PLACES = 9_999
_NUMBER_CHARS = 32
_CODE = re.compile(r"[0-9A-Za-zА-Яа-яЁё][0-9A-Za-zА-Яа-яЁё.\-/]{0,29}")


def post_of(
    given: Mapping[str, str], org: str, employers: Collection[str], before: Post | None
) -> Post | dict[str, str]:
    """The next version of the post (the one `before`, changed; else a new post), or the code of what is wrong by field.

    A post that would be as it was comes back as `before` itself.
    """
    said = {name: clean_line(words) for name, words in given.items()}
    faults = {name: "too_long" for name, words in said.items() if len(words) > MOST_CHARS}
    faults |= {name: "needed" for name in NEEDED if not said.get(name) and (name in said or before is None)}
    if said.get("employer_id", "") not in employers:
        faults["employer_id"] = "unknown" if said.get("employer_id") else "needed"
    if len(said.get("number", "")) > _NUMBER_CHARS:
        faults["number"] = "too_long"
    places = said.get("places", "")
    if places and not (places.isascii() and places.isdecimal() and 1 <= int(places[:6]) <= MOST_PLACES):
        faults["places"] = "not_a_count"
    factors = cards_of(said.get("harm_factors", ""))
    if len(factors) > MOST_FACTORS or not all(_CODE.fullmatch(code) for code in factors):
        faults["harm_factors"] = "wrong_code"
    if said.get("position_code") and not _CODE.fullmatch(said["position_code"]):
        faults["position_code"] = "wrong_code"
    if said.get("sout_class") and said["sout_class"] not in SOUT_CLASSES:
        faults["sout_class"] = "choose"
    until = parse_day(said["sout_until"]) if said.get("sout_until") else None
    if said.get("sout_until") and (until is None or until.year < FIRST_YEAR):
        faults["sout_until"] = "not_a_day"
    if faults:
        return faults

    def kept(name: str) -> str:
        return said[name] if name in said else str((getattr(before, name) if before else None) or "")

    new = Post(
        post_id=before.post_id if before else new_id(),
        version=before.version if before else 1,
        org=org,
        employer_id=said["employer_id"],
        number=said.get("number") or (before.number if before else ""),
        title=kept("title"),
        department=kept("department"),
        position_code=kept("position_code") or None,
        places=int(kept("places")),
        harm_factors=factors if "harm_factors" in said else (before.harm_factors if before else ()),
        sout_class=kept("sout_class") or None,
        sout_until=until if "sout_until" in said else (before.sout_until if before else None),
        document=kept("document"),
        is_closed=False,
    )
    if before is None or new == before:
        return before if before is not None else new
    return replace(new, version=before.version + 1)
