"""What the centre sent, applied by the terminal's one writer: decisions, roster, reference books.

Each message is applied, marked and acknowledged (through the outbox) in one transaction; a message that must not be
applied is marked with the reason and never tried again.
"""

import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import Certificate
from pydantic import ValidationError

from sync.contract.decision import DecisionMessage, DecisionRecord
from sync.contract.envelope import ContractError, open_sealed
from sync.contract.receipt import ACK_SCHEMA, AckBatch
from sync.contract.roster import Reference, Roster
from sync.contract.topics import Down, Up
from sync.inbox import Incoming
from terminal.clock import Clock
from terminal.decision_check import UntrustedDecision, check_decision
from terminal.exam import events
from terminal.exam.limits import LimitsBook
from terminal.exam.moves import ImpossibleEvent
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)

TakeDecision = Callable[[events.DecisionReceived, Callable[[], None]], None]


class IncomingMessages:
    """Applies the inbox. Only the core thread may use it."""

    def __init__(
        self,
        store: TerminalStore,
        clock: Clock,
        centre_key: Ed25519PublicKey,
        anchor: Certificate,
        take_decision: TakeDecision,
        *,
        on_roster: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_roster` is called after the commit of each new roster: a consent may have been withdrawn in it."""
        self._store, self._clock = store, clock
        self._centre_key, self._anchor = centre_key, anchor
        self._take_decision, self._on_roster = take_decision, on_roster

    def apply_new(self) -> int:
        """Apply everything that waits; returns how many messages were dealt with."""
        count = 0
        while waiting := self._store.inbox.new():
            for message in waiting:
                try:
                    self._apply(message)
                except (ContractError, UntrustedDecision, ImpossibleEvent, ValidationError) as error:
                    reason = _reason(error)
                    log.error("message %s from the centre was not applied: %s", message.message_id, reason)
                    with self._store.transaction():
                        self._store.inbox.mark(message.message_id, "refused", reason)
            count += len(waiting)
        return count

    def _apply(self, message: Incoming) -> None:
        envelope = open_sealed(message.wire, self._centre_key)
        done = self._done(message)
        match message.kind:
            case Down.DECISION:
                decision = DecisionMessage.model_validate(envelope.payload)
                record = check_decision(decision, self._anchor, self._store.address.terminal)
                self._take_decision(self._event(record), done)
            case Down.ROSTER:
                roster = Roster.model_validate(envelope.payload)
                with self._store.transaction():
                    self._store.roster.replace(roster)
                    done()
                self._on_roster()
            case Down.REFERENCE:
                reference = Reference.model_validate(envelope.payload)
                if reference.name == "limits":
                    LimitsBook.model_validate(reference.content)
                with self._store.transaction():
                    self._store.reference.put(reference.name, reference.version, reference.content, envelope.seq)
                    done()
            case _:
                raise ContractError("unknown_schema", f"nothing is known of messages of kind {message.kind!r}")

    def _done(self, message: Incoming) -> Callable[[], None]:
        """Mark and acknowledge; runs inside the transaction that applies the message."""

        def mark() -> None:
            self._store.inbox.mark(message.message_id, "applied")
            ack = AckBatch(message_ids=(message.message_id,))
            self._store.queue(
                Up.ACK, ACK_SCHEMA, ack.model_dump(mode="json"), subject=message.message_id, stamp=self._clock.now()
            )

        return mark

    def _event(self, record: DecisionRecord) -> events.DecisionReceived:
        decision = record.decision
        return events.DecisionReceived(
            exam_id=record.exam.exam_id,
            stamp=self._clock.now(),
            decision_id=decision.decision_id,
            outcome=decision.outcome,
            reasons=decision.reasons,
            comment=decision.comment,
            released_text=decision.released_text,
            medic_name=record.medic.full_name,
            decided_at=decision.decided_at,
            valid_until=decision.valid_until,
            repeat_step=decision.repeat_step,
        )


def _reason(error: Exception) -> str:
    """What is wrong, at most 500 signs; of a payload only the place and the rule, for its values are personal data."""
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['type']}"[:500]
    return str(error)[:500]
