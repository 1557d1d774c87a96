"""Applies messages of the centre in the terminal's only writing thread: decisions, roster, reference books, photos.

Each message is applied, marked and acknowledged (through the outbox) in one transaction; a message that must not be
applied is marked with the reason, the centre is told so in the same transaction, and it is never tried again.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import Certificate
from pydantic import ValidationError

from sync.contract.books import SPREAD_BOOKS, BookContent, kiosk_faults
from sync.contract.called import QUEUE, CalledExams
from sync.contract.canonical import sha256_hex
from sync.contract.decision import DECISION_SCHEMA, AccountOffer, DecisionMessage, DecisionRecord
from sync.contract.envelope import ContractError, Envelope, open_sealed, read_unverified
from sync.contract.face import PHOTO_SCHEMA, PhotoPart
from sync.contract.holds import HOLDS, Holds
from sync.contract.limits import LimitsBook
from sync.contract.order import ORDER_SCHEMA, MeasurementOrder
from sync.contract.receipt import ACK_SCHEMA, AckBatch, RefusedMessage
from sync.contract.roster import (
    REFERENCE_SCHEMA,
    REVOKED_CERTIFICATES,
    ROSTER_SCHEMA,
    Reference,
    RevokedCertificates,
    Roster,
)
from sync.contract.roster_delta import ROSTER_DELTA_SCHEMA, RosterDelta
from sync.contract.topics import Down, Up
from sync.inbox import Incoming, refusal_text
from sync.thread_faults import PROGRAM_FAULT, note_fault
from sync.transactions import is_of_the_store
from terminal.clock import Clock
from terminal.decision_check import Revoked, UntrustedDecision, check_decision
from terminal.exam import events
from terminal.exam.moves import ImpossibleEvent
from terminal.reference_faces import ReferenceFaces
from terminal.store.roster_parts import Taken
from terminal.store.store import TerminalStore

log = logging.getLogger(__name__)

SCHEMAS: dict[str, str] = {
    Down.DECISION: DECISION_SCHEMA,
    Down.REFERENCE: REFERENCE_SCHEMA,
    Down.PHOTO: PHOTO_SCHEMA,
    Down.ORDER: ORDER_SCHEMA,
}
"""Which schema of each kind this program reads."""

ROSTER_SCHEMAS = (ROSTER_SCHEMA, ROSTER_DELTA_SCHEMA)
"""A list comes whole, or as what changes in it."""

ANSWER_AGAIN_AFTER = timedelta(minutes=1)
"""A message that comes more often is answered no more often: copies must not fill the disk. By the clock that cannot jump."""
_MOST_REMEMBERED = 10_000

FUTURE_TOLERANCE = timedelta(days=1)
"""A message whose clock is right, and that lies further ahead of our right clock, is refused; the centre does the same."""

TakeOrder = Callable[[MeasurementOrder, datetime, Callable[[], None]], None]
"""Order, when it was made, and what marks the message; see `RoomOrders.take`."""

TakeDecision = Callable[[events.DecisionReceived, Callable[[], None]], None]

DecisionTaken = Callable[[DecisionRecord, Collection[str]], None]
"""Told of a checked decision after its commit, with the serial numbers of revoked certificates."""


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
        faces: ReferenceFaces,
        medic_roots: Path | None = None,
        decision_refused: Callable[[str], None] = lambda exam_id: None,
        take_order: TakeOrder | None = None,
        decision_taken: DecisionTaken = lambda record, revoked: None,
    ) -> None:
        """`decision_refused` is told the exam of a decision whose signature does not stand the check.

        `faces` looks after the commit of each new roster (a consent may have been withdrawn in it) and part of a photo.
        """
        self._store, self._clock = store, clock
        self._centre_key, self._anchor, self._medic_roots = centre_key, anchor, medic_roots
        self._take_decision, self._faces = take_decision, faces
        self._decision_refused = decision_refused
        self._take_order = take_order
        self._decision_taken = decision_taken
        self._answered_s: dict[str, float] = {}

    def apply_new(self) -> int:
        """Apply everything that waits, and tell the centre what was refused; returns how many messages were dealt with."""
        count = self._tell_refused_arrivals()
        self._answer_again()
        while waiting := self._store.inbox.new():
            for message in waiting:
                try:
                    self._apply(message)
                except (ContractError, UntrustedDecision, ImpossibleEvent, ValidationError) as error:
                    self._refuse(message, error)
                except Exception as error:
                    # A fault of ours that this message meets must not end the terminal at every start; once it is applied,
                    # what failed belongs to the exam and not to the message.
                    if is_of_the_store(error) or self._store.inbox.state_of(message.message_id) != "new":
                        raise
                    note_fault("core", f"applying a message of kind {message.kind}", error)
                    self._refuse(message, error)
            count += len(waiting)
        return count

    def _refuse(self, message: Incoming, error: Exception) -> None:
        refused = RefusedMessage(
            message_id=message.message_id, sha256=sha256_hex(message.wire), code=_code(error), reason=_reason(error)
        )
        log.error("%s %s from the centre was not applied: %s", message.kind, message.message_id, refusal_text(refused))
        with self._store.transaction():
            self._store.inbox.mark(message.message_id, "refused", refusal_text(refused))
            self._tell(refused, subject=message.message_id)

    def _tell_refused_arrivals(self) -> int:
        """What the sync process did not even store. Each message once, however often it comes."""
        arrivals = self._store.inbox.refused_arrivals()
        for refused in arrivals:
            with self._store.transaction():
                if not self._store.outbox.receipts_of(refused.sha256):
                    self._tell(refused, subject=refused.sha256)
                self._store.inbox.drop_refused(refused.sha256)
        return len(arrivals)

    def _answer_again(self) -> None:
        """What the centre sends although it had our answer: a centre that was restored from its backup has lost it."""
        if not self._store.inbox.has_repeated():
            return
        now = self._clock.now()
        with self._store.transaction():
            for message_id in self._store.inbox.take_repeated():
                wire = self._store.outbox.closed(Up.ACK, message_id)
                answered_s = self._answered_s.get(message_id, float("-inf"))
                # No wire: the answer is still on its way.
                if wire is not None and now.monotonic_s - answered_s >= ANSWER_AGAIN_AFTER.total_seconds():
                    self._note_answered(message_id, now.monotonic_s)
                    payload = read_unverified(wire)[0].payload
                    if payload.get("roster"):  # what was there then may not be there any more
                        payload = payload | {"roster": self._store.roster_parts.state().model_dump(mode="json")}
                    self._store.queue(Up.ACK, ACK_SCHEMA, payload, subject=message_id, stamp=now)

    def _note_answered(self, message_id: str, monotonic_s: float) -> None:
        if len(self._answered_s) >= _MOST_REMEMBERED:
            del self._answered_s[next(iter(self._answered_s))]
        self._answered_s[message_id] = monotonic_s

    def _tell(self, refused: RefusedMessage, *, subject: str) -> None:
        """Queue the word for the centre; runs inside a transaction."""
        ack = AckBatch(refused=(refused,))
        self._store.queue(Up.ACK, ACK_SCHEMA, ack.model_dump(mode="json"), subject=subject, stamp=self._clock.now())

    def _apply(self, message: Incoming) -> None:
        envelope = open_sealed(message.wire, self._centre_key)
        self._check_schema(message.kind, envelope)
        self._check_time(envelope)
        done = self._done(message)
        match message.kind:
            case Down.DECISION:
                decision = DecisionMessage.model_validate(envelope.payload)
                now, address, revoked = self._clock.now(), self._store.address, self._revoked()
                try:
                    record = check_decision(
                        decision,
                        self._anchor,
                        address.terminal,
                        self._medic_roots,
                        org=address.org,
                        revoked=revoked,
                        clock=lambda: now.at if now.trusted else None,
                    )
                except UntrustedDecision:
                    self._decision_refused(decision.exam_id)  # or the worker would wait for nothing
                    raise
                self._take_decision(self._event(record, decision.account_offer), done)
                self._decision_taken(record, {serial for _, serial in revoked})
            case Down.ROSTER:
                if self._take_roster(message.message_id, envelope):
                    self._see_to_faces(self._faces.look)
            case Down.REFERENCE:
                reference = Reference.model_validate(envelope.payload)
                if reference.name == "limits":
                    LimitsBook.model_validate(reference.content)
                elif reference.name == REVOKED_CERTIFICATES:
                    RevokedCertificates.model_validate(reference.content)
                elif reference.name in SPREAD_BOOKS:
                    self._check_book(reference)
                elif reference.name == HOLDS:
                    Holds.model_validate(reference.content)
                elif reference.name == QUEUE:
                    CalledExams.model_validate(reference.content)
                with self._store.transaction():
                    self._store.reference.put(reference.name, reference.version, reference.content, envelope.seq)
                    if reference.name == QUEUE:
                        self._store.reference.forget_older(QUEUE)
                    done()
            case Down.ORDER if self._take_order is not None:
                self._take_order(MeasurementOrder.model_validate(envelope.payload), envelope.created_at, done)
            case Down.PHOTO:
                is_wanted = self._faces.is_wanted(PhotoPart.model_validate(envelope.payload))
                with self._store.transaction():
                    done()
                    if not is_wanted:
                        self._store.inbox.empty(message.message_id)
                self._see_to_faces(self._faces.collect)
            case _:
                raise ContractError("unknown_schema", f"nothing is known of messages of kind {message.kind!r}")

    def _take_roster(self, message_id: str, envelope: Envelope) -> bool:
        """Take a list or a difference, and tell the centre what is there then; whether a new list is in force."""
        parts, payload = self._store.roster_parts, envelope.payload
        with self._store.transaction():
            self._store.inbox.mark(message_id, "applied")
            if envelope.schema_ == ROSTER_SCHEMA:
                is_in_force, fits = parts.take(Roster.model_validate(payload), message_id), True
            else:
                taken = parts.take_delta(RosterDelta.model_validate(payload), message_id)
                is_in_force, fits = taken is Taken.IN_FORCE, taken is not Taken.DOES_NOT_FIT
            state = parts.state(asks_whole=not fits)
            self._acknowledge(AckBatch(message_ids=(message_id,), roster=state), message_id)
        if not fits:
            log.warning("a difference does not fit roster %d; the centre is asked for what does", state.version)
        return is_in_force

    def _see_to_faces(self, look: Callable[[], None]) -> None:
        """The message is applied: what goes wrong with faces now is told, and stops neither exams nor other messages."""
        try:
            look()
        except Exception as error:
            if is_of_the_store(error):
                raise
            note_fault("core", "looking after reference faces", error)

    def _check_book(self, reference: Reference) -> None:
        """A book that this kiosk could not show, or other words under a number that exams name, is not taken."""
        content = BookContent.model_validate(reference.content)
        faults = kiosk_faults(reference.name, content.items)
        if faults:
            fault = faults[0]
            raise ContractError(
                "unusable_book", f"{reference.name} {fault.code} {fault.field}: {fault.fault} {fault.detail}"
            )
        known = self._store.reference.of_version(reference.name, reference.version)
        if known is not None and known.get("sha256") not in (None, content.sha256):
            raise ContractError("other_words", f"{reference.name} {reference.version} is known with other words")

    def _check_schema(self, kind: str, envelope: Envelope) -> None:
        known = ROSTER_SCHEMAS if kind == Down.ROSTER else (SCHEMAS.get(kind, envelope.schema_),)
        if envelope.schema_ not in known:
            raise ContractError("unknown_schema", f"schema {envelope.schema_!r} is newer than this program")

    def _check_time(self, envelope: Envelope) -> None:
        """Two clocks that both call themselves right must agree to a day."""
        now = self._clock.now()
        ahead = envelope.created_at - now.at
        if now.trusted and envelope.clock.trusted and ahead > FUTURE_TOLERANCE:
            raise ContractError(
                "future_dated", f"dated {ahead.total_seconds():.0f} s ahead by a clock that calls itself right"
            )

    def _done(self, message: Incoming) -> Callable[[], None]:
        """Mark and acknowledge; runs inside the transaction that applies the message."""

        def mark() -> None:
            self._store.inbox.mark(message.message_id, "applied")
            self._acknowledge(AckBatch(message_ids=(message.message_id,)), message.message_id)

        return mark

    def _acknowledge(self, ack: AckBatch, message_id: str) -> None:
        """Queue the answer; runs inside the transaction that applies the message."""
        now = self._clock.now()
        self._store.queue(Up.ACK, ACK_SCHEMA, ack.model_dump(mode="json"), subject=message_id, stamp=now)
        self._note_answered(message_id, now.monotonic_s)

    def _revoked(self) -> Revoked:
        """What the centre has last told of the authority's lists."""
        told = RevokedCertificates.model_validate(self._store.reference.latest(REVOKED_CERTIFICATES) or {})
        return {(one.issuer, one.serial): one.revoked_at for one in told.certificates}

    def _event(self, record: DecisionRecord, offer: AccountOffer | None) -> events.DecisionReceived:
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
            account_address=offer.address if offer is not None else "",
            account_until=offer.until if offer is not None else None,
        )


def _code(error: Exception) -> str:
    match error:
        case ContractError():
            return error.code
        case UntrustedDecision():
            return "untrusted_decision"
        case ImpossibleEvent():
            return "impossible_now"
        case ValidationError():
            return "invalid_payload"
        case _:
            return PROGRAM_FAULT


def _reason(error: Exception) -> str:
    """What is wrong, at most 200 signs; of a payload only the place and the rule, for its values are personal data."""
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['type']}"[:200]
    if isinstance(error, ContractError | UntrustedDecision | ImpossibleEvent):
        return str(error)[:200]
    return f"fault of the program: {type(error).__name__} (developers)"
