"""The record of an exam in a medical room, in the form in which terminals send theirs. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from central.examining.answers import Answers, drug_findings, seen_findings
from central.examining.content import RoomContent
from central.store.rooms import RoomDraft
from sync.contract.books import COMPLAINTS, BookItem
from sync.contract.exam import AppliedLimit, Examinee, ExamRecord, RuleFinding, RuleVerdict
from sync.contract.limits import attention_to, suggest
from sync.contract.room import EYE_FINDINGS, TYPED_WRONG, RoomVisit

RULES_VERSION = "room-2026-2"
"""Of the rules by which this program judges exams of rooms; limits name their own versions."""


def verdict_of(
    content: RoomContent,
    answers: Answers,
    steps: Sequence[str],
    limits: Sequence[AppliedLimit],
    findings: Mapping[str, BookItem],
) -> RuleVerdict:
    """What the rules suggest, never a decision. `steps`: those that need a value; `findings`: the book of eye findings.

    A typed value that was taken back is a reason to look twice: nobody wipes out a positive one unseen.
    """
    attention = attention_to(answers.complaints, ())
    attention += seen_findings(answers.seen, findings)
    attention += [
        RuleFinding(parameter=wrong.step, attempt=wrong.attempt, code=TYPED_WRONG) for wrong in content.typed_wrong
    ]
    found = drug_findings(answers.drug_test)
    return suggest(steps, content.measurements, limits, attention, RULES_VERSION, found)


def build(
    draft: RoomDraft,
    content: RoomContent,
    answers: Answers,
    verdict: RuleVerdict,
    limits: Sequence[AppliedLimit],
    *,
    employer_id: str,
    books: Mapping[str, str],
    software_version: str,
    now: datetime,
    end_reason: str = "",
) -> ExamRecord:
    """The record as it is sealed. `end_reason`: of an exam that nobody finished; `books`: versions of those that were shown."""
    finished = not end_reason
    examinee = Examinee(
        worker_id=draft.worker_id,
        employer_id=employer_id,
        identified_by="document",
        confirmed=answers.document is not None,
    )
    return ExamRecord.model_validate(
        {
            "exam_id": draft.exam_id,
            "revision": draft.exam_revision,
            "exam_type": answers.exam_type or "pre_shift",
            "org": draft.org,
            "state": "submitted" if finished else "unfinished",
            "end_reason": end_reason,
            "started_at": draft.started_at,
            "finished_at": now,
            "examinee": examinee,
            "complaints": answers.complaints,
            "measurements": content.measurements,
            "failures": content.failures,
            "limits": tuple(limits),
            "rule_verdict": verdict,
            "software_version": software_version,
            "config_version": "",
            "books": {name: version for name, version in books.items() if version},
            "room": RoomVisit(
                examined_by=draft.medic_id,
                document=answers.document,
                seen=answers.seen,
                drug_test=answers.drug_test,
                typed_wrong=content.typed_wrong,
                terminals=content.terminals,
            ),
        }
    )


BOOKS_SHOWN = (COMPLAINTS, EYE_FINDINGS)
"""Reference books whose items the page offers."""
