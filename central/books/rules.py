"""Rules for a draft of a book: forms, order, nothing lost, nothing that breaks a kiosk. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from central.books.catalogue import Attr, BookKind, shipped
from central.core.ground_rules import GROUND_RULES, rule_faults
from central.core.rights import Right
from sync.contract.books import LETTERS, MOST_TEXT_CHARS, BookFault, BookItem, kiosk_faults

MOST_WORDS_CHARS = 600
"""Of an item's words, but for texts."""
MOST_BASIS_CHARS = 500
MOST_ITEMS = 20_000
PAPER_TEXTS = "paper_texts"
TYPE = "{type}"
"""Stands in a text of papers for the kind of exam."""
MOST_PAPER_CHARS = {"act": 120, "title": 80, "body": 300}
"""Of a text of papers, by the beginning of its code: so much has room on a paper of one page."""
_LONG = frozenset({"consent_text"})
ChangeKind = Literal["added", "changed", "ended"]


class BookRefused(Exception):
    """A draft, a file or a publication that cannot be taken, and where. Nothing was stored."""

    def __init__(self, faults: Sequence[BookFault]) -> None:
        super().__init__(
            "; ".join(f"{fault.code or '-'} {fault.field}: {fault.fault} {fault.detail}" for fault in faults[:5])
        )
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Difference:
    """One item that two versions hold differently; `before` is None for a new one. Ended: no longer offered."""

    kind: ChangeKind
    before: BookItem | None
    after: BookItem


def differences(before: Sequence[BookItem], after: Sequence[BookItem]) -> list[Difference]:
    """What changes from one version to the next, in the order of the new one."""
    old = {item.code: item for item in before}
    found = []
    for item in after:
        was = old.get(item.code)
        if was is None:
            found.append(Difference("added", None, item))
        elif was != item:
            ends = (was.offered and not item.offered) or (item.valid_until is not None and was.valid_until is None)
            found.append(Difference("ended" if ends else "changed", was, item))
    return found


def merged(base: Sequence[BookItem], changes: Mapping[str, BookItem]) -> tuple[BookItem, ...]:
    """The base with the changes in their places, and new items behind it in the order of the changes."""
    known = {item.code for item in base}
    return (
        *(changes.get(item.code, item) for item in base),
        *(item for code, item in changes.items() if code not in known),
    )


def item_faults(kind: BookKind, item: BookItem, was: BookItem | None, rights: Collection[Right]) -> list[BookFault]:
    """What is wrong with one item by itself. `was`: as it is in force; `rights`: of whoever changes it."""
    faults = []

    def fault(field: str, code: str, detail: str = "") -> None:
        faults.append(BookFault(item.code, field, code, detail))

    if was is None and not kind.is_code(item.code):
        fault("code", "wrong_code")
    most = MOST_TEXT_CHARS if kind.name in _LONG else MOST_WORDS_CHARS
    for name, words in (("ru", item.ru), ("en", item.en)):
        if name == "ru" and not words.strip():
            fault(name, "needed")
        if len(words) > most:
            fault(name, "too_long", str(most))
    if was is not None and not was.offered and (was.ru, was.en) != (item.ru, item.en):
        # Its words stand in records of the past; another meaning needs another code.
        fault("ru", "retired_code")
    if item.valid_from is not None and item.valid_until is not None and item.valid_until < item.valid_from:
        fault("valid_until", "below_low")
    known = {attr.name: attr for attr in kind.attrs}
    before = was.attrs if was is not None else {}
    for name, value in item.attrs.items():
        if name not in known:
            fault(name, "unknown_field")
        elif not _is_value(known[name], value):
            fault(name, "choose" if known[name].choices else "wrong_form")
        elif (
            known[name].right is not None
            and known[name].right not in rights
            and value != before.get(name, _unset(name))
        ):
            fault(name, "administrator_only")
    return faults


def _unset(name: str) -> Any:
    """What an attribute is worth while nobody with the right has set it."""
    return "other" if name == "class" else ""


def _is_value(attr: Attr, value: Any) -> bool:
    match attr.kind:
        case "number":
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000
        case "list":
            return isinstance(value, list) and len(value) <= 50 and all(isinstance(one, str) for one in value)
        case _:
            return (
                isinstance(value, str)
                and len(value) <= 200
                and (not attr.choices or not value or value in attr.choices)
            )


def book_faults(kind: BookKind, items: Sequence[BookItem]) -> list[BookFault]:
    """What is wrong with a version as a whole."""
    codes = {item.code for item in items}
    faults = []
    if not items:
        faults.append(BookFault("", "items", "empty"))
    if len(items) > MOST_ITEMS:
        faults.append(BookFault("", "items", "too_many_rows", str(MOST_ITEMS)))
    if len(codes) < len(items):
        seen: set[str] = set()
        twice = next(item.code for item in items if item.code in seen or seen.add(item.code))  # type: ignore[func-returns-value]
        faults.append(BookFault(twice, "code", "code_twice"))
    faults += [
        BookFault(item.code, "parent", "unknown_parent", item.parent)
        for item in items
        if item.parent and item.parent not in codes
    ]
    parents = {item.code: item.parent for item in items}
    faults += [BookFault(code, "parent", "circle", parents[code]) for code in parents if _circles(code, parents)]
    if kind.name == GROUND_RULES:
        faults += rule_faults(items)
    if kind.name == PAPER_TEXTS:
        faults += _paper_faults(items)
    return faults + kiosk_faults(kind.name, items)


def _paper_faults(items: Sequence[BookItem]) -> list[BookFault]:
    """What would break a paper: texts that there are not, too long ones, other names in braces, letters that its font lacks."""
    program = shipped(PAPER_TEXTS)
    known = {item.code: item.ru for item in program.items} if program is not None else {}
    faults = []
    for item in items:
        if item.code not in known:
            faults.append(BookFault(item.code, "code", "not_changeable"))
            continue
        if not item.offered:
            faults.append(BookFault(item.code, "offered", "always_offered"))
        most = MOST_PAPER_CHARS[item.code.split(".", maxsplit=1)[0]]
        if len(item.ru) > most:
            faults.append(BookFault(item.code, "ru", "too_long", str(most)))
        rest = item.ru.replace(TYPE, "") if TYPE in known[item.code] else item.ru
        if "{" in rest or "}" in rest:
            faults.append(BookFault(item.code, "ru", "unknown_placeholder", rest[rest.find("{") :][:20]))
        foreign = "".join(sorted({sign for sign in item.ru if not LETTERS.fullmatch(sign)}))
        if foreign:
            faults.append(BookFault(item.code, "ru", "foreign_letters", foreign[:20]))
    return faults


def _circles(code: str, parents: Mapping[str, str]) -> bool:
    seen = {code}
    while code := parents.get(code, ""):
        if code in seen:
            return True
        seen.add(code)
    return False
