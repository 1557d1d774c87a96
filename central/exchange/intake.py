"""Taking a batch of messages into the store: judged first, then one transaction, then the receipts.

Knows nothing of MQTT. Whoever calls `take` may acknowledge the whole batch to the broker once it has returned, and must
not before: what it returns is committed.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, IntegrityError

from central.core import metrics
from central.core.clock import now_utc
from central.core.media_files import MediaError, MediaFiles
from central.core.step_records import is_away, place_of
from central.exchange import gaps
from central.exchange.book_codes import check_books
from central.exchange.checks import Accepted, Refused, Rules, address_of, judge
from central.exchange.face_reports import note_reports
from central.exchange.measured_reports import note_measured
from central.exchange.media_allowance import MediaAllowance
from central.exchange.passage_reports import note_passages
from central.exchange.verdicts import Verdict, anomaly_of, counted, judged_verdict, refusal_verdict
from central.store import anomalies, exams, health, media, messages, outgoing, refusals, roster_sent, terminals
from central.store.anomalies import NewAnomaly
from central.store.engine import reading, writing
from central.store.refusals import Refusal
from central.store.roster_sent import ToldList
from central.store.terminals import Known
from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError
from sync.contract.exam import ExamRecord
from sync.contract.health import HealthReport
from sync.contract.media import MediaChunk
from sync.contract.receipt import AckBatch
from sync.contract.topics import Up

_log = logging.getLogger(__name__)

NOT_TAKEN = "not_taken"
"""Code of a message that a fault of the centre kept out. Nobody is told: its terminal keeps it."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came from the broker."""

    topic: str
    wire: bytes


