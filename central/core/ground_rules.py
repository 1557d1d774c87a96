"""Rules of grounds: what follows from what other registers say about a person. A versioned book; nothing follows from a row alone.

An item of the book `ground_rules` is one rule. Without a published version those beside this module hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from central.core import book_source
from central.core.shipped_books import Shipped, read_shipped
from sync.contract.books import BookFault, BookItem

GROUND_RULES, GROUND_KINDS = "ground_rules", "ground_kinds"
Effect = Literal["inform", "ask", "in_person", "not_allowed"]
EFFECTS: tuple[Effect, ...] = ("inform", "ask", "in_person", "not_allowed")
"""From the weakest to the strongest."""
HOLDING: frozenset[Effect] = frozenset({"in_person", "not_allowed"})
"""Effects that keep a worker from an exam at a terminal."""
WHEN = ("needed", "over", "unfit", "restricted", "by_source", "in_force", "not_confirmed", "contradiction")
"""On which state a rule has its effect. `needed`: no row that holds is on record, or its term is over."""
_OF_A_KIND = frozenset({"needed", "over", "in_force"})
"""States that mean nothing without a kind."""
MOST_RULES = 60
MOST_WORKER_TEXT_CHARS = 120
WARN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom a rule is about; an empty part says nothing. Codes of classes hold for what is below them."""

    okved: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    harm_factors: tuple[str, ...] = ()
    employers_inn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroundRule:
    """One rule. `kind` empty: any kind; days are whole days; `term_days`: how long a row holds that names no end, 0 for ever."""

    code: str
    ru: str
    en: str
    kind: str
    vaccine: str
    when: str
    effect: Effect
    scope: Scope
    warn_days: int
    grace_days: int
    term_days: int
    worker_text: str
    basis: str

    def text(self, language: str) -> str:
        """The name of the rule in that language, as a medic reads it."""
        return self.en if language == "en" and self.en else self.ru


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules in force, with the number of their version."""

    version: str
    rules: tuple[GroundRule, ...]


def rule_of(item: BookItem) -> GroundRule:
    """An item as a rule. An effect that this program does not know asks the medic: it is no permission."""
    attrs = item.attrs
    effect = str(attrs.get("effect", ""))
    return GroundRule(
        code=item.code,
        ru=item.ru,
        en=item.en,
        kind=str(attrs.get("kind", "")),
        vaccine=str(attrs.get("vaccine", "")),
        when=str(attrs.get("when", "")),
        effect=next((one for one in EFFECTS if one == effect), "ask"),
        scope=Scope(*(_codes(attrs.get(name)) for name in Scope.__slots__)),
        warn_days=_days(attrs.get("warn_days"), WARN_DAYS),
        grace_days=_days(attrs.get("grace_days"), 0),
        term_days=_days(attrs.get("term_days"), 0),
        worker_text=str(attrs.get("worker_text", "")),
        basis=str(attrs.get("basis", "")),
    )


def rule_book(version: str, items: Iterable[BookItem]) -> RuleBook:
    """The rules of a version. One that is no longer offered has no effect."""
    return RuleBook(version, tuple(rule_of(item) for item in items if item.offered))


def shipped_rules() -> Shipped:
    """The rules that ship with the program."""
    return _there(read_shipped("central.core", "ground_rules.toml"))


def shipped_kinds() -> Shipped:
    """The kinds of grounds that ship with the program."""
    return _there(read_shipped("central.core", "ground_kinds.toml"))


def kinds(org: str = "") -> Mapping[str, BookItem]:
    """Kinds of grounds by code: of that organisation now, or those that ship."""
    return book_source.items(GROUND_KINDS, org) or {item.code: item for item in shipped_kinds().items}


def kind_words(code: str, language: str, org: str = "") -> str:
    """A kind in words; its code where no book has it."""
    known = kinds(org)
    return known[code].words(language) if code in known else code


def public_name(kind: BookItem | None) -> str:
    """What a kiosk and a letter to an employer may call a document of that kind; empty: nothing but that it is one."""
    return str(kind.attrs.get("public", "")) if kind is not None else ""


def rule_faults(items: Sequence[BookItem]) -> list[BookFault]:
    """What is wrong with rules by themselves; of every item, ended ones too. Pure."""
    faults = []
    if sum(item.offered for item in items) > MOST_RULES:
        faults.append(BookFault("", "items", "too_many_rules", str(MOST_RULES)))
    for item in items:
        rule = rule_of(item)
        for name in ("when", "effect", "basis"):
            if not str(item.attrs.get(name, "")).strip():
                faults.append(BookFault(item.code, name, "needed"))
        if not rule.kind and rule.when in _OF_A_KIND:
            faults.append(BookFault(item.code, "kind", "needed"))
        if rule.vaccine and rule.kind != "vaccination":
            faults.append(BookFault(item.code, "vaccine", "not_this_kind"))
        if rule.effect in HOLDING and not rule.worker_text.strip():
            faults.append(BookFault(item.code, "worker_text", "needed"))
        if len(rule.worker_text) > MOST_WORKER_TEXT_CHARS:
            faults.append(BookFault(item.code, "worker_text", "too_long", str(MOST_WORKER_TEXT_CHARS)))
        if any(not code[:1].isdigit() for code in rule.scope.okved):
            # A letter stands for classes that the code of an employer does not name.
            faults.append(BookFault(item.code, "okved", "not_a_class"))
    return faults


def _codes(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _days(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _there(found: Shipped | None) -> Shipped:
    if found is None:
        raise LookupError("a reference book of this package is missing: install the program again")
    return found
