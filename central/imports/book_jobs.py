"""A large file of a reference book as the work of a job: it becomes the book's draft."""

from sqlalchemy import Connection, Engine

from central.books import drafting, reading
from central.books.rules import differences
from central.core.job_order import Running
from central.core.rights import RIGHTS, Role
from central.imports.books import read_book_file
from central.imports.file_findings import Found
from central.people.registry import Registry
from central.words.texts import text, text_or


class BookWork:
    """A file of a reference book, which becomes the book's draft."""

    def __init__(self, _engine: Engine, _registry: Registry, running: Running) -> None:
        self._running, said = running, running.params
        self._file = read_book_file(said["book"], running.given.read_bytes(), said["file_name"])
        running.report(0, total=len(self._file.items))

    def look(self, connection: Connection) -> Found:
        """As `Work.look`."""
        said = self._running.params
        name, org, language = said["book"], said["org"], said["language"]
        rights = RIGHTS[Role(said["role"])]
        faults = [{"row": one.row, "column": one.column, "words": one.words(language)} for one in self._file.faults]
        base = reading.newest(connection, name, org)
        if not faults:
            faults = [
                {
                    "row": one.code,
                    "column": text_or(language, f"book.field.{one.field}", one.field),
                    "words": text(language, f"book.fault.{one.fault}", detail=one.detail),
                }
                for one in drafting.import_faults(base, name, self._file.items, rights)
            ]
        self._running.report(len(self._file.items))
        if faults:
            return Found({"rows": len(self._file.items)}, faults, ())
        now = self._running.asked_at
        changes = differences(base.items, drafting.with_ended(base.items, self._file.items, now))
        counts = {kind: sum(one.kind == kind for one in changes) for kind in ("added", "changed", "ended")}
        detail = {"book": name, "rows": len(self._file.items)}

        def take(writer: Connection) -> None:
            drafting.take_items(
                writer,
                name,
                org,
                self._file.items,
                author=said["account_id"],
                now=now,
                source=self._file.source,
                version=self._file.version,
                rights=rights,
            )

        return Found(
            counts | {"rows": len(self._file.items)},
            (),
            [(one.after.code, one.after.ru, text(language, f"book.change.{one.kind}")) for one in changes],
            store=take,
            action="book.import",
            detail=detail,
        )
