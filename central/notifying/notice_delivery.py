"""Delivers notices in parallel, one at a time for a channel and two for an owner, so that no slow server delays others."""

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from central.core.config import NoticesConfig
from central.core.step_records import StepRecord, is_away, place_of
from central.egress.rules import EgressRules
from central.notifying.notice_bodies import is_last_word
from central.notifying.notice_channels import ChannelSecrets, Undelivered
from central.notifying.notice_sending import TIMEOUT_S, send
from central.store import alerts, reminders, security_alerts
from central.store import notices as store
from central.store.engine import reading, writing
from central.store.notices import WORKER_MAIL, Channel, Notice

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 180
"""After that a notice is given up: with the pauses below a week has passed, a weekend and a holiday of a mail server included."""
MOST_AT_ONCE = 16
MOST_OF_OWNER = 2
"""Of one employer's, or one organisation's, channels at once."""
CHANNEL_RESTS = timedelta(seconds=15)
"""How long a channel that has just not taken one notice is not asked to take the others that wait for it."""
FIRST_RETRY_S, LONGEST_RETRY_S = 15.0, store.LONGEST_REST.total_seconds()
_LEASE = timedelta(seconds=60)


class Delivery:
    """What is on its way to channels. One thread calls `begin` and `harvest`; `woken` is called when something has ended."""

    def __init__(
        self,
        engine: Engine,
        config: NoticesConfig,
        channel_secrets: ChannelSecrets,
        rules: EgressRules,
        clock: Callable[[], datetime],
        woken: Callable[[], None],
        worker_address: Callable[[Connection, str], str],
    ) -> None:
        self._engine, self._config, self._secrets, self._rules = engine, config, channel_secrets, rules
        self._clock, self._woken, self._worker_address = clock, woken, worker_address
        self._owners: dict[str, str] = {}
        """Of each channel that is being asked: whose it is."""
        self._ended: queue.SimpleQueue[tuple[str, str, int, Undelivered | None]] = queue.SimpleQueue()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._owners

    def begin(self, record: StepRecord) -> int:
        """Send what is due to every channel that is free; returns how many were begun."""
        now, begun = self._clock(), 0
        with reading(self._engine) as connection:
            due = store.due_channels(connection, now)
        for channel_id, owner in due:
            busy = Counter(self._owners.values())
            if channel_id in self._owners or busy[owner] >= MOST_OF_OWNER:
                continue
            if busy.total() >= MOST_AT_ONCE:
                break
            begun += self._begin_one(channel_id, owner, now, record)
        return begun

    def harvest(self, record: StepRecord, within_s: float = 0.0) -> int:
        """Write down what has come to an end, and wait so long for one that has; returns how many were delivered."""
        delivered = 0
        while True:
            try:
                channel_id, notice_id, attempts, error = (
                    self._ended.get(timeout=within_s) if within_s else (self._ended.get_nowait())
                )
            except queue.Empty:
                return delivered
            within_s = 0.0
            self._owners.pop(channel_id, None)
            try:
                if error is None:
                    self._note_delivered(notice_id, channel_id)
                    delivered += 1
                else:
                    self._put_off(notice_id, channel_id, attempts, error)
            except Exception as trouble:
                if is_away(trouble):
                    # The lease ends by itself, and the notice goes once more: twice is better than never.
                    raise
                record.note(trouble, f"notice {notice_id}")

    def _begin_one(self, channel_id: str, owner: str, now: datetime, record: StepRecord) -> int:
        with writing(self._engine) as connection:
            found = store.next_due(connection, channel_id, now)
            if found is None or not store.lease(connection, found[0], now, now + _LEASE):
                return 0
        notice_id, attempts = found
        try:
            with reading(self._engine) as connection:
                notice, channel = store.find(connection, notice_id), store.find_channel(connection, channel_id)
                if channel is not None and channel.kind == WORKER_MAIL:
                    channel = replace(channel, address=self._worker_address(connection, channel_id))
        except Exception as error:
            if is_away(error):
                raise
            record.note(error, f"notice {notice_id}")
            self._put_off(notice_id, channel_id, attempts, Undelivered("unforeseen", place_of(error)))
            return 0
        if notice is None:
            return 0
        self._owners[channel_id] = owner
        arguments = (channel, channel_id, notice, record)
        thread = threading.Thread(target=self._send, args=arguments, name=f"notice-{notice_id}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The machine has no room for another thread: the lease ends, and the notice is tried again.
            del self._owners[channel_id]
            raise
        return 1

    def _send(self, channel: Channel | None, channel_id: str, notice: Notice, record: StepRecord) -> None:
        outcome: Undelivered | None = Undelivered("unforeseen", "the sending ended without a word")
        try:
            if channel is None or not channel.address or (channel.disabled and not is_last_word(notice.body)):
                raise Undelivered("removed", "the channel was removed")
            send(channel, notice, self._config, self._secrets, self._rules)
            outcome = None
        except Undelivered as error:
            # What a mail server says may name the address, and a worker's is sealed.
            is_sealed = channel is not None and channel.kind == WORKER_MAIL
            outcome = Undelivered(error.code, "a worker's mail was not taken") if is_sealed else error
        except BaseException as error:  # noqa: BLE001  # one notice, whatever is wrong with it, stops no other
            record.note(error, f"notice {notice.notice_id}")
            outcome = Undelivered("unforeseen", place_of(error))
        finally:
            self._ended.put((channel_id, notice.notice_id, notice.attempts, outcome))
            self._woken()

    def _note_delivered(self, notice_id: str, channel_id: str) -> None:
        now = self._clock()
        with writing(self._engine) as connection:
            alert_id = store.mark_delivered(connection, notice_id, now)
            alerts.mark_delivered(connection, alert_id, now)
            security_alerts.mark_delivered(connection, alert_id, now)
            channel = store.find_channel(connection, channel_id)
            if channel is None or channel.kind != WORKER_MAIL:
                # A reminder is delivered once the employer has it.
                reminders.mark_delivered(connection, alert_id, now)
            store.hasten(connection, channel_id, now)

    def _put_off(self, notice_id: str, channel_id: str, attempts: int, error: Undelivered) -> None:
        attempts += 1
        pause_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempts - 1, 10))
        is_over = attempts >= MAX_ATTEMPTS or error.code == "removed"
        now = self._clock()
        with writing(self._engine) as connection:
            store.change(
                connection,
                notice_id,
                {
                    "attempts": attempts,
                    "state": "failed" if is_over else "queued",
                    "next_at": now + timedelta(seconds=pause_s),
                    "last_error": f"{error.code}: {error}"[:500],
                },
            )
            store.rest(connection, channel_id, now + CHANNEL_RESTS)
        log.warning("notice %s was not taken (attempt %d): %s", notice_id, attempts, error.code)

    def finish(self, record: StepRecord) -> None:
        """Wait for what is on its way, as long as its term lasts."""
        deadline_s = time.monotonic() + TIMEOUT_S * 2
        while not self.is_idle and time.monotonic() < deadline_s:
            self.harvest(record, within_s=0.5)
