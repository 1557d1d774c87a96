"""The rows of one exam after another, as intake and a medic's decision leave them."""

import base64
import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, update

from central.core.reasons import is_intoxication
from central.deciding.decision_record import DecisionDraft, build_record, valid_until_of
from central.store.alerts import alert
from central.store.audit import audit
from central.store.decisions import decision
from central.store.exam_facts import Fact, exam_fact, facts_of_decision, facts_of_exam, rows_of
from central.store.exams import ExamMessage, exam
from central.store.messages import message
from central.store.outgoing import centre_outbox
from central.store.terminals import terminal
from dopusk.lab.bench.bulk import Bulk
from dopusk.lab.bench.population_people import MedicDesk, People, Person
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import GENESIS_HASH, canonical, new_id, sha256_hex
from sync.contract.decision import DECISION_SCHEMA
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.model import utc_text

ADMISSION_VALID = timedelta(hours=14)
DECIDED_AFTER = timedelta(seconds=50)
RECEIVED_AFTER = timedelta(seconds=2)
_TYPES = {"pre_shift": 45, "pre_trip": 25, "post_shift": 20, "post_trip": 9, "during_shift": 1}
_UNFINISHED = {"device_trouble": 4, "interrupted": 6, "expired": 3}
"""Of a thousand exams, by reason."""
_SIGNATURE = base64.b64encode(bytes(64)).decode("ascii")
_VISUAL = {"skin": "normal", "mucous": "normal", "behaviour": "normal"}


@dataclass(slots=True)
class _Chain:
    """The newest link of one direction of one terminal."""

    seq: int = 0
    head: str = GENESIS_HASH


@dataclass(frozen=True, slots=True)
class _Received:
    """One exam as it was taken in: its current message, and its row without the columns of a decision."""

    person: Person
    message: ExamMessage
    payload_text: str
    row: dict[str, Any]