class Intake:
    """The way into the store. One instance per process; not for several threads."""

    def __init__(
        self, engine: Engine, files: MediaFiles, rules: Rules, allowance: MediaAllowance | None = None
    ) -> None:
        """`allowance` bounds what terminals bring of media; without it nothing does."""
        self._engine = engine
        self._allowance = allowance
        self._files = files
        self._rules = rules

    def take(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        """Judge and commit a batch. Raises `sqlalchemy.exc.OperationalError` when the store cannot take anything now:
        nothing of the batch is committed then, and it can be given again.
        """
        try:
            return self._take_all(arrivals)
        except Exception as error:
            if is_away(error):
                raise
            # One message that the database will not have, or that we stumble over, must not stop the others.
            if len(arrivals) > 1:
                return [verdict for arrival in arrivals for verdict in self.take([arrival])]
            if isinstance(error, DataError | IntegrityError):
                return [self._refuse_unstorable(arrivals[0])]
            return [self._set_aside(arrivals[0], error)]

    def _take_all(self, arrivals: Sequence[Arrival]) -> list[Verdict]:
        now = now_utc()
        known = self._known(arrivals)
        judged = [judge(arrival.topic, arrival.wire, known, self._rules, now) for arrival in arrivals]
        judged = [self._keep_media(item) if isinstance(item, Accepted) else item for item in judged]
        with writing(self._engine) as connection:
            verdicts, refused = commit(connection, judged, known, now)
        self._finish_media(judged)
        for refusal in refused:
            log = _log.error if refusal.kind == "decision" else _log.warning
            log(
                "terminal %s refuses %s %s (%s: %s); send it again from the console once the cause is mended",
                *(refusal.terminal_id, refusal.kind, refusal.message_id, refusal.code, refusal.reason),
            )
            metrics.refused_below.labels(refusal.kind, refusal.code).inc()
        return verdicts

    def _refuse_unstorable(self, arrival: Arrival) -> Verdict:
        now = now_utc()
        known = self._known([arrival])
        item = judge(arrival.topic, arrival.wire, known, self._rules, now)
        if isinstance(item, Accepted):
            reason = "the database does not take a value of this message"
            item = Refused(arrival.topic, item.address, item.envelope.message_id, "unstorable", reason)
        verdict = refusal_verdict(item, known, now)
        with writing(self._engine) as connection:
            anomalies.note(connection, anomaly_of(item, verdict), now=now)
        return verdict

    def _set_aside(self, arrival: Arrival, error: Exception) -> Verdict:
        """A message that we cannot take because of a fault of ours. Without a receipt the terminal keeps it and sends it again."""
        _log.error(
            "a message on %s was set aside: %s", arrival.topic, "".join(traceback.format_tb(error.__traceback__))
        )
        try:
            address = address_of(arrival.topic)[0]
        except ContractError:
            address = None
        found = NewAnomaly(
            NOT_TAKEN,
            arrival.topic,
            f"{len(arrival.wire)} bytes, sha256 {sha256_hex(arrival.wire)}: {place_of(error)}",
            address.terminal if address else None,
        )
        with writing(self._engine) as connection:
            anomalies.note(connection, found, now=now_utc())
        return Verdict("", address, "refused", NOT_TAKEN, None)

    def sweep(self) -> None:
        """Look after what several messages make up: gaps in chains, and media whose last chunk came before a crash."""
        with writing(self._engine) as connection:
            gaps.sweep(connection, now=now_utc(), grace=self._rules.gap_grace)
        self._assemble()

    def _known(self, arrivals: Sequence[Arrival]) -> dict[str, Known]:
        names = set()
        for arrival in arrivals:
            try:
                names.add(address_of(arrival.topic)[0].terminal)
            except ContractError:
                continue
        with reading(self._engine) as connection:
            return terminals.known(connection, sorted(names))

    def _keep_media(self, item: Accepted) -> Accepted | Refused:
        if not isinstance(item.body, MediaChunk):
            return item
        topic = item.address.up(Up.MEDIA)
        try:
            if self._allowance is not None:
                if not self._allowance.has_room(self._files.folder):
                    return Refused(topic, item.address, None, "media_not_stored", "little room: kept for records")
                if not self._allowance.takes(item.address.terminal, len(item.wire)):
                    return Refused(topic, item.address, None, "media_put_off", "more than its allowance; comes again")
            self._files.write_chunk(item.body)
        except MediaError as error:
            return Refused(topic, item.address, item.envelope.message_id, "invalid_media", str(error))
        except OSError as error:
            # Exams must go on while the media's disk is full or gone. Without a receipt the terminal sends it again.
            return Refused(topic, item.address, None, "media_not_stored", error.strerror or str(error))
        return item

    def _finish_media(self, judged: Sequence[Accepted | Refused]) -> None:
        if any(isinstance(item, Accepted) and item.kind == Up.MEDIA for item in judged):
            self._assemble()

    def _assemble(self) -> None:
        with reading(self._engine) as connection:
            ready = media.assembled(connection)
        for file in ready:
            try:
                size = self._files.assemble(file.sha256, file.chunk_count)
            except OSError:
                # The chunks stay where they are; the next sweep tries again.
                continue
            except MediaError as error:
                with writing(self._engine) as connection:
                    media.start_again(connection, file.sha256)
                    anomalies.note(connection, NewAnomaly("wrong_media", "", str(error)), now=now_utc())
                continue
            with writing(self._engine) as connection:
                media.complete(connection, file.sha256, size, now=now_utc())


def commit(
    connection: Connection, judged: Sequence[Accepted | Refused], known: dict[str, Known], now: datetime
) -> tuple[list[Verdict], list[Refusal]]:
    """Store what was judged, in the caller's transaction: what each came to, and what terminals refuse."""
    accepted = [item for item in judged if isinstance(item, Accepted)]
    chain = gaps.Chain(connection, sorted({item.address.terminal for item in accepted}))
    first_of = {item.envelope.message_id: item for item in reversed(accepted)}
    new = messages.insert_new(connection, [_row(item, now) for item in first_of.values()])
    old = [item.envelope.message_id for item in accepted if item.envelope.message_id not in new]
    on_record = messages.stored(connection, old) if old else {}
    fresh = [item for message_id, item in first_of.items() if message_id in new]
    noted = chain.extend([_place(item) for item in sorted(fresh, key=lambda item: item.envelope.seq)], now=now)
    noted += _project(connection, fresh, now)
    noted += note_reports(connection, fresh, now=now)
    noted += note_measured(connection, fresh, now=now)
    noted += check_books(connection, fresh, now=now)
    noted += note_passages(connection, fresh, now=now)
    _apply(connection, [item for item in accepted if item.kind != Up.EXAM], now)
    _take_health(connection, fresh, now)
    refused, strange = _refused_below(connection, fresh, now)
    noted += strange
    verdicts = []
    for item in judged:
        if isinstance(item, Refused):
            verdict = refusal_verdict(item, known, now)
        else:
            is_first = first_of[item.envelope.message_id] is item
            verdict = judged_verdict(item, is_first and item.envelope.message_id in new, first_of, on_record, now)
        if verdict.outcome == "refused":
            noted.append(anomaly_of(item, verdict))
        verdicts.append(verdict)
    for found in counted(noted):
        anomalies.note(connection, found, now=now)
    return verdicts, refused


def _row(item: Accepted, now: datetime) -> messages.NewMessage:
    envelope = item.envelope
    return messages.NewMessage(
        message_id=envelope.message_id,
        terminal_id=envelope.terminal_id,
        seq=envelope.seq,
        prev_hash=envelope.prev_hash,
        sha256=item.sha256,
        kind=item.kind,
        schema=envelope.schema_,
        wire=None if item.kind in messages.WITHOUT_WIRE else item.wire,
        created_at=envelope.created_at,
        clock_trusted=envelope.clock.trusted,
        clock_offset_s=(now - envelope.created_at).total_seconds(),
        received_at=now,
    )


def _place(item: Accepted) -> messages.ChainPlace:
    envelope = item.envelope
    return messages.ChainPlace(envelope.message_id, envelope.terminal_id, envelope.seq, envelope.prev_hash, item.sha256)


def _project(connection: Connection, fresh: Sequence[Accepted], now: datetime) -> list[NewAnomaly]:
    revisions = []
    for item in fresh:
        if isinstance(item.body, ExamRecord):
            envelope = item.envelope
            revisions.append(
                exams.Revision(
                    item.body,
                    envelope.payload,
                    envelope.terminal_id,
                    envelope.generation,
                    envelope.message_id,
                    item.sha256,
                    now,
                )
            )
    return [
        NewAnomaly(
            "exam_revision",
            "",
            f"exam {late.record.exam_id} is at revision {late.record.revision} or later already",
            late.terminal_id,
            late.message_id,
        )
        for late in exams.project(connection, revisions)
    ]


def _apply(connection: Connection, items: Sequence[Accepted], now: datetime) -> None:
    for item in items:
        if isinstance(item.body, MediaChunk):
            media.note_chunk(connection, item.body, now=now)
        elif isinstance(item.body, AckBatch):
            outgoing.mark_acked(connection, item.address.terminal, item.body.message_ids, now=now)
            if (state := item.body.roster) is not None:
                told = ToldList(item.address.terminal, state.version, state.sha256, state.asks_whole)
                roster_sent.note_told(connection, told, item.envelope.seq, made_at=item.envelope.created_at)


def _take_health(connection: Connection, fresh: Sequence[Accepted], now: datetime) -> None:
    for item in fresh:
        if isinstance(item.body, HealthReport):
            made_at, seq = item.envelope.created_at, item.envelope.seq
            health.take(connection, item.address.terminal, seq, item.body, made_at=made_at, now=now)
            told = ToldList(item.address.terminal, item.body.roster_version, item.body.roster_sha256, asks_whole=False)
            roster_sent.note_told(connection, told, seq, made_at=made_at)


def _refused_below(
    connection: Connection, fresh: Sequence[Accepted], now: datetime
) -> tuple[list[Refusal], list[NewAnomaly]]:
    """Close what terminals refuse. A refusal of bytes that this centre never sent to that terminal is an anomaly."""
    closed: list[Refusal] = []
    strange: list[NewAnomaly] = []
    for item in fresh:
        if not isinstance(item.body, AckBatch):
            continue
        terminal_id = item.address.terminal
        for refused in item.body.refused:
            refusal = refusals.mark_refused(connection, terminal_id, refused, now=now)
            if refusal is not None:
                closed.append(refusal)
            elif not refusals.is_refused(connection, terminal_id, refused.sha256):
                detail = f"the terminal got and refused a message that is not ours to it ({refused.code})"
                strange.append(NewAnomaly("foreign_message_below", item.address.up(Up.ACK), detail, terminal_id))
    return closed, strange
