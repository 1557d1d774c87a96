"""The rows of one exam after another, as intake and the medics' decisions leave them."""

import base64
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from central.core.reasons import is_intoxication
from central.deciding.decision_record import DecisionDraft, build_record, valid_until_of
from central.store.alerts import alert
from central.store.audit import audit
from central.store.decisions import decision
from central.store.exam_facts import Fact, exam_fact, facts_of_decision, facts_of_exam, rows_of
from central.store.exams import ExamMessage, exam
from central.store.messages import message
from central.store.outgoing import centre_outbox
from dopusk.lab.population.bulk import Bulk
from dopusk.lab.population.chains import Chains
from dopusk.lab.population.desks import Desk
from dopusk.lab.population.ids import Ids
from dopusk.lab.population.judging import is_urgent
from dopusk.lab.population.payload import Names, Payloads, wire_text
from dopusk.lab.population.visits import Revision, Ruling, Visit
from sync.contract.canonical import canonical
from sync.contract.decision import DECISION_SCHEMA
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.receipt import ACK_SCHEMA

RECEIVED_AFTER = timedelta(seconds=2)
ADDRESS = "population"
"""Where medics of a population decide from: it stands in the access log and beside each decision."""
NEWEST = 500
"""So many of the newest decided exams are named in the report."""
_VISUAL = {"skin": "normal", "mucous": "normal", "behaviour": "normal"}