class ExamWriter:
    """Adds the rows of exams to a `Bulk`, oldest first; `write_heads` then sets the terminals' chains."""

    def __init__(self, people: People, generation: str, dice: random.Random) -> None:
        self._people, self._generation, self._dice = people, generation, dice
        self._up: dict[str, _Chain] = {}
        self._down: dict[str, _Chain] = {}
        self._desks: dict[str, list[MedicDesk]] = {}
        for medic in people.desks:
            self._desks.setdefault(medic.org, []).append(medic)
        self._signatures = {medic.entry.medic_id: medic.key.sign_detached(b"{}") for medic in people.desks}
        self.outcomes: Counter[str] = Counter()

    def past(self, bulk: Bulk, finished_at: datetime, *, kept: bool) -> str:
        """An exam that was decided, or that was never finished; returns its id. `kept`: with the message to the terminal."""
        place = self._dice.randrange(1000)
        for reason, share in _UNFINISHED.items():
            place -= share
            if place < 0:
                return self._unfinished(bulk, finished_at, reason)
        return self.decided(bulk, finished_at, signed=False, kept=kept)

    def waiting(self, bulk: Bulk, finished_at: datetime) -> str:
        """An exam that waits for a medic; returns its id."""
        received = self._receive(bulk, self._payload(finished_at))
        bulk.add(exam, received.row)
        _add_facts(bulk, received.row, facts_of_exam(received.message.payload))
        return received.message.exam_id

    def decided(self, bulk: Bulk, finished_at: datetime, *, signed: bool, kept: bool) -> str:
        """An exam with a decision; `signed` with a signature of its own. Returns the exam's id."""
        received = self._receive(bulk, self._payload(finished_at))
        medic = self._dice.choice(self._desks[received.person.org])
        at = finished_at + DECIDED_AFTER
        draft = self._draft(received)
        until = valid_until_of(draft, received.message.payload, at, ADMISSION_VALID)
        organisation = self._people.organisations[received.person.org]
        shown = {"org": organisation.org, "name": organisation.name, "licence": organisation.licence}
        bare = ExamMessage(
            **{name: getattr(received.message, name) for name in ExamMessage.__slots__} | {"payload": None}
        )
        fields = build_record(draft, bare, medic.entry, medic.key, shown, at, until)
        record = _text(fields).replace('"exam":null', f'"exam":{received.payload_text}', 1)
        content = record.encode("utf-8")
        cms = medic.key.sign_detached(content) if signed else self._signatures[medic.entry.medic_id]
        decision_id = fields["decision"]["decision_id"]
        standing = {
            "decision_id": decision_id,
            "outcome": draft.outcome,
            "medic_id": medic.entry.medic_id,
            "decided_at": at,
        }
        bulk.add(exam, received.row | standing | {"state": "decided"})
        serial = fields["medic"]["certificate_serial"]
        said = facts_of_decision(draft.reasons, serial, None, _text({"decision": fields["decision"]}).encode())
        _add_facts(bulk, received.row, facts_of_exam(received.message.payload) | said)
        bulk.add(
            decision,
            standing
            | {
                "exam_id": draft.exam_id,
                "exam_message_id": received.message.message_id,
                "exam_revision": 1,
                "org": received.person.org,
                "worker_id": received.person.worker_id,
                "medic_name": medic.entry.full_name,
                "reasons": _text(draft.reasons),
                "corrects": None,
                "valid_until": until,
                "record": content,
                "cms": cms,
                "certificate_serial": fields["medic"]["certificate_serial"],
                "trail": {"account_id": medic.account_id, "address": "127.0.0.1", "session_started_at": None},
            },
        )
        self._send(bulk, received, decision_id, record, cms, at, kept=kept)
        self._log(bulk, received, medic, decision_id, draft, at)
        self.outcomes[draft.outcome] += 1
        return draft.exam_id

    def write_heads(self, connection: Connection) -> None:
        """Set where the chains of all terminals stand."""
        rows = [
            {
                "terminal": name,
                "up": self._up.get(name, _Chain()).seq,
                "up_hash": self._up.get(name, _Chain()).head,
                "down": self._down.get(name, _Chain()).seq,
                "down_hash": self._down.get(name, _Chain()).head,
            }
            for name in self._up
        ]
        connection.execute(
            update(terminal)
            .where(terminal.c.terminal_id == bindparam("terminal"))
            .values(
                head_seq=bindparam("up"),
                head_hash=bindparam("up_hash"),
                down_seq=bindparam("down"),
                down_hash=bindparam("down_hash"),
            ),
            rows,
        )
        connection.commit()

    def _payload(self, finished_at: datetime) -> tuple[Person, dict[str, Any]]:
        dice = self._dice
        person = dice.choice(self._people.persons)
        (exam_type,) = dice.choices(list(_TYPES), weights=list(_TYPES.values()))
        chance = dice.random()
        payload = exam_payload(
            dice,
            org=person.org,
            worker_id=person.worker_id,
            employer_id=person.employer_id,
            generation=self._generation,
            started_at=finished_at - timedelta(seconds=88),
            exam_type=exam_type,
            systolic_mmhg=dice.randint(145, 175) if chance < 0.035 else None,
        )
        if 0.035 <= chance < 0.039:
            _make_drunk(payload, round(dice.uniform(0.2, 1.2), 2))
        elif 0.039 <= chance < 0.055:
            payload["complaints"] = {"feels_well": False, "codes": ["headache"], "text": ""}
            payload["rule_verdict"]["suggestion"] = "attention"
        return person, payload

    def _receive(self, bulk: Bulk, made: tuple[Person, dict[str, Any]]) -> _Received:
        """Add the message; give back the exam's row, still waiting."""
        person, payload = made
        finished_at = datetime.fromisoformat(payload["finished_at"])
        at, payload_text = finished_at + RECEIVED_AFTER, canonical(payload).decode("utf-8")
        message_id = new_id()
        chain = self._up.setdefault(person.terminal_id, _Chain())
        fields = self._envelope(person.terminal_id, message_id, EXAM_SCHEMA, chain, finished_at)
        wire = _text(fields).replace('"payload":null', f'"payload":{payload_text}', 1).encode("utf-8")
        sha256 = sha256_hex(wire)
        place = {"message_id": message_id, "terminal_id": person.terminal_id}
        link = {"seq": chain.seq + 1, "prev_hash": chain.head, "sha256": sha256, "kind": "exam", "schema": EXAM_SCHEMA}
        clock = {"created_at": finished_at, "clock_trusted": True, "clock_offset_s": 2.0, "received_at": at}
        bulk.add(message, place | link | clock | {"wire": wire})
        chain.seq, chain.head = chain.seq + 1, sha256
        finds = bool(payload["rule_verdict"]["findings"]) or not payload["complaints"]["feels_well"]
        row = {
            "exam_id": payload["exam_id"],
            "revision": 1,
            "org": person.org,
            "terminal_id": person.terminal_id,
            "employer_id": person.employer_id,
            "worker_id": person.worker_id,
            "exam_type": payload["exam_type"],
            "generation": self._generation,
            "state": "waiting" if payload["state"] == "submitted" else "unfinished",
            "end_reason": payload["end_reason"],
            "started_at": datetime.fromisoformat(payload["started_at"]),
            "finished_at": finished_at,
            "received_at": at,
            "first_received_at": at,
            "suggestion": payload["rule_verdict"]["suggestion"],
            "has_deviation": finds,
            "payload": payload_text,
            "message_id": message_id,
            "message_sha256": sha256,
            "decision_id": None,
            "outcome": None,
            "medic_id": None,
            "decided_at": None,
        }
        current = ExamMessage(
            row["exam_id"], 1, person.org, person.terminal_id, row["state"], message_id, sha256, payload
        )
        return _Received(person, current, payload_text, row)

    def _unfinished(self, bulk: Bulk, finished_at: datetime, reason: str) -> str:
        person, payload = self._payload(finished_at)
        payload |= {"state": "unfinished", "end_reason": reason, "measurements": payload["measurements"][:1]}
        received = self._receive(bulk, (person, payload))
        bulk.add(exam, received.row)
        _add_facts(bulk, received.row, facts_of_exam(received.message.payload))
        return received.message.exam_id

    def _draft(self, received: _Received) -> DecisionDraft:
        payload, dice = received.message.payload, self._dice
        outcome, override, chance = "admitted", "", dice.random()
        reasons: tuple[str, ...] = ()
        findings = {item["parameter"] for item in payload["rule_verdict"]["findings"]}
        if "breath_alcohol_mg_per_l" in findings:
            outcome, reasons = "not_admitted", ("alcohol_breath",)
        elif findings and chance < 0.6:
            outcome, reasons = "not_admitted", ("pressure_high",)
        elif not payload["complaints"]["feels_well"] and chance < 0.5:
            outcome, reasons = "refer", ("complaints",)
        elif findings or not payload["complaints"]["feels_well"]:
            override = "повторное измерение на месте в норме"
        elif chance < 0.004:
            outcome = "not_identified"
        return DecisionDraft(received.message.exam_id, outcome, reasons, override_reason=override, visual=_VISUAL)

    def _send(
        self, bulk: Bulk, received: _Received, decision_id: str, record: str, cms: bytes, at: datetime, *, kept: bool
    ) -> None:
        terminal_id, message_id = received.person.terminal_id, new_id()
        chain = self._down.setdefault(terminal_id, _Chain())
        fields = self._envelope(terminal_id, message_id, DECISION_SCHEMA, chain, at)
        fields["payload"] = {
            "exam_id": received.message.exam_id,
            "decision_id": decision_id,
            "record_json": record,
            "cms_base64": base64.b64encode(cms).decode("ascii"),
        }
        wire = _text(fields).encode("utf-8") if kept else b""
        sha256 = sha256_hex(wire or message_id.encode("ascii"))
        place = {"message_id": message_id, "terminal_id": terminal_id, "org": received.person.org}
        link = {"seq": chain.seq + 1, "prev_hash": chain.head, "sha256": sha256, "kind": "decision"}
        done = {"state": "acked", "attempts": 1, "created_at": at, "sent_at": at, "acked_at": at + RECEIVED_AFTER}
        bulk.add(centre_outbox, place | link | done | {"wire": wire})
        chain.seq, chain.head = chain.seq + 1, sha256

    def _envelope(self, terminal_id: str, message_id: str, schema: str, chain: _Chain, at: datetime) -> dict[str, Any]:
        return {
            "message_id": message_id,
            "schema": schema,
            "terminal_id": terminal_id,
            "seq": chain.seq + 1,
            "prev_hash": chain.head,
            "created_at": utc_text(at),
            "clock": {"trusted": True, "boot_id": "bench", "monotonic_s": 1},
            "generation": self._generation,
            "payload": None,
            "signature": _SIGNATURE,
        }

    def _log(
        self, bulk: Bulk, received: _Received, medic: MedicDesk, decision_id: str, draft: DecisionDraft, at: datetime
    ) -> None:
        bulk.add(
            audit,
            {
                "audit_id": new_id(),
                "at": at,
                "account_id": medic.account_id,
                "address": "127.0.0.1",
                "action": "exam.decide",
                "subject": draft.exam_id,
                "org": received.person.org,
                "detail": {"decision_id": decision_id, "outcome": draft.outcome},
            },
        )
        if is_intoxication(draft.reasons):
            bulk.add(
                alert,
                {
                    "alert_id": new_id(),
                    "org": received.person.org,
                    "employer_id": received.person.employer_id,
                    "exam_id": draft.exam_id,
                    "decision_id": decision_id,
                    "kind": "intoxication",
                    "created_at": at,
                    "delivered_at": at + RECEIVED_AFTER,
                },
            )


def _make_drunk(payload: dict[str, Any], value: float) -> None:
    name = "breath_alcohol_mg_per_l"
    [breath] = [item for item in payload["measurements"] if item["step"] == "breath"]
    breath["values"] = {name: value}
    finding = {"parameter": name, "attempt": 1, "value": value, "low": None, "high": 0, "code": "above"}
    payload["rule_verdict"] |= {"suggestion": "out_of_limits", "findings": [finding]}


def _add_facts(bulk: Bulk, row: dict[str, Any], facts: Iterable[Fact]) -> None:
    for fact in rows_of(row["exam_id"], row["org"], row["finished_at"], facts):
        bulk.add(exam_fact, fact)


def _text(value: Any) -> str:
    """JSON with sorted keys and no blanks: for values without fractions the canonical form."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
