"""Answers gates, and writes every question and answer into the log of passages before anybody hears the answer."""

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from central.core.gate_config import GateConfig
from central.core.name_folding import fold_card
from central.core.trust import Anchors, Trust
from central.deciding.admissions import Admission, admissions
from central.deciding.passage_rule import Facts, answer_to
from central.signature.chain import SignatureError
from central.signature.decision import verify_decision
from central.store import alerts, certificates, decisions, gate_passages, registry, workers
from central.store.certificates import Certificate
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.gate_passages import OPEN, OpenedAlready, Passage
from sync.contract.canonical import new_id

REPEAT_WITHIN = timedelta(seconds=10)
"""A gate that has lost an answer asks again with the same request; later than that the same request opens nothing."""
CORRECTED_ALERT = "passed_corrected"
_CERTIFICATE_FAULTS = frozenset({"revoked", "revocation_unknown", "expired", "unknown_issuer", "not_yet_valid"})
_MOST_KEY, _MOST_ASKED = 100, 40


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a gate. `request_key` tells it from all others of the gate."""

    request_key: str
    worker_id: str | None = None
    """None for somebody whom the register does not know."""
    asked_for: str = ""
    """What the gate said of the worker: a personnel number, or the end of a card's number."""
    refusal: str = ""
    """Why it cannot be answered with `open` whatever the register says: `way_out`, `unreadable`."""
    state: str = "answered"
    """State of an opening: `queued` where the gate is told of it later."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """The decision whose signature was looked at, and what is wrong with it; empty: nothing."""

    decision_id: str | None
    fault: str


class GatePassages:
    """Answers for all gates. Safe to use from several threads."""

    def __init__(self, engine: Engine, trust: Trust, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.engine, self._trust, self.now = engine, trust, clock

    def ask(self, gate: GateConfig, asked: Asked) -> Passage:
        """The answer, committed. A request that came before gets the answer that it got, and no opening of its own."""
        return self.ask_once(gate, asked)[0]

    def ask_once(self, gate: GateConfig, asked: Asked) -> tuple[Passage, bool]:
        """As `ask`, and whether the request came for the first time."""
        began_s = time.monotonic()
        while True:
            checked = self._checked(gate, asked.worker_id)
            try:
                with writing(self.engine) as connection:
                    before = gate_passages.of_request(connection, gate.name, asked.request_key[:_MOST_KEY])
                    if before is not None:
                        return before, False
                    # The store was waited for: the answer is for the moment in which it is written.
                    passage = self._answered(connection, gate, asked, checked, time.monotonic() - began_s)
                    if passage is None:
                        continue
                    gate_passages.add(connection, passage)
                    return passage, True
            except OpenedAlready:
                # Another gate, or the same request once more, was quicker; the next look sees its row.
                continue

    def _checked(self, gate: GateConfig, worker_id: str | None) -> _Checked:
        """The decision in force and what is wrong with its signature: that takes time, and nobody waits for it."""
        now = self.now()
        with reading(self.engine) as connection:
            admission, _ = _admission(connection, gate, worker_id, now)
            decision = _in_force(connection, admission.exam_id if admission is not None else None)
            entered = _entered(connection, decision)
        if decision is None or entered is None:
            return _Checked(decision.decision_id if decision is not None else None, "certificate")
        try:
            anchors = self._trust.anchors()
        except (OSError, ValueError):
            # Without roots nothing can be believed.
            return _Checked(decision.decision_id, "signature")
        return _Checked(decision.decision_id, signature_fault(decision, entered, anchors, now))

    def may_open(self, gate: GateConfig, passage: Passage, now: datetime, waited_s: float) -> bool:
        """Whether an answer may still leave as an opening: in its time, and not after the end of the admission. Pure."""
        in_force = passage.valid_until is not None and now < passage.valid_until
        return passage.is_open and passage.corrected_at is None and in_force and waited_s <= gate.answer_within_s

    def still_opens(self, gate: GateConfig, passage: Passage) -> bool:
        """Whether an opening that is to be said once more still rests on the decision in force, whose signature holds now."""
        checked, now = self._checked(gate, passage.worker_id), self.now()
        in_force = passage.valid_until is not None and now < passage.valid_until
        return in_force and not checked.fault and checked.decision_id == passage.decision_id

    def _answered(
        self, connection: Connection, gate: GateConfig, asked: Asked, checked: _Checked, waited_s: float
    ) -> Passage | None:
        """The row to be written; None where another decision is in force by now than the one whose signature was checked."""
        now = self.now()
        admission, employer_id = _admission(connection, gate, asked.worker_id, now)
        exam_id = admission.exam_id if admission is not None else None
        decision = _in_force(connection, exam_id)
        decision_id = decision.decision_id if decision is not None else None
        if decision_id != checked.decision_id and waited_s <= gate.answer_within_s:
            return None
        entered = _entered(connection, decision)
        is_revoked = entered is None or entered.state == certificates.REVOKED
        if asked.refusal:
            answer = asked.refusal
        elif waited_s > gate.answer_within_s:
            answer = "late"
        else:
            answer = answer_to(
                Facts(
                    now,
                    admission,
                    decision,
                    "certificate" if is_revoked else checked.fault,
                    exam_id is not None and gate_passages.opening_of(connection, exam_id) is not None,
                    gate_passages.newest_moment(connection, gate.org),
                )
            )
        return Passage(
            passage_id=new_id(),
            org=gate.org,
            gate=gate.name,
            request_key=asked.request_key[:_MOST_KEY],
            asked_for=asked.asked_for[:_MOST_ASKED],
            employer_id=employer_id,
            worker_id=admission.worker_id if admission is not None else None,
            answer=answer,
            exam_id=exam_id,
            decision_id=decision_id,
            valid_until=decision.valid_until if decision is not None else None,
            opening_of=exam_id if answer == OPEN else None,
            asked_at=now,
            state=asked.state if answer == OPEN else "answered",
            state_at=now,
        )

    def confirm(self, gate: GateConfig, request_key: str, *, passed: bool) -> Passage | None:
        """The gate says what became of an opening; None where it had none by that request."""
        with writing(self.engine) as connection:
            found = gate_passages.of_request(connection, gate.name, request_key)
            if found is None or not found.is_open:
                return None
            state = "passed" if passed else "not_passed"
            gate_passages.move(connection, found.passage_id, ("answered", "told", "unknown"), state, self.now())
            return gate_passages.of_request(connection, gate.name, request_key)

    def end(self, passage: Passage, state: str, words: str = "", before: Collection[str] = ("answered",)) -> bool:
        """Write down how far an opening has got; False when it stands elsewhere by now."""
        with writing(self.engine) as connection:
            return gate_passages.move(connection, passage.passage_id, before, state, self.now(), words)

    def worker_by_card(self, gate: GateConfig, forms: Collection[str]) -> str | None:
        """The worker of the gate's employers who has this card, whose number may be written in these forms; None for several."""
        if not forms:
            return None
        with reading(self.engine) as connection:
            mine = employers_of(connection, gate)
            own = [
                row["worker_id"]
                for row in workers.card_holders(connection, gate.org)
                if row["employer_id"] in mine and {fold_card(card) for card in row["cards"]} & set(forms)
            ]
        return str(own[0]) if len(own) == 1 else None

    def worker_by_number(self, gate: GateConfig, personnel_number: str, employer_id: str | None = None) -> str | None:
        """The worker with that number at an employer of the gate, or at this one of them; None for nobody, and for several."""
        if "\x00" in personnel_number:
            return None
        with reading(self.engine) as connection:
            mine = employers_of(connection, gate)
            if employer_id is not None:
                mine &= {employer_id}
            found = workers.workers_with_number(connection, gate.org, personnel_number)
            own = [str(row["worker_id"]) for row in found if row["employer_id"] in mine]
        return own[0] if len(own) == 1 else None


