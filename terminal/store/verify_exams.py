"""Walking the exams: where each begins and ends is what the diary folds to."""

import json
from dataclasses import dataclass

from sqlite_utils import Database

from sync.contract.verify_report import Wrong
from terminal.exam.decide import decide
from terminal.exam.events import EVENTS
from terminal.exam.model import ExamState
from terminal.store.verify_chains import UNREADABLE
from terminal.store.verify_report import Expected, StoreReport


@dataclass(slots=True)
class _Walked:
    """An exam as far as the walk has come, and the last number that is noted for it."""

    state: ExamState
    last_seq: int | None


def check_exams(db: Database, _expected: Expected, report: StoreReport) -> None:
    """Fold every exam in one walk over the diary. Memory holds the exams between their first and last event only.

    An exam with an event that cannot be folded is named once; what follows in it is not looked at.
    """
    walked: dict[str, _Walked] = {}
    lost: set[str] = set()
    begun = 0
    for seq, exam_id, body in db.execute("SELECT seq, exam_id, body FROM diary ORDER BY seq"):
        if exam_id in lost:
            continue
        exam = walked.get(exam_id)
        begun += exam is None
        lost.add(exam_id)  # until its event is seen to be well
        with report.checking(f"exam {exam_id}, event {seq}", *UNREADABLE):
            event = EVENTS.validate_python(json.loads(body)["event"])
            state, _ = decide(exam.state if exam else None, event)
            if exam is None:
                exam = walked[exam_id] = _Walked(state, _noted(db, exam_id, seq))
            exam.state = state
            if seq == exam.last_seq:
                if state.is_open:
                    what = "it is noted as ended, and the diary says that it is open"
                    raise Wrong("changed", f"exam {exam_id}", what)
                del walked[exam_id]
            lost.discard(exam_id)
    for exam_id, exam in walked.items():
        if exam_id not in lost and (exam.last_seq is not None or not exam.state.is_open):
            report.fault("changed", f"exam {exam_id}", "the diary has another last event of it than is noted")
    (noted,) = db.execute("SELECT count(*) FROM exam_span").fetchone()
    if noted != begun:
        report.fault("changed", "exams", f"{noted} are noted, and the diary tells of {begun}")


def _noted(db: Database, exam_id: str, seq: int) -> int | None:
    row = db.execute("SELECT first_seq, last_seq FROM exam_span WHERE exam_id = ?", (exam_id,)).fetchone()
    if row is None:
        raise Wrong("missing", f"exam {exam_id}", "the diary tells of it, and it is not noted where it begins")
    if row[0] != seq:
        raise Wrong("changed", f"exam {exam_id}", f"it is noted to begin at event {row[0]} and begins at {seq}")
    last: int | None = row[1]
    return last