@dataclass(slots=True)
class Report:
    """What was written. Ids of exams are examples of their kind, the newest ones."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """Of the exams, by the outcome in force; `waiting` and the reasons of unfinished ones too."""
    frauds: dict[str, list[str]] = field(default_factory=dict)
    """Exams of each kind of fraud."""
    waiting: list[str] = field(default_factory=list)
    decided: deque[str] = field(default_factory=lambda: deque(maxlen=NEWEST))


@dataclass(frozen=True, slots=True)
class _Received:
    """One record as it was taken in."""

    message: ExamMessage
    payload_text: bytes
    received_at: datetime


class ExamWriter:
    """Adds the rows of exams to a `Bulk`, oldest first."""

    def __init__(
        self,
        payloads: Payloads,
        names: Names,
        desks: tuple[Desk, ...],
        chains: Chains,
        admission_valid: timedelta,
        ids: Ids,
    ) -> None:
        self._payloads, self._names, self._desks, self._chains = payloads, names, desks, chains
        self._admission_valid, self._ids = admission_valid, ids
        self.report = Report()

    def write(self, bulk: Bulk, visit: Visit, *, kept: bool) -> None:
        """One exam with everything that came of it. `kept`: with the messages to the terminal and its answers."""
        payload: dict[str, Any] | None = None
        first_received_at: datetime | None = None
        for revision in visit.revisions:
            payload = self._payloads.of(visit, revision, payload)
            received = self._receive(bulk, visit, revision, payload)
            first_received_at = first_received_at or received.received_at
            standing, said = self._decide(bulk, visit, revision.ruling, received, kept=kept)
        row = self._row(visit, visit.revisions[-1], received, first_received_at or received.received_at) | standing
        bulk.add(exam, row)
        facts = facts_of_exam(received.message.payload) | said
        for fact in rows_of(row["exam_id"], row["org"], row["finished_at"], facts):
            bulk.add(exam_fact, fact)
        self._note(visit, row)

    def _receive(self, bulk: Bulk, visit: Visit, revision: Revision, payload: dict[str, Any]) -> _Received:
        payload_text, at = wire_text(payload), revision.finished_at
        message_id, terminal_id = self._ids.at(at), self._names.terminals[visit.gate]
        link = self._chains.up(terminal_id, message_id, EXAM_SCHEMA, payload_text, at)
        self._add_message(bulk, terminal_id, message_id, "exam", EXAM_SCHEMA, link, at)
        state = "unfinished" if visit.end_reason else "waiting"
        current = ExamMessage(
            payload["exam_id"],
            payload["revision"],
            payload["org"],
            terminal_id,
            state,
            message_id,
            link.sha256,
            payload,
        )
        return _Received(current, payload_text, at + RECEIVED_AFTER)

    def _add_message(
        self, bulk: Bulk, terminal_id: str, message_id: str, kind: str, schema: str, link: Any, at: datetime
    ) -> None:
        bulk.add(
            message,
            {
                "message_id": message_id,
                "terminal_id": terminal_id,
                "seq": link.seq,
                "prev_hash": link.prev_hash,
                "sha256": link.sha256,
                "kind": kind,
                "schema": schema,
                "wire": link.wire,
                "created_at": at,
                "clock_trusted": True,
                "clock_offset_s": RECEIVED_AFTER.total_seconds(),
                "received_at": at + RECEIVED_AFTER,
            },
        )

    def _row(self, visit: Visit, revision: Revision, received: _Received, first_at: datetime) -> dict[str, Any]:
        who, current = received.message.payload["examinee"], received.message
        return {
            "exam_id": current.exam_id,
            "revision": current.revision,
            "org": current.org,
            "terminal_id": current.terminal_id,
            "employer_id": who["employer_id"] if who else None,
            "worker_id": who["worker_id"] if who else None,
            "exam_type": visit.exam_type,
            "generation": self._payloads.generation,
            "state": current.state,
            "end_reason": visit.end_reason,
            "started_at": visit.started_at,
            "finished_at": revision.finished_at,
            "received_at": received.received_at,
            "first_received_at": first_at,
            "suggestion": revision.suggestion,
            "has_deviation": bool(revision.findings),
            "is_urgent": is_urgent(revision.findings),
            "payload": received.payload_text,
            "message_id": current.message_id,
            "message_sha256": current.message_sha256,
            "decision_id": None,
            "outcome": None,
            "medic_id": None,
            "decided_at": None,
        }

    def _decide(
        self, bulk: Bulk, visit: Visit, ruling: Ruling | None, received: _Received, *, kept: bool
    ) -> tuple[dict[str, Any], set[Fact]]:
        """The decision on a record and its correction; gives the columns of the exam and the facts that are in force."""
        standing: dict[str, Any] = {}
        said: set[Fact] = set()
        at, before = received.received_at, None
        while ruling is not None:
            at = at + timedelta(milliseconds=round(1000 * ruling.after_s))
            fields = self._decision(bulk, ruling, received, at, before)
            record, cms = fields["record"], fields["cms"]
            self._log(bulk, visit, ruling, received, fields, before)
            if kept:
                self._send(bulk, received, fields["decision_id"], record, cms, at)
            standing = {name: fields[name] for name in ("decision_id", "outcome", "medic_id", "decided_at")}
            standing["state"] = "decided"
            about = canonical({"decision": {"override_reason": ruling.override}})
            said = facts_of_decision(ruling.reasons, fields["certificate_serial"], fields["corrects"], about)
            ruling, before = ruling.then, fields
        return standing, said

    def _decision(
        self, bulk: Bulk, ruling: Ruling, received: _Received, at: datetime, before: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        desk, current = self._desks[ruling.doctor], received.message
        draft = DecisionDraft(
            current.exam_id,
            ruling.outcome,
            ruling.reasons,
            comment=ruling.comment,
            override_reason=ruling.override,
            repeat_step=ruling.repeat_step,
            visual=_VISUAL,
            corrects=before["decision_id"] if before else None,
        )
        until = valid_until_of(draft, current.payload, at, self._admission_valid)
        fields = build_record(draft, current, desk.entry, desk, desk.organisation, at, until)
        said = fields["decision"] | {"decision_id": self._ids.at(at)}
        # The exam is canonical already, and is most of the record.
        bare = canonical(fields | {"decision": said, "exam": None})
        record = bare.replace(b'"exam":null', b'"exam":' + received.payload_text, 1)
        row = {
            "decision_id": said["decision_id"],
            "exam_id": current.exam_id,
            "exam_message_id": current.message_id,
            "exam_revision": current.revision,
            "org": current.org,
            "worker_id": (current.payload["examinee"] or {}).get("worker_id"),
            "medic_id": desk.entry.medic_id,
            "medic_name": desk.entry.full_name,
            "outcome": ruling.outcome,
            "reasons": list(ruling.reasons),
            "corrects": draft.corrects,
            "decided_at": at,
            "valid_until": until,
            "record": record,
            "cms": desk.signer.sign(record, at),
            "certificate_serial": fields["medic"]["certificate_serial"],
            "trail": {
                "account_id": desk.account_id,
                "address": ADDRESS,
                "timestamp": {"state": "none"},
                "session_started_at": None,
            },
        }
        bulk.add(decision, row)
        return row

    def _send(self, bulk: Bulk, received: _Received, decision_id: str, record: bytes, cms: bytes, at: datetime) -> None:
        """The message to the terminal, and its answer that it has it."""
        current, message_id = received.message, self._ids.at(at)
        payload = canonical(
            {
                "exam_id": current.exam_id,
                "decision_id": decision_id,
                "record_json": record.decode("utf-8"),
                "cms_base64": base64.b64encode(cms).decode("ascii"),
            }
        )
        link = self._chains.down(current.terminal_id, message_id, DECISION_SCHEMA, payload, at)
        answered_at = at + RECEIVED_AFTER
        bulk.add(
            centre_outbox,
            {
                "message_id": message_id,
                "terminal_id": current.terminal_id,
                "org": current.org,
                "seq": link.seq,
                "prev_hash": link.prev_hash,
                "sha256": link.sha256,
                "kind": "decision",
                "wire": link.wire,
                "state": "acked",
                "attempts": 1,
                "created_at": at,
                "sent_at": at,
                "acked_at": answered_at + RECEIVED_AFTER,
            },
        )
        answer, answer_id = canonical({"message_ids": [message_id], "refused": []}), self._ids.at(answered_at)
        ack = self._chains.up(current.terminal_id, answer_id, ACK_SCHEMA, answer, answered_at)
        self._add_message(bulk, current.terminal_id, answer_id, "ack", ACK_SCHEMA, ack, answered_at)

    def _log(
        self,
        bulk: Bulk,
        visit: Visit,
        ruling: Ruling,
        received: _Received,
        fields: Mapping[str, Any],
        before: Mapping[str, Any] | None,
    ) -> None:
        at, exam_id, org = fields["decided_at"], fields["exam_id"], fields["org"]
        bulk.add(
            audit,
            {
                "audit_id": self._ids.at(at),
                "at": at,
                "account_id": self._desks[ruling.doctor].account_id,
                "address": ADDRESS,
                "action": "exam.correct" if before else "exam.decide",
                "subject": exam_id,
                "org": org,
                "detail": {"decision_id": fields["decision_id"], "outcome": ruling.outcome},
            },
        )
        is_told, was_told = is_intoxication(ruling.reasons), before is not None and is_intoxication(before["reasons"])
        if is_told != was_told:
            bulk.add(
                alert,
                {
                    "alert_id": self._ids.at(at),
                    "org": org,
                    "employer_id": self._names.employers[visit.job.firm.place],
                    "exam_id": exam_id,
                    "decision_id": fields["decision_id"],
                    "kind": "intoxication" if is_told else "taken_back",
                    "created_at": at,
                    "delivered_at": at + RECEIVED_AFTER,
                },
            )

    def _note(self, visit: Visit, row: Mapping[str, Any]) -> None:
        report = self.report
        report.outcomes[row["outcome"] or visit.end_reason or "waiting"] += 1
        if visit.fraud:
            report.frauds.setdefault(visit.fraud, []).append(row["exam_id"])
        if row["decision_id"]:
            report.decided.append(row["exam_id"])
        elif not visit.end_reason:
            report.waiting.append(row["exam_id"])
