"""Maps between our codes and a partner's: checks what was typed, proposes by equal names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args

from sqlalchemy import Connection

from central.books import reading as books
from central.core.input_fault import InputFault
from central.core.name_folding import fold_name
from central.imports.tables import Columns, UnreadableTable, read_table
from central.store import code_maps
from central.store.code_maps import RELATIONS, CodeMap, Dictionary
from central.store.exchanges import FINAL_OUTCOMES
from central.systems.sent_form import EXAM_TYPES, OUTCOMES
from central.words.texts import text
from sync.contract.books import BookItem
from sync.contract.canonical import new_id, sha256_hex
from sync.contract.exam import ExamType

CODE, NAME = "Код", "Название"
LISTS = {EXAM_TYPES: ("exam_type", get_args(ExamType)), OUTCOMES: ("outcome", FINAL_OUTCOMES)}
"""By name: the words of the list, and its codes."""
MOST_CHARS = 300
MOST_DICTIONARY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MapLine:
    """A code of ours beside the partner's."""

    item: BookItem
    bound: CodeMap | None
    """The binding that counts; None: nobody has mapped it."""
    proposal: tuple[str, str] | None
    """Code and name of theirs that is called the same."""
    is_lost: bool
    """Its code is not in the partner's dictionary any more."""


@dataclass(frozen=True, slots=True)
class MapDraft:
    """A binding as it was typed and checked."""

    book: str
    own_code: str
    their_system: str
    their_code: str
    their_display: str
    relation: str
    basis: str


@dataclass(frozen=True, slots=True)
class DictionaryChange:
    """What a dictionary brought against the one before it: codes."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    renamed: tuple[str, ...]


def items_of(connection: Connection, book: str, org: str, day: date) -> Sequence[BookItem]:
    """Our codes of a mapped book, or of a list that no book has: kinds of exam, outcomes."""
    if book not in LISTS:
        return books.in_force(connection, book, org, day).items
    group, codes = LISTS[book]
    return [BookItem(code=code, ru=text("ru", f"{group}.{code}"), en=text("en", f"{group}.{code}")) for code in codes]


def lines_of(
    items: Sequence[BookItem], bound: Mapping[str, CodeMap], dictionary: Dictionary | None, language: str
) -> list[MapLine]:
    """Every code that is offered or mapped, in the book's order, with a proposal where none is bound."""
    by_name: dict[str, list[tuple[str, str]]] = {}
    theirs = dictionary.items if dictionary is not None else {}
    for code, name in theirs.items():
        by_name.setdefault(fold_name(name), []).append((code, name))
    found = []
    for item in items:
        one = bound.get(item.code)
        if not item.offered and one is None:
            continue
        same = by_name.get(fold_name(item.ru), [])
        is_bound = one is not None and one.is_bound
        # Two of the same name: a person has to choose.
        proposal = same[0] if len(same) == 1 and not is_bound else None
        is_lost = one is not None and one.is_bound and dictionary is not None and one.their_code not in theirs
        found.append(MapLine(item, one, proposal, is_lost))
    return found


def covered_percent(lines: Sequence[MapLine]) -> int:
    """Which part of the codes has one of theirs, rounded down; nothing to map is all of it."""
    bound = sum(line.bound is not None and line.bound.is_bound for line in lines)
    return 100 * bound // len(lines) if lines else 100


def map_of(
    fields: Mapping[str, str], book: str, known: Mapping[str, BookItem], dictionary: Dictionary | None
) -> MapDraft | dict[str, InputFault]:
    """A binding that was typed; or what is wrong, by field."""
    said = {name: " ".join(fields.get(name, "").split()) for name in _FIELDS}
    faults: dict[str, InputFault] = {}
    if said["own_code"] not in known:
        faults["own_code"] = InputFault("choose")
    if said["relation"] not in RELATIONS:
        faults["relation"] = InputFault("choose")
    elif said["relation"] == "none":
        if said["their_code"]:
            faults["their_code"] = InputFault("map_code_beside_none")
    elif not said["their_code"]:
        faults["their_code"] = InputFault("needed")
    elif dictionary is not None and said["their_code"] not in dictionary.items:
        faults["their_code"] = InputFault("map_not_in_dictionary")
    if not said["basis"]:
        faults["basis"] = InputFault("needed")
    for name, words in said.items():
        if len(words) > MOST_CHARS:
            faults.setdefault(name, InputFault("too_long"))
    if faults:
        return faults
    display, system = said["their_display"], said["their_system"]
    if dictionary is not None and said["their_code"]:
        display, system = display or dictionary.items[said["their_code"]], system or dictionary.their_system
    return MapDraft(book, said["own_code"], system, said["their_code"], display, said["relation"], said["basis"])


_FIELDS = ("own_code", "their_system", "their_code", "their_display", "relation", "basis")


def enter(
    connection: Connection, made: MapDraft, system_id: str, org: str, account_id: str, now: datetime
) -> CodeMap | None:
    """Enter it as the newest version of its code; None where that says the same already. Raises `ChangedMeanwhile`."""
    before = code_maps.in_force(connection, system_id, made.book).get(made.own_code)
    if before is not None and all(getattr(before, name) == getattr(made, name) for name in _FIELDS):
        return None
    item = CodeMap(
        map_id=new_id(),
        system_id=system_id,
        org=org,
        book=made.book,
        own_code=made.own_code,
        their_system=made.their_system,
        their_code=made.their_code,
        their_display=made.their_display,
        relation=made.relation,
        version=1 if before is None else before.version + 1,
        basis=made.basis,
        account_id=account_id,
        entered_at=now,
    )
    code_maps.add(connection, item)
    return item


def read_dictionary(content: bytes) -> dict[str, str]:
    """Codes and names of a file with the headings «Код» and «Название».

    Raises `UnreadableTable`: `no_code` of a row without one, `code_twice` of one that has two names.
    """
    found: dict[str, str] = {}
    for row in read_table(content, (CODE, NAME), columns=Columns((CODE, NAME), identifiers=(CODE,))):
        code, name = row.get(CODE, ""), row.get(NAME, "")
        if not code or row.faults:
            raise UnreadableTable("no_code", str(row.number))
        if found.setdefault(code, name) != name:
            raise UnreadableTable("code_twice", code)
        if len(code) > MOST_CHARS or len(name) > MOST_CHARS:
            raise UnreadableTable("no_code", str(row.number))
    if not found:
        raise UnreadableTable("empty")
    return found


def dictionary_of(
    content: bytes, system_id: str, org: str, book: str, their_system: str, account_id: str, now: datetime
) -> Dictionary:
    """A dictionary from a file. Raises `UnreadableTable`."""
    items = read_dictionary(content)
    return Dictionary(
        new_id(), system_id, org, book, their_system[:MOST_CHARS], items, sha256_hex(content), account_id, now
    )


def change_of(before: Dictionary | None, after: Dictionary) -> DictionaryChange:
    """What is new, gone and renamed."""
    old = before.items if before is not None else {}
    new = after.items
    return DictionaryChange(
        tuple(sorted(set(new) - set(old))),
        tuple(sorted(set(old) - set(new))),
        tuple(sorted(code for code in set(old) & set(new) if old[code] != new[code])),
    )
