"""Copies of papers as pages show them: state, where each is, what the norm says. Names are opened on the page of one copy alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from central.conclusions.norms import Norm, RoleCount, norms
from central.core.copy_rules import GONE
from central.store import acts, copies
from central.store.copies import ArchiveEntry, Copy, CopyMove
from central.words.texts import text


@dataclass(frozen=True, slots=True)
class CopyLine:
    """One copy with what happened to it. `entry`: where in the archive it was put last."""

    item: Copy
    moves: Sequence[CopyMove]
    entry: ArchiveEntry | None

    @property
    def state(self) -> str:
        """What the last move left."""
        return copies.state_after(self.moves)

    @property
    def last(self) -> CopyMove | None:
        """The last move."""
        return self.moves[-1] if self.moves else None

    @property
    def is_gone(self) -> bool:
        """Whether another one may take its place."""
        return self.state in GONE

    def where(self, language: str) -> str:
        """Where it is, in words without names."""
        words = text(language, f"copy.state.{self.state}")
        if self.state == "archived" and self.entry is not None:
            return f"{words}: № {self.entry.inventory_no}, {self.entry.place}, {self.entry.arrived_on:%d.%m.%Y}"
        if self.last is None or self.state in {"made", "archived"}:
            return words
        receiver = text(language, f"copy.receiver.{self.last.receiver_kind}") if self.last.receiver_kind else ""
        due = text(language, "copy.due", day=f"{self.last.due_back:%d.%m.%Y}") if self.last.due_back else ""
        return ", ".join(filter(None, (words, receiver, f"{self.last.on_day:%d.%m.%Y}", due)))


def copy_lines(connection: Connection, paper_ids: Collection[str]) -> Mapping[str, list[CopyLine]]:
    """Copies of these papers by paper."""
    found = copies.of_papers(connection, paper_ids)
    ids = [item.copy_id for items in found.values() for item in items]
    moves, entries = copies.moves_of(connection, ids), copies.archive_entries_of(connection, ids)
    return {
        paper_id: [CopyLine(item, moves.get(item.copy_id, []), entries.get(item.copy_id)) for item in items]
        for paper_id, items in found.items()
    }


def open_act(connection: Connection, moves: Sequence[CopyMove]) -> str:
    """The unsigned act of a loss after which the copy was found again; empty: there is none."""
    lost = [one for one in moves[:-1] if one.state == "lost" and one.document_id]
    if not lost or moves[-1].state == "lost":
        return ""
    act_id = str(lost[-1].document_id)
    withdrawn = acts.withdrawals_of(connection, [act_id])
    return "" if withdrawn or acts.is_in_force(connection, act_id) else act_id


def standing(kind: str, lines: Sequence[CopyLine], known: Mapping[str, Norm]) -> list[RoleCount]:
    """What the norm asks for and what there is, of the record that the newest copy shows."""
    norm = known.get(kind) or Norm(kind, {}, "")
    newest = lines[-1].item.record_id if lines else ""
    return norm.standing([(line.item.role, line.state) for line in lines if line.item.record_id == newest])


def norms_of(orgs: Collection[str]) -> Mapping[str, Mapping[str, Norm]]:
    """The norms of these organisations."""
    return {org: norms(org) for org in orgs}


def norm_words(counts: Sequence[RoleCount], language: str) -> str:
    """What the norm asks for and what there is, in one line for files."""
    parts = []
    for one in counts:
        words = f"{text(language, f'copy.role.{one.role}')} {one.made}/{one.norm}"
        if one.lacking:
            words += f" {text(language, 'copy.lacking', count=one.lacking)}"
        elif one.beyond:
            words += f" {text(language, 'copy.over', count=one.beyond)}"
        parts.append(words)
    return "; ".join(parts)
