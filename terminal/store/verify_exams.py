"""Walking the exams: where each begins and ends is what the diary folds to."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from sync.contract.verify_report import Wrong
from terminal.exam.decide import decide
from terminal.exam.events import EVENTS
from terminal.exam.model import ExamState
from terminal.store.verify_report import Expected, StoreReport


@dataclass(slots=True)
class _Walked:
    """An exam as far as the walk has come, and the last number that is noted for it."""

    state: ExamState
    last_seq: int | None


def check_exams(db: Database, _expected: Expected, _report: StoreReport) -> None:
    """Fold every exam in one walk over the diary. Memory holds the exams between their first and last event only."""
    walked: dict[str, _Walked] = {}
    begun = 0
    for seq, exam_id, body in db.execute("SELECT seq, exam_id, body FROM diary ORDER BY seq"):
        event = EVENTS.validate_python(json.loads(body)["event"])
        exam = walked.get(exam_id)
        state, _ = decide(exam.state if exam else None, event)
        if exam is None:
            begun += 1
            exam = walked[exam_id] = _Walked(state, _noted(db, exam_id, seq))
        exam.state = state
        if seq == exam.last_seq:
            if state.is_open:
                raise Wrong("changed", f"exam {exam_id}", "it is noted as ended, and the diary says that it is open")
            del walked[exam_id]
    for exam_id, exam in walked.items():
        if exam.last_seq is not None or not exam.state.is_open:
            raise Wrong("changed", f"exam {exam_id}", "the diary has another last event of it than is noted")
    (noted,) = db.execute("SELECT count(*) FROM exam_span").fetchone()
    if noted != begun:
        raise Wrong("changed", "exams", f"{noted} are noted, and the diary tells of {begun}")


def _noted(db: Database, exam_id: str, seq: int) -> int | None:
    row = db.execute("SELECT first_seq, last_seq FROM exam_span WHERE exam_id = ?", (exam_id,)).fetchone()
    if row is None:
        raise Wrong("missing", f"exam {exam_id}", "the diary tells of it, and it is not noted where it begins")
    if row[0] != seq:
        raise Wrong("changed", f"exam {exam_id}", f"it is noted to begin at event {row[0]} and begins at {seq}")
    last: int | None = row[1]
    return last
