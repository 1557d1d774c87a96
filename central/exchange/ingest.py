"""Takes messages from the broker in batches through `Intake`: commits, acknowledges, then sends signed receipts.

Any number of processes share the stream through `$share/<group>/`.
"""

import gc
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import paho.mqtt.client as mqtt
from sqlalchemy import Engine

from central.core import metrics
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.step_records import StepRecord
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.exchange.media_allowance import MediaAllowance
from central.exchange.verdicts import Verdict
from central.link.broker_link import BrokerLink
from central.link.outgoing import Outgoing
from central.store.sealing import NewestHead
from sync.contract.receipt import RECEIPT_SCHEMA, Receipt, ReceiptBatch, SealHead
from sync.contract.topics import ALL_UP, Down, TerminalAddress

SWEEP_EVERY_S = 2.0
BROKER_AWAY_S = 15.0
"""How long the connection may be gone before somebody is told."""
_IDLE_S = 0.25
_MIB = 1024 * 1024
_COLLECTION = (50_000, 2, 5)
"""Objects before a look at the young ones, looks before one at the older and at the oldest: what outlives a look within its
batch must not wait for long, or memory grows by a hundred MiB over a large backlog."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A message that the broker still holds for us. `connect` tells the connection: packet ids mean nothing beyond it."""

    arrival: Arrival
    mid: int
    qos: int
    connect: int


def spare_the_collector() -> None:
    """For a process that is an ingest worker and nothing else: a fifth of its time went into looking for garbage.

    The objects of a batch are alive until its commit and go by themselves afterwards; modules never go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTION)


class Ingest:
    """One ingest worker: a network thread of paho that only queues, and `run`, which does the work."""

    def __init__(self, config: CentralConfig, engine: Engine, *, name: str | None = None) -> None:
        rules = Rules(
            config.generation,
            timedelta(seconds=config.ingest.future_tolerance_s),
            timedelta(seconds=config.ingest.gap_grace_s),
        )
        self._batch_messages = config.ingest.batch_messages
        self._linger_s = config.ingest.linger_s
        self._seal_head = NewestHead(engine)
        allowance = MediaAllowance(config.ingest.media_mib_per_hour * _MIB, config.ingest.media_reserve_mib * _MIB)
        self._intake = Intake(engine, MediaFiles(config.media_dir), rules, allowance)
        self._outgoing = Outgoing.from_config(config)
        self._waiting: queue.SimpleQueue[_Pending] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._taking, self._sweeping = StepRecord("ingest", "intake"), StepRecord("ingest", "sweep")
        self._broker = StepRecord("ingest", "broker")
        self._seen_broker_s = time.monotonic()
        self.ready = threading.Event()
        self._link = BrokerLink(
            config.mqtt,
            name or f"ingest-{os.uname().nodename}-{os.getpid()}",
            [f"$share/{config.mqtt.share_group}/{ALL_UP}"],
            on_message=self._arrived,
            on_ready=self.ready.set,
            # Two batches: one in the transaction, one waiting. The broker keeps the rest, so our memory is bounded.
            receive_maximum=2 * self._batch_messages,
        )

    def run(self, announce: Callable[[], None] = lambda: None) -> None:
        """Work until `stop`. Trouble with the store or the disk is waited out; nothing is acknowledged meanwhile.

        `announce` is called once, when the broker has taken the subscription.
        """
        self._link.start()
        announced = False
        swept = time.monotonic()
        metrics.thread_alive.labels("ingest").set(1)
        try:
            while not self._stopping.is_set():
                if not announced and self.ready.is_set():
                    announced = True
                    announce()
                self._note_broker()
                batch = self._next_batch()
                if batch:
                    self._take(batch)
                if time.monotonic() - swept > SWEEP_EVERY_S and not self._sweeping.rests:
                    self._sweep()
                    self._link.revive()
                    swept = time.monotonic()
        finally:
            self._link.stop()
            self._broker.forget()
            self._taking.forget()
            self._sweeping.forget()

    def stop(self) -> None:
        """Make `run` return after the batch it is at. Callable from any thread and from a signal handler."""
        self._stopping.set()

    def _arrived(self, message: mqtt.MQTTMessage) -> None:
        if message.retain:
            # Nothing of this stream is to be retained: it would fill the broker.
            metrics.retained.inc()
            self._link.forget(message.topic)
        arrival = Arrival(message.topic, bytes(message.payload))
        self._waiting.put(_Pending(arrival, message.mid, message.qos, self._link.connects))

    def _note_broker(self) -> None:
        """A broker that stays away is shown, though ingest waits for it without end."""
        moment = time.monotonic()
        if self._link.ready:
            self._seen_broker_s = moment
            self._broker.passed()
        elif moment - self._seen_broker_s > BROKER_AWAY_S and not self._broker.rests:
            self._broker.failed(ConnectionError("no connection to the broker"))

    def _next_batch(self) -> list[_Pending]:
        try:
            batch = [self._waiting.get(timeout=_IDLE_S)]
        except queue.Empty:
            return []
        # Counted from the first message: a steady stream would otherwise keep a batch open until it is full.
        closes = time.monotonic() + self._linger_s
        while len(batch) < self._batch_messages:
            left_s = closes - time.monotonic()
            try:
                batch.append(self._waiting.get(timeout=left_s) if left_s > 0 else self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _take(self, batch: Sequence[_Pending]) -> None:
        begun = time.monotonic()
        while True:
            self._taking.begin()
            try:
                verdicts = self._intake.take([pending.arrival for pending in batch])
                break
            except Exception as error:  # noqa: BLE001  # what is not stored is not acknowledged, and this worker goes on
                metrics.store_retries.inc()
                if self._stopping.wait(self._taking.failed(error)):
                    return
        self._taking.passed()
        metrics.commit_s.observe(time.monotonic() - begun)
        metrics.batch_messages.observe(len(batch))
        metrics.broker_connects.labels("ingest").set(self._link.connects)
        for pending in batch:
            if pending.connect == self._link.connects:
                self._link.client.ack(pending.mid, pending.qos)
        try:
            self._send_receipts(verdicts)
        except Exception as error:  # noqa: BLE001  # committed they are; terminals without a receipt send again
            self._taking.note(error, "receipts")
        for verdict in verdicts:
            metrics.messages.labels(verdict.kind, verdict.outcome).inc()
            if verdict.code:
                metrics.refused.labels(verdict.code).inc()

    def _send_receipts(self, verdicts: Sequence[Verdict]) -> None:
        by_terminal: dict[TerminalAddress, list[Receipt]] = {}
        for verdict in verdicts:
            if verdict.receipt is not None and verdict.address is not None:
                by_terminal.setdefault(verdict.address, []).append(verdict.receipt)
        head = self._seal_head.get() if by_terminal else None
        told = SealHead(seal_no=head.seal_no, sha256=head.sha256) if head else None
        for address, receipts in by_terminal.items():
            payload = ReceiptBatch(receipts=tuple(receipts), seal_head=told).model_dump(mode="json", by_alias=True)
            sealed = self._outgoing.seal_unchained(address.terminal, RECEIPT_SCHEMA, payload)
            self._link.publish(address.down(Down.RECEIPT), sealed.wire)

    def _sweep(self) -> None:
        try:
            self._intake.sweep()
        except Exception as error:  # noqa: BLE001  # messages are more urgent than the look after them
            self._sweeping.failed(error)
        else:
            self._sweeping.passed()
