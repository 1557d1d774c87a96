"""Sends results to one partner: queues what is to go, translates, hands over, and writes each attempt into the log.

What has no mapping stays here until somebody maps it and says "repeat"; nothing of it is sent. What the partner refuses stays too.
What it does not answer is tried again, with pauses that grow for the partner as a whole. Nothing is locked while it is asked.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

from sqlalchemy import Engine

from central.core.partner_config import PartnerConfig
from central.store import code_maps, decisions, exchanges, registry, workers
from central.store.engine import reading, writing
from central.store.exchange_log import About, Ended, log
from central.store.exchanges import Sending
from central.systems.code_translating import Bindings, Unmapped
from central.systems.converting.registry import EXAM_FORMATS
from central.systems.field_mapping import form_in_force
from central.systems.partner_line import Handed, NotTaken, PartnerLine
from central.systems.results import key_of, result_of
from central.systems.sent_form import MAPPED_BOOKS, FormField

FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=15)
OVERLAP = timedelta(hours=1)
"""A decision is committed some seconds after its time; so much of what was looked at is looked at again."""
AT_ONCE = 200
MOST_FAILED_AT_FIRST, MOST_FAILED = 2, 5
"""After so many failures in a row a pass ends: one result may be at fault, the partner hardly takes the rest."""


class PartnerSending:
    """The sending to one partner. Each step may be called at any time, and again; one thread calls them."""

    def __init__(
        self,
        engine: Engine,
        config: PartnerConfig,
        line: PartnerLine,
        generation: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine, self._config, self._line = engine, config, line
        self._generation, self._clock = generation, clock
        self._looked_until: datetime | None = None
        self._rest_until: datetime | None = None
        self._failures = 0
        """Passes in a row in which the partner took nothing."""

    def queue(self) -> int:
        """Queue decisions that are to go there; returns how many."""
        config, now = self._config, self._clock()
        if config.sends is None or config.since is None:
            return 0
        since = datetime.combine(config.since, time_of_day(), UTC)
        with reading(self._engine) as connection:
            looked = self._looked_until or exchanges.newest_queued(connection, config.name)
        begin = since if looked is None else max(since, looked - OVERLAP)
        employers = None if config.all_employers else config.employers
        next_at = max(now, self._rest_until or now)
        queued = 0
        while True:
            with reading(self._engine) as connection:
                found = exchanges.decisions_to_send(connection, config.name, config.org, begin, employers, AT_ONCE)
            if found:
                with writing(self._engine) as connection:
                    exchanges.queue(connection, config.name, config.org, found, now, next_at)
            queued += len(found)
            if len(found) < AT_ONCE:
                break
        self._looked_until = now
        return queued

    def send(self) -> int:
        """Hand over what is due; returns how many were taken."""
        config, taken, failed, in_a_row = self._config, 0, 0, 0
        with reading(self._engine) as connection:
            found = exchanges.due(connection, config.name, self._clock(), AT_ONCE)
            bindings: Bindings = {
                (book, code): one
                for book in MAPPED_BOOKS
                for code, one in code_maps.in_force(connection, config.name, book).items()
            }
            form = form_in_force(connection, config.name)
        for sending in found:
            try:
                is_taken = self._send_one(sending, bindings, form)
            except NotTaken:
                failed, in_a_row = failed + 1, in_a_row + 1
                if in_a_row >= (MOST_FAILED if taken else MOST_FAILED_AT_FIRST):
                    break
                continue
            taken += is_taken
            in_a_row = 0 if is_taken else in_a_row
        if failed and not taken:
            self._rest()
        elif taken and self._failures:
            self._failures, self._rest_until = 0, None
            with writing(self._engine) as connection:
                exchanges.hasten(connection, config.name, self._clock())
        return taken

    def _rest(self) -> None:
        """The partner takes nothing: leave it alone for a growing while, as a whole."""
        self._rest_until = self._clock() + _pause(self._failures)
        self._failures += 1
        with writing(self._engine) as connection:
            exchanges.put_off(connection, self._config.name, self._rest_until)

    def _send_one(self, sending: Sending, bindings: Bindings, form: Sequence[FormField]) -> bool:
        """Whether it was taken. Raises `NotTaken` where the same may be taken later."""
        config = self._config
        about = About(
            config.org,
            config.name,
            "out",
            "file" if config.folder is not None else "rest",
            "send",
            config.sends or "",
            sending.object_kind,
            sending.object_id,
        )
        content = b""
        try:
            content = self._content(sending, bindings, form)
        except Unmapped as error:
            self._settle(sending, "unmapped", about, b"", Ended("refused", "unmapped", ", ".join(error.places)))
            return False
        except (LookupError, ValueError) as error:
            self._settle(sending, "refused", about, b"", Ended("refused", "unreadable_record", type(error).__name__))
            return False
        attempts, begun_s = sending.attempts + 1, time.monotonic()
        try:
            status = self._line.send(Handed(sending.object_id, content, config.sends or ""))
        except NotTaken as error:
            spent = round((time.monotonic() - begun_s) * 1000)
            outcome = "retrying" if error.later else "refused"
            ended = Ended(outcome, error.code, "", error.http_status, spent, attempts)
            self._settle(sending, "waiting" if error.later else "refused", about, content, ended)
            if error.later:
                raise
            return False
        spent = round((time.monotonic() - begun_s) * 1000)
        self._settle(
            sending, "sent", about, content, Ended("ok", http_status=status, duration_ms=spent, attempts=attempts)
        )
        return True

    def _content(self, sending: Sending, bindings: Bindings, form: Sequence[FormField]) -> bytes:
        """What goes out. Raises `Unmapped`, and `LookupError` or `ValueError` for a record that cannot be read."""
        with reading(self._engine) as connection:
            found = decisions.find(connection, sending.object_id)
            if found is None or found.worker_id is None:
                raise LookupError(sending.object_id)
            worker = workers.get_worker(connection, found.worker_id)
            if worker is None:
                raise LookupError(found.worker_id)
            employer = registry.get_employer(connection, worker["employer_id"])
        key = key_of(dict(worker), dict(employer) if employer is not None else {})
        result = result_of(found.record, key, self._generation)
        return EXAM_FORMATS[self._config.sends or ""](result, bindings, form)

    def _settle(self, sending: Sending, state: str, about: About, content: bytes, ended: Ended) -> None:
        now = self._clock()
        with writing(self._engine) as connection:
            log(connection, about, content, ended, now)
            exchanges.settle(
                connection,
                sending,
                state,
                now,
                code=ended.code,
                place=ended.place,
                next_at=now + _pause(sending.attempts) if state == "waiting" else None,
                attempts=sending.attempts + (1 if ended.outcome in {"ok", "retrying"} or content else 0),
            )


def _pause(failures: int) -> timedelta:
    return min(FIRST_REST * (1 << min(failures, 10)), LONGEST_REST)
