"""Large files of medics, of organisations and of reference books as jobs: a check that stores nothing, and an import of all of it.

What a file would change names people: it is in a file for whoever asked, and not in the table of jobs.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from central.books.rules import BookRefused
from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.days import day_of
from central.core.job_order import JobFault, Running
from central.core.snils import SnilsKey
from central.imports import medics, organisations
from central.imports.book_jobs import BookWork
from central.imports.field_maps import maps_of
from central.imports.file_findings import Found, Work
from central.imports.file_jobs import MOST_SHOWN
from central.imports.tables import UnreadableTable, write_table
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import audit, register_changes
from central.store.engine import hold_registers, writing
from central.store.engine import reading as reads
from central.store.field_maps import FieldMap
from central.store.register_changes import Author
from central.words.table_values import Value
from central.words.texts import text

MOST_BYTES_AT_ONCE = 256 * 1024
"""A larger file is a job's: some thousand medics, or items of a book, as text."""
_MOST_TRIES = 3


class FileImport:
    """The work of both kinds of job, for one kind of file. `params`: `org`, `orgs`, `account_id`, `address`, `language`, `role`,
    and what that kind of file needs: `map` and `missing`, or `book` and `file_name`."""

    def __init__(self, engine: Engine, config: CentralConfig, kind: str) -> None:
        self._engine, self._kind = engine, _KINDS[kind]
        self._registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))

    def check(self, running: Running) -> None:
        """Say what would become of the file; stores nothing."""
        work = self._opened(running)
        with reads(self._engine) as connection:
            found = work.look(connection)
        _tell(running, found, is_stored=False)

    def apply(self, running: Running) -> None:
        """Store the file, unless a row has a fault or somebody must say first that it is meant."""
        work, orgs = self._opened(running), running.params["orgs"]
        for _ in range(_MOST_TRIES):
            with reads(self._engine) as connection:
                seen = _mark(connection, orgs)
                found = work.look(connection)
            if found.faults or (found.asks and not running.params.get("missing")):
                _tell(running, found, is_stored=False)
                return
            with writing(self._engine) as connection:
                for org in sorted(orgs):
                    hold_registers(connection, org)
                if _mark(connection, orgs) != seen:
                    continue
                with _as_fault():
                    found.store(connection)
                _note(connection, running, found)
            _tell(running, found, is_stored=True)
            return
        raise JobFault("register_changed")

    def _opened(self, running: Running) -> Work:
        try:
            return self._kind(self._engine, self._registry, running)
        except UnreadableTable as error:
            raise JobFault(f"table_{error.code}", error.detail) from error


class _Mapped:
    """A file that is read by a field map."""

    def __init__(self, engine: Engine, registry: Registry, running: Running, kind: str) -> None:
        with reads(engine) as connection:
            known = maps_of(connection, kind)
        if running.params["map"] not in known:
            raise JobFault("no_map", running.params["map"])
        self._registry, self._running = registry, running
        self._chosen: FieldMap = known[running.params["map"]]
        self._language: str = running.params["language"]
        self._author = Author(running.params["account_id"], running.asked_at)
        self._today = day_of(now_utc())

    def _fields(self, different: Sequence[str]) -> str:
        shown = [name for name in different if name not in _OWN]
        named = ["snils" if name == "snils_hmac" else name for name in shown]
        return ", ".join(text(self._language, f"entry.field.{name}") for name in named)


_OWN = frozenset({"snils_sealed", "frmr_checked_at", "frmr_source", "oid_checked_at", "oid_source"})


