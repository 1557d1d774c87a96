"""Openings of the gate at this terminal: one for each admission, on the disk before the relay moves."""

from dataclasses import dataclass

from sqlite_utils import Database, Migrations

migrations = Migrations("terminal.gate_openings")


@migrations()
def m001_gate_opening(db: Database) -> None:
    """One row for each admission that the gate was opened for, or was to be."""
    db.execute(
        "CREATE TABLE gate_opening (exam_id TEXT PRIMARY KEY, passage_id TEXT NOT NULL UNIQUE, report TEXT NOT NULL,"
        " is_told INTEGER NOT NULL) STRICT"
    )


@dataclass(frozen=True, slots=True)
class GateOpening:
    """`report`: what the centre is told, as JSON. `is_told`: whether that is queued; until then nobody knows how it ended."""

    exam_id: str
    passage_id: str
    report: str
    is_told: bool


class GateOpeningStore:
    """Openings in one database. Only the terminal's core thread uses it; transactions are the caller's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of_exam(self, exam_id: str) -> GateOpening | None:
        """The opening that an exam's admission was used for."""
        return next(iter(self._found("exam_id = ?", exam_id)), None)

    def of_passage(self, passage_id: str) -> GateOpening | None:
        """The opening with that id."""
        return next(iter(self._found("passage_id = ?", passage_id)), None)

    def unfinished(self) -> list[GateOpening]:
        """Openings whose end nobody saw."""
        return self._found("is_told = ?", 0)

    def begin(self, item: GateOpening) -> None:
        """Use the admission up."""
        self._db.execute(
            "INSERT INTO gate_opening (exam_id, passage_id, report, is_told) VALUES (?, ?, ?, ?)",
            (item.exam_id, item.passage_id, item.report, int(item.is_told)),
        )

    def tell(self, passage_id: str, report: str) -> None:
        """How it ended is queued for the centre."""
        self._db.execute("UPDATE gate_opening SET report = ?, is_told = 1 WHERE passage_id = ?", (report, passage_id))

    def _found(self, condition: str, value: object) -> list[GateOpening]:
        query = f"SELECT exam_id, passage_id, report, is_told FROM gate_opening WHERE {condition}"  # noqa: S608
        return [
            GateOpening(row["exam_id"], row["passage_id"], row["report"], bool(row["is_told"]))
            for row in self._db.query(query, (value,))
        ]
