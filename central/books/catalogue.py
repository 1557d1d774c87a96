"""The list of reference books, and those that ship with the program. Pure but for the files beside this module."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from central.core.copy_rules import ROLES
from central.core.ground_rules import EFFECTS, WHEN, shipped_kinds, shipped_rules
from central.core.reasons import shipped_reasons
from central.core.rights import Right
from central.core.shipped_books import Shipped, read_shipped
from sync.contract.books import SPREAD_BOOKS, BookItem

CENTRE = ""
"""The owner of books of the whole centre."""
AttrKind = Literal["line", "number", "list"]


@dataclass(frozen=True, slots=True)
class Attr:
    """One attribute of the items of a book. `right`: needed to change it, in addition to the right to change the book."""

    name: str
    kind: AttrKind = "line"
    choices: tuple[str, ...] = ()
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class BookKind:
    """One reference book. Its title is the text `book.title.<name>`."""

    name: str
    is_classifier: bool = False
    """Of the whole centre and changed by an administrator; other books are an organisation's own."""
    attrs: tuple[Attr, ...] = ()
    oid: str = ""
    """Of a national dictionary (НСИ of the Ministry of Health)."""
    code_form: str = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,62}"

    @property
    def spread(self) -> bool:
        """Whether it goes down to the terminals."""
        return self.name in SPREAD_BOOKS

    @property
    def right(self) -> Right:
        """Who may change it."""
        return Right.CHANGE_CLASSIFIERS if self.is_classifier else Right.CHANGE_BOOKS

    def is_code(self, code: str) -> bool:
        """Whether a code has the form of this book's codes."""
        return re.fullmatch(self.code_form, code) is not None


_NSI = "1.2.643.5.1.13.13"
DISTRICTS = ("central", "north_west", "south", "north_caucasus", "volga", "ural", "siberia", "far_east")
REASON_CLASSES = ("measurement", "complaint", "intoxication", "visual", "organisational", "identity", "other")
LOOKED_AT = (
    "skin",
    "mucous",
    "behaviour",
    "speech",
    "smell",
    "pupils",
    "gait",
    "tremor",
    "romberg",
    "injuries",
)
"""What a medic in a room looks at, in this order."""
SIGNS = ("normal", "changed")
"""Whether what was seen is as it should be."""
PAPER_FIELDS = (
    "purpose",
    "reason",
    "help",
    "behaviour",
    "skin",
    "injuries",
    "eyes",
    "pupils",
    "pupil_reaction",
    "gait",
    "romberg",
    "finger_nose",
    "accuracy",
    "tremor_eyelids",
    "tremor_fingers",
    "smell",
    "tested",
    "urine",
    "clinical_sign",
    "conclusion",
    "acknowledged",
)
"""Fields of certificates and sobriety protocols that are chosen from lists."""
PAPER_MEANINGS = ("sober", "consumption", "intoxication", "referral", "refused")
"""What a choice means to the rules of a protocol."""
BOOKS: dict[str, BookKind] = {
    kind.name: kind
    for kind in (
        BookKind("complaints"),
        BookKind(
            "reasons",
            attrs=(
                Attr("class", choices=REASON_CLASSES, right=Right.CHANGE_CLASSIFIERS),
                Attr("found_by", "list", right=Right.CHANGE_CLASSIFIERS),
            ),
        ),
        BookKind("consent_text", attrs=(Attr("version"),)),
        BookKind("kiosk_texts"),
        BookKind("paper_texts"),
        BookKind("paper_choices", attrs=(Attr("field", choices=PAPER_FIELDS), Attr("means", choices=PAPER_MEANINGS))),
        BookKind(
            "copy_norms",
            attrs=(*(Attr(role, "number") for role in ROLES), Attr("basis")),
            code_form=r"refusal|sobriety|conclusion",
        ),
        BookKind("refusal_grounds"),
        BookKind("workdays", attrs=(Attr("off", "list"), Attr("on", "list"), Attr("basis")), code_form=r"20[0-9]{2}"),
        BookKind("ground_kinds", attrs=(Attr("public"),)),
        BookKind(
            "ground_rules",
            attrs=(
                Attr("kind"),
                Attr("vaccine"),
                Attr("when", choices=WHEN),
                Attr("effect", choices=EFFECTS),
                Attr("worker_text"),
                Attr("basis"),
                Attr("warn_days", "number"),
                Attr("grace_days", "number"),
                Attr("term_days", "number"),
                Attr("okved", "list"),
                Attr("positions", "list"),
                Attr("harm_factors", "list"),
                Attr("employers_inn", "list"),
            ),
        ),
        BookKind("eye_findings", attrs=(Attr("looked_at", choices=LOOKED_AT), Attr("sign", choices=SIGNS))),
        BookKind(
            "vaccines",
            attrs=(
                Attr("doses", "number"),
                Attr("interval_days", "number"),
                Attr("again_months", "number"),
                Attr("basis"),
                Attr("compared_with"),
            ),
        ),
        BookKind("retention", attrs=(Attr("years", "number"), Attr("days", "number"), Attr("basis"))),
        BookKind("okved2", is_classifier=True, code_form=r"[A-U]|[0-9]{2}(\.[0-9]{1,2}){0,2}"),
        BookKind(
            "rf_subjects",
            is_classifier=True,
            attrs=(Attr("okato"), Attr("federal_district", choices=DISTRICTS)),
            oid=f"{_NSI}.99.2.206",
            code_form=r"[0-9]{2}",
        ),
        BookKind("positions", is_classifier=True),
        BookKind("harm_factors", is_classifier=True, code_form=r"[0-9]{1,2}(\.[0-9]{1,3}){0,5}"),
        BookKind(
            "medical_organisations",
            is_classifier=True,
            attrs=(Attr("inn"), Attr("region_code")),
            oid=f"{_NSI}.11.1461",
            code_form=r"[0-2](\.(0|[1-9][0-9]*)){3,}",
        ),
        BookKind("medical_positions", is_classifier=True, attrs=(Attr("equivalent"),), oid=f"{_NSI}.11.1002"),
    )
}
"""All books by name, in the order in which they are listed."""


@cache
def shipped(name: str) -> Shipped | None:
    """The book of that name that ships with the program; None for one that comes by import alone."""
    if name == "reasons":
        return _shipped_reasons()
    if name in {"ground_kinds", "ground_rules"}:
        return shipped_kinds() if name == "ground_kinds" else shipped_rules()
    return read_shipped("central.books", "shipped", f"{name}.toml")


def _shipped_reasons() -> Shipped:
    items = tuple(
        BookItem(
            code=one.code,
            ru=one.ru,
            en=one.en,
            offered=one.offered,
            attrs={"class": one.group} | ({"found_by": list(one.found_by)} if one.found_by else {}),
        )
        for one in shipped_reasons().values()
    )
    return Shipped("2026-1", items, date(2026, 11, 1), {"source": "поставляется с программой", "as_of": "2026-11-01"})


def version_order(version: str) -> tuple[int, ...]:
    """A version as numbers, so that 6.10 comes after 6.9 and 2026-10 after 2026-9."""
    return tuple(int(part) for part in re.findall(r"[0-9]{1,9}", version)[:8])