class _Medics(_Mapped):
    def __init__(self, engine: Engine, registry: Registry, running: Running) -> None:
        super().__init__(engine, registry, running, "medics")
        self._rows = medics.read_file(running.given.read_bytes(), self._chosen)
        running.report(0, total=len(self._rows))

    def look(self, connection: Connection) -> Found:
        """As `Work.look`."""
        org, report = self._running.params["org"], self._running.report
        try:
            checked = medics.check_rows(
                connection, org, self._rows, self._chosen, self._registry, self._today, done=report
            )
        except LookupError as error:
            raise JobFault("organisation_without_oid") from error
        lines: list[tuple[Value, str, str]] = [
            (one.row, one.name, self._what(one)) for one in checked.changes if one.is_change
        ]
        lines += [("", one.full_name, text(self._language, "federal.leaves")) for one in checked.leaving]
        counts = {"added": checked.added, "changed": checked.changed, "unchanged": checked.unchanged}
        left = {"left": len(checked.leaving), "known": checked.known}
        return Found(
            counts | left,
            [{"row": one.row, "column": one.column, "code": one.code} for one in checked.faults],
            lines,
            error_file=lambda: checked.error_file(self._language),
            asks=checked.asks_first,
            store=lambda writer: medics.store_checked(writer, checked, self._author, self._today),
            action="medics.import",
            detail={"added": checked.added, "changed": checked.changed, "left": len(checked.leaving)},
        )

    def _what(self, one: medics.MedicChange) -> str:
        if one.entry is None:
            return text(self._language, "federal.new")
        records = text(self._language, "federal.records", count=len(one.records)) if one.records else ""
        return "; ".join(filter(None, (self._fields(one.different), records)))


class _Organisations(_Mapped):
    def __init__(self, engine: Engine, registry: Registry, running: Running) -> None:
        super().__init__(engine, registry, running, "organisations")
        self._rows = organisations.read_file(running.given.read_bytes(), self._chosen)
        running.report(0, total=len(self._rows))

    def look(self, connection: Connection) -> Found:
        """As `Work.look`."""
        checked = organisations.check_rows(
            connection,
            self._running.params["orgs"],
            self._rows,
            self._chosen,
            self._today,
            done=self._running.report,
        )
        return Found(
            {"changed": checked.changed, "unchanged": checked.unchanged},
            [{"row": one.row, "column": one.column, "code": one.code} for one in checked.faults],
            [
                (one.row, str(one.values["name"]), self._fields(one.different))
                for one in checked.changes
                if one.is_change
            ],
            error_file=lambda: checked.error_file(self._language),
            store=lambda writer: organisations.store_checked(writer, self._registry, checked, self._author),
            action="organisations.import",
            detail={"changed": checked.changed},
        )


_KINDS: Mapping[str, Callable[[Engine, Registry, Running], Work]] = {
    "medics": _Medics,
    "organisations": _Organisations,
    "book": BookWork,
}


def _mark(connection: Connection, orgs: Sequence[str]) -> list[int]:
    """How many changes the registers of these organisations have seen."""
    return [register_changes.count_of(connection, org) for org in sorted(orgs)]


@contextlib.contextmanager
def _as_fault() -> Any:
    """A book that was published anew since the look, so that the file cannot be taken any more."""
    try:
        yield
    except BookRefused as error:
        raise JobFault("register_changed") from error


def _note(connection: Connection, running: Running, found: Found) -> None:
    said = running.params
    audit.write(
        connection,
        at=now_utc(),
        account_id=said["account_id"],
        address=said["address"],
        action=found.action,
        org=said["org"] or None,
        detail=dict(found.detail),
    )


def _tell(running: Running, found: Found, *, is_stored: bool) -> None:
    language = running.params["language"]
    if found.faults and found.error_file is not None:
        running.made.write_bytes(found.error_file())
        running.file_name = "errors.xlsx"
    elif found.difference and not is_stored:
        heads = [text(language, f"federal.{name}") for name in ("row", "whose", "what")]
        running.made.write_bytes(write_table(heads, [list(line) for line in found.difference]))
        running.file_name = "difference.xlsx"
    counts = dict(found.counts) | {"faults": len(found.faults)}
    shown = [dict(one) for one in found.faults[:MOST_SHOWN]]
    result = {"counts": counts, "faults": shown, "hidden": len(found.faults) - len(shown)}
    running.report(running.done, result=result | {"asks": found.asks, "stored": is_stored})
