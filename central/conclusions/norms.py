"""Norms of copies: how many of each a paper has, by the book `copy_norms`, and what is lacking or beyond. Pure but for the book."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central.books.catalogue import shipped
from central.core import book_source
from central.core.copy_rules import GONE, ROLES, roles_for
from sync.contract.books import BookItem

COPY_NORMS = "copy_norms"


@dataclass(frozen=True, slots=True)
class RoleCount:
    """Copies for one receiver: how many the norm asks for, and how many there are that are not lost, damaged or destroyed."""

    role: str
    norm: int
    made: int

    @property
    def lacking(self) -> int:
        """How many are still to be made."""
        return max(self.norm - self.made, 0)

    @property
    def beyond(self) -> int:
        """How many there are too many."""
        return max(self.made - self.norm, 0)


@dataclass(frozen=True, slots=True)
class Norm:
    """The norm of one kind of paper. `basis`: the act that it rests on."""

    kind: str
    counts: Mapping[str, int]
    basis: str

    def standing(self, made: Iterable[tuple[str, str]]) -> list[RoleCount]:
        """By role, those of the norm and those that were made. `made`: role and state of each copy of the record in force."""
        there = [role for role, state in made if state not in GONE]
        found = [RoleCount(role, self.counts.get(role, 0), there.count(role)) for role in ROLES]
        return [one for one in found if one.norm or one.made]


def norms(org: str) -> Mapping[str, Norm]:
    """The norms of an organisation, by kind of paper: as it has published them, else as they ship."""
    items = book_source.items(COPY_NORMS, org) or _shipped()
    return {code: _norm(item) for code, item in items.items() if item.offered}


def norm_of(org: str, kind: str) -> Norm:
    """The norm of a kind of paper; where the book has none, no copy is within it."""
    return norms(org).get(kind) or Norm(kind, {}, "")


def _norm(item: BookItem) -> Norm:
    counts = {role: item.attrs.get(role, 0) for role in roles_for(item.code)}
    return Norm(
        item.code,
        {role: count for role, count in counts.items() if isinstance(count, int) and count > 0},
        str(item.attrs.get("basis") or ""),
    )


def _shipped() -> Mapping[str, BookItem]:
    book = shipped(COPY_NORMS)
    return {item.code: item for item in book.items} if book is not None else {}
