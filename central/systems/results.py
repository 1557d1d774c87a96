"""What a partner is told of an exam: the result, and by whom it was given. Pure. No value and no complaint is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.contract.decision import DecisionRecord

RESULT_SCHEMA = "dopusk.exam-result/1"


@dataclass(frozen=True, slots=True)
class WorkerKey:
    """How the employer's own system knows the worker. Empty: it has not said."""

    external_id: str = ""
    personnel_number: str = ""
    employer_inn: str = ""


NO_KEY = WorkerKey()


@dataclass(frozen=True, slots=True)
class ExamResult:
    """The result of one exam. Times are UTC."""

    decision_id: str
    exam_id: str
    exam_type: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    reason_codes: tuple[str, ...]
    """Codes of our book of reasons; only for formats that say reasons."""
    corrects: str | None
    decided_at: datetime
    valid_until: datetime | None
    medic: str
    organisation: str
    waybill_title: str
    """ИдФайл of the title of an electronic waybill that was signed with it; empty: none."""
    worker: WorkerKey
    generation: str
    """`real`, `demo` or `test`: of the devices that measured, or of the centre."""

    def plain(self) -> dict[str, Any]:
        """As JSON has it, without reasons."""
        return {
            "schema": RESULT_SCHEMA,
            "generation": self.generation,
            "decision_id": self.decision_id,
            "exam_id": self.exam_id,
            "exam_type": self.exam_type,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at.isoformat(),
            "outcome": self.outcome,
            "corrects": self.corrects,
            "decided_at": self.decided_at.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "medic": self.medic,
            "organisation": self.organisation,
            "waybill_title": self.waybill_title,
            "worker": {
                "external_id": self.worker.external_id,
                "personnel_number": self.worker.personnel_number,
                "employer_inn": self.worker.employer_inn,
            },
        }


def result_of(record: bytes, worker: WorkerKey = NO_KEY, generation: str = "") -> ExamResult:
    """The result in a signed record of a decision. `generation`: of the centre; empty: as the measurements say.

    Raises `ValueError` for what is no such record.
    """
    signed = DecisionRecord.model_validate_json(record)
    exam, verdict = signed.exam, signed.decision
    return ExamResult(
        decision_id=verdict.decision_id,
        exam_id=exam.exam_id,
        exam_type=exam.exam_type,
        started_at=exam.started_at,
        finished_at=exam.finished_at,
        outcome=verdict.outcome,
        reason_codes=tuple(verdict.reason_codes),
        corrects=verdict.corrects,
        decided_at=verdict.decided_at,
        valid_until=verdict.valid_until,
        medic=signed.medic.full_name,
        organisation=signed.organisation.name,
        waybill_title=signed.waybill_title.file_id if signed.waybill_title is not None else "",
        worker=worker,
        generation=generation or _measured_as(signed),
    )


def _measured_as(signed: DecisionRecord) -> str:
    """Real only where every measurement is; an exam without one does not say."""
    kinds = {one.generation for one in signed.exam.measurements}
    return kinds.pop() if len(kinds) == 1 else next((kind for kind in ("demo", "test") if kind in kinds), "unknown")


def key_of(worker: Mapping[str, Any], employer: Mapping[str, Any]) -> WorkerKey:
    """The keys of an employment, as the registers have them."""
    return WorkerKey(str(worker["external_id"] or ""), str(worker["personnel_number"]), str(employer.get("inn") or ""))
