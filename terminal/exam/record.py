"""The record that goes to the centre, folded from the exam's state."""

from datetime import datetime
from typing import Literal

from sync.contract.exam import DiaryRange, ExamRecord
from terminal.exam.filming import report_of
from terminal.exam.limits import verdict_of
from terminal.exam.model import ExamState


def record_of(
    state: ExamState, *, org: str, finished_at: datetime, diary: DiaryRange, software_s: float | None
) -> ExamRecord:
    """Everything that is known of the exam, and nothing that is not. `revision` is the state's `sent_revision`."""
    kind: Literal["submitted", "unfinished"] = "unfinished" if state.end_reason else "submitted"
    return ExamRecord(
        exam_id=state.exam_id,
        revision=state.sent_revision,
        exam_type=state.exam_type,
        org=org,
        state=kind,
        end_reason=state.end_reason,
        started_at=state.started.at,
        finished_at=finished_at,
        examinee=state.examinee,
        identification_attempts=state.identification_attempts,
        consent=state.consent,
        face=state.face,
        complaints=state.complaints,
        measurements=state.measurements,
        failures=state.failures,
        limits=state.limits,
        rule_verdict=verdict_of(state),
        media=state.media,
        film=report_of(state),
        continuity=state.continuity,
        timings_s=state.timings_s,
        software_s=software_s,
        software_version=state.software_version,
        config_version=state.config_version,
        books=state.books,
        diary=diary,
        presented_book=state.presented_book,
    )
