"""Telling employers of signs of intoxication and administrators of odd doings in the console, until they have it.

A notice to an employer says which worker is not admitted and why in one category, as order 266n demands; one to an
administrator says which account or key did what kind of thing. Neither carries a name or a value. Delivered means that the
other side took it: the mail server accepted, or the webhook answered 2xx.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import Connection, Engine

from central.config import NoticesConfig, VigilanceConfig
from central.notice_channels import ChannelSecrets, Undelivered
from central.notice_sending import EMPLOYER_SCHEMA, SECURITY_SCHEMA, TIMEOUT_S, send
from central.store import alerts, security_alerts
from central.store import notices as store
from central.store.engine import reading, writing
from central.store.notices import Notice
from central.store.security_alerts import SecurityAlert
from central.supervision import Step, Supervised, each
from central.vigilance import Vigil
from sync.contract.canonical import new_id
from sync.contract.model import utc_text

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 14
LOOK_EVERY = timedelta(seconds=20)
"""How often the access log is watched for what an administrator should know."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 15.0, 3600.0
_LEASE = timedelta(seconds=60)
_POLL_S = 2.0


class Notifier:
    """One thread that watches the access log, makes notices of alerts and carries them out.

    `wake` after a commit that made an alert.
    """

    def __init__(
        self,
        engine: Engine,
        config: NoticesConfig,
        channel_secrets: ChannelSecrets,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        vigilance: VigilanceConfig | None = None,
    ) -> None:
        self._engine = engine
        self._vigil = Vigil(engine, vigilance or VigilanceConfig())
        self._looked_at: datetime | None = None
        self._config = config
        self._secrets = channel_secrets
        self._clock = clock
        self._loop = Supervised(
            "notifier",
            (Step("vigil", self._look), Step("notices", self._make), Step("delivery", self._deliver)),
            poll_s=_POLL_S,
        )

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def wake(self) -> None:
        """Look now."""
        self._loop.wake()

    def stop(self) -> None:
        """End after the notice in hand."""
        self._loop.stop(TIMEOUT_S * 2)

    def step(self) -> int:
        """Look at the log, make notices of new alerts, try those that are due; returns how many were delivered."""
        self._look()
        self._make()
        return self._deliver()

    def _look(self) -> None:
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._vigil.look(now)

    def _make(self) -> None:
        now = self._clock()
        with reading(self._engine) as connection:
            fresh = _without_notices(connection) or _security_without_notices(connection)
        if fresh:
            with writing(self._engine) as connection:
                _make_notices(connection, _without_notices(connection), now)
                _make_security_notices(connection, _security_without_notices(connection), now)

    def _deliver(self) -> int:
        delivered = 0

        def attempt(notice: Notice) -> None:
            nonlocal delivered
            if not self._loop.stopping:
                delivered += self._try(notice)

        each(self._lease(), attempt, self._loop.record("delivery"), lambda notice: notice.notice_id, self._put_off)
        return delivered

    def _lease(self) -> list[Notice]:
        """Notices that are due, set aside for a minute so that no second process sends them too."""
        now = self._clock()
        with reading(self._engine) as connection:
            if not store.due(connection, now):
                return []
        with writing(self._engine) as connection:
            taken = store.due(connection, now)
            for notice in taken:
                store.change(connection, notice.notice_id, {"next_at": now + _LEASE})
        return taken

    def _try(self, notice: Notice) -> int:
        with reading(self._engine) as connection:
            channel = store.find_channel(connection, notice.channel_id)
        try:
            if channel is None or channel.disabled:
                raise Undelivered("the channel was removed")
            send(channel, notice, self._config, self._secrets)
        except (Undelivered, OSError, smtplib.SMTPException, httpx.HTTPError) as error:
            self._put_off(notice, error)
            return 0
        now = self._clock()
        with writing(self._engine) as connection:
            store.change(
                connection,
                notice.notice_id,
                {"state": "delivered", "delivered_at": now, "attempts": notice.attempts + 1},
            )
            alerts.mark_delivered(connection, notice.alert_id, now)
            security_alerts.mark_delivered(connection, notice.alert_id, now)
        return 1

    def _put_off(self, notice: Notice, error: Exception) -> None:
        attempts = notice.attempts + 1
        pause = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2 ** (attempts - 1))
        with writing(self._engine) as connection:
            store.change(
                connection,
                notice.notice_id,
                {
                    "attempts": attempts,
                    "state": "failed" if attempts >= MAX_ATTEMPTS else "queued",
                    "next_at": self._clock() + timedelta(seconds=pause),
                    "last_error": f"{type(error).__name__}: {error}"[:500],
                },
            )
        log.warning("notice %s was not taken (attempt %d)", notice.notice_id, attempts)


def _without_notices(connection: Connection) -> list[alerts.Alert]:
    waiting = alerts.undelivered(connection)
    told = {notice.alert_id for notice in store.of_alerts(connection, [item.alert_id for item in waiting])}
    with_channel = {item.employer_id for item in waiting if store.channels_of(connection, item.employer_id)}
    return [item for item in waiting if item.alert_id not in told and item.employer_id in with_channel]


def _make_notices(connection: Connection, fresh: list[alerts.Alert], now: datetime) -> None:
    for item in fresh:
        for channel in store.channels_of(connection, item.employer_id):
            body = {
                "schema": EMPLOYER_SCHEMA,
                "kind": item.kind,
                "alert_id": item.alert_id,
                "exam_id": item.exam_id,
                "employer_id": item.employer_id,
                "personnel_number": item.personnel_number,
                "at": utc_text(item.created_at),
            }
            store.add(
                connection,
                Notice(new_id(), item.alert_id, channel.channel_id, body, "queued", 0, now, now, None, ""),
            )


def _security_without_notices(connection: Connection) -> list[SecurityAlert]:
    waiting = security_alerts.undelivered(connection)
    told = {notice.alert_id for notice in store.of_alerts(connection, [item.alert_id for item in waiting])}
    with_channel = {org for org in {item.org for item in waiting} if store.security_channels(connection, org)}
    return [item for item in waiting if item.alert_id not in told and item.org in with_channel]


def _make_security_notices(connection: Connection, fresh: list[SecurityAlert], now: datetime) -> None:
    for item in fresh:
        body = {
            "schema": SECURITY_SCHEMA,
            "kind": item.kind,
            "alert_id": item.alert_id,
            "org": item.org,
            "subject": item.subject,
            "count": item.count,
            "at": utc_text(item.created_at),
        }
        for channel in store.security_channels(connection, item.org):
            store.add(
                connection,
                Notice(new_id(), item.alert_id, channel.channel_id, body, "queued", 0, now, now, None, ""),
            )