def signature_fault(decision: StoredDecision, entered: Certificate, anchors: Anchors, now: datetime) -> str:
    """What is wrong now with a decision's signature: `signature`, `certificate`, or nothing.

    A certificate that was revoked after the decision keeps the gate closed too: in whose hands the key was then, nobody knows.
    """
    if entered.state == certificates.REVOKED:
        return "certificate"
    try:
        # A certificate that ended since signed in its time.
        at = min(now, entered.valid_until)
        verify_decision(decision.cms, decision.record, anchors.roots, at=at, revocation_lists=anchors.revocation_lists)
    except SignatureError as error:
        return "certificate" if error.code in _CERTIFICATE_FAULTS else "signature"
    return ""


def _entered(connection: Connection, decision: StoredDecision | None) -> Certificate | None:
    """The register's entry of the certificate that a decision names."""
    if decision is None:
        return None
    try:
        named = str(json.loads(decision.record)["medic"]["certificate_sha256"])
    except (ValueError, KeyError, TypeError):
        return None
    return certificates.find(connection, named)


def employers_of(connection: Connection, gate: GateConfig) -> set[str]:
    """Identifiers of the employers whose workers pass there, by what the configuration calls them."""
    return {
        str(row["employer_id"])
        for row in registry.list_employers(connection, gate.org)
        if row["inn"] in gate.employers or row["employer_id"] in gate.employers
    }


def _admission(
    connection: Connection, gate: GateConfig, worker_id: str | None, now: datetime
) -> tuple[Admission | None, str | None]:
    row = workers.get_worker(connection, worker_id) if worker_id is not None else None
    if row is None or row["employer_id"] not in employers_of(connection, gate):
        return None, None
    found = admissions(connection, row["employer_id"], now, worker_id)
    return (found[0], str(row["employer_id"])) if found else (None, None)


def _in_force(connection: Connection, exam_id: str | None) -> StoredDecision | None:
    """The newest decision of an exam that none has corrected."""
    given = decisions.of_exam(connection, exam_id) if exam_id is not None else []
    corrected = {one.corrects for one in given}
    return next((one for one in reversed(given) if one.decision_id not in corrected), None)


def follow_up(connection: Connection, item: StoredDecision, employer_id: str | None) -> None:
    """What a correction means for gates, in its transaction: an opening that no gate heard of is withdrawn; one that stands is
    marked, and the employer is told that somebody who is not admitted may have passed in."""
    if item.corrects is None:
        return
    stood = gate_passages.correct(connection, item.corrects, item.decided_at)
    if stood and employer_id is not None and item.outcome != "admitted":
        alerts.add(
            connection,
            kind=CORRECTED_ALERT,
            org=item.org,
            employer_id=employer_id,
            exam_id=item.exam_id,
            decision_id=item.decision_id,
            at=item.decided_at,
        )
