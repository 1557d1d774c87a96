"""What became of exams that waited unopened. Content of the reference book `queue`, the whole list of a terminal each time."""

from pydantic import Field

from sync.contract.model import Id, Utc, WireModel

QUEUE = "queue"
"""Name of the book. A terminal that does not know it goes on saying that the exam waits."""
MOST_CALLED = 100


class CalledExam(WireModel):
    """An exam for which a medic on duty was called. No term is in it: nobody knows one."""

    exam_id: Id
    number: int = Field(ge=1)
    """Its place in the queue of the organisation as of the list."""
    is_open: bool = False
    """A medic has it open."""


class CalledExams(WireModel):
    """All such exams of one terminal, as of a moment."""

    as_of: Utc
    exams: tuple[CalledExam, ...] = Field(default=(), max_length=MOST_CALLED)
