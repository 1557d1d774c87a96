"""Answers of the API. Outcomes and states only: no value, no complaint, no reason."""

from typing import Literal

from pydantic import BaseModel

from central.deciding.admissions import State
from sync.contract.model import Utc


class Problem(BaseModel):
    """What went wrong: a code for programs and words for people."""

    code: str
    message: str


class AdmissionState(BaseModel):
    """Whether one worker may work now. Only `admitted` opens a gate."""

    personnel_number: str
    state: State
    may_work: bool
    exam_id: str | None
    exam_type: str | None
    decided_at: Utc | None
    valid_until: Utc | None


class AdmissionList(BaseModel):
    """All workers of the key's employer."""

    at: Utc
    workers: list[AdmissionState]


class ExamOutcome(BaseModel):
    """The outcome of one examination. No value, no reason: medical secrets stay with the medics."""

    exam_id: str
    personnel_number: str | None
    exam_type: str
    finished_at: Utc
    outcome: Literal["admitted", "not_admitted", "not_identified", "repeat", "refer", "waiting", "unfinished"]
    decided_at: Utc | None


class ExamPage(BaseModel):
    """One page of outcomes, oldest first. `next_after` asks for the next page; null at the end."""

    exams: list[ExamOutcome]
    next_after: str | None
