"""What the centre says of exams of this terminal that wait: that a medic was called, and their place in the queue."""

from pydantic import ValidationError

from sync.contract.called import QUEUE, CalledExam, CalledExams
from terminal.store.reference import ReferenceStore


class CalledList:
    """The last list of the centre, read again after each new one. Only the core thread may use it."""

    def __init__(self, reference: ReferenceStore) -> None:
        self._reference = reference
        self._seen_writes = -1
        self._exams: dict[str, CalledExam] = {}

    def of(self, exam_id: str) -> CalledExam | None:
        """What is said of that exam; None when nobody was called for it."""
        if self._seen_writes != self._reference.writes:
            self._seen_writes = self._reference.writes
            self._exams = {one.exam_id: one for one in self._read().exams}
        return self._exams.get(exam_id)

    def _read(self) -> CalledExams:
        content = self._reference.latest(QUEUE)
        try:
            return CalledExams.model_validate(content) if content is not None else _NOBODY
        except ValidationError:
            # What a newer centre means is not guessed at: the exam waits, as it did.
            return _NOBODY


_NOBODY = CalledExams.model_validate({"as_of": "2020-01-01T00:00:00.000Z"})
