"""Large files of the registers as jobs: a check that stores nothing, and an import that stores all of a file or nothing of it."""

from typing import Any

from sqlalchemy import Connection, Engine

from central.core.clock import now_utc
from central.core.config import CentralConfig
from central.core.job_order import JobFault, Running
from central.core.snils import SnilsKey
from central.imports.lines_on_disk import LinesOnDisk
from central.imports.register_files import (
    FILES,
    HEADINGS,
    FileCheck,
    RegisterChanged,
    check_large_file,
    error_table,
    import_large_file,
    read_large_file,
)
from central.imports.tables import TableRow, UnreadableTable
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import audit
from central.store.register_changes import Author

MOST_SHOWN = 200
"""So many faults stand on the page; all of them stand in the file of faults."""


class RegisterImport:
    """The work of both kinds of job, for one kind of file. `params`: `org`, `account_id`, `address`, `language`."""

    def __init__(self, engine: Engine, config: CentralConfig, kind: str) -> None:
        self._engine, self._kind = engine, kind
        registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
        self._file = FILES[kind](registry)

    def check(self, running: Running) -> None:
        """Say what would become of the file; stores nothing."""
        rows = self._rows(running, rounds=1)
        checked = check_large_file(self._engine, self._file, running.params["org"], rows, running.report)
        self._tell(running, checked, len(rows))

    def apply(self, running: Running) -> None:
        """Store the file, unless a row of it has a fault. The same file twice changes nothing."""
        rows = self._rows(running, rounds=2)
        said = running.params

        def note(connection: Connection, detail: Any) -> None:
            audit.write(
                connection,
                at=now_utc(),
                account_id=said["account_id"],
                address=said["address"],
                action=self._file.action,
                org=said["org"],
                detail=dict(detail),
            )

        author = Author(said["account_id"], running.asked_at)
        try:
            checked = import_large_file(
                self._engine, self._file, said["org"], rows, author, done=running.report, note=note
            )
        except RegisterChanged as error:
            raise JobFault("register_changed") from error
        self._tell(running, checked, 2 * len(rows))

    def _rows(self, running: Running, rounds: int) -> LinesOnDisk[TableRow]:
        try:
            rows = read_large_file(self._file, running.given.read_bytes())
        except UnreadableTable as error:
            raise JobFault(f"table_{error.code}", error.detail) from error
        running.report(0, total=rounds * len(rows))
        return rows

    def _tell(self, running: Running, checked: FileCheck, done: int) -> None:
        shown: list[dict[str, Any]] = []
        for _, found in checked.faulty:
            # What a cell holds may name a person: it is in the file of faults, and not in the table of jobs.
            shown += [{"row": one.row, "column": one.column, "code": one.code} for one in found]
            if len(shown) >= MOST_SHOWN:
                break
        if checked.faults:
            running.made.write_bytes(error_table(HEADINGS[self._kind], checked.faulty, running.params["language"]))
            running.file_name = f"{self._kind}-errors.xlsx"
        shown = shown[:MOST_SHOWN]
        counts = checked.counts | {"faults": checked.faults, "faulty_rows": len(checked.faulty)}
        running.report(done, result={"counts": counts, "faults": shown, "hidden": checked.faults - len(shown)})
