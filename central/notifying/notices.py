"""Notifies employers of signs of intoxication, and administrators of unusual activity, until they have been told.

Delivered means that the other side took it: the mail server accepted, or the webhook answered 2xx. What each notice says is in
`notice_bodies`, how it gets there in `notice_delivery`.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from central.core import metrics
from central.core.config import NoticesConfig, VigilanceConfig
from central.core.supervision import Step, Supervised, each
from central.egress.rules import OPERATORS_OWN, EgressRules
from central.notifying.notice_bodies import duty_body, employer_body, reminder_body, security_body, worker_body
from central.notifying.notice_channels import ChannelSecrets
from central.notifying.notice_delivery import MAX_ATTEMPTS, Delivery
from central.notifying.notice_sending import TIMEOUT_S
from central.notifying.vigilance import Vigil
from central.store import alerts, reminders, rings, security_alerts
from central.store import notices as store
from central.store.engine import reading, writing
from central.store.notices import Notice
from sync.contract.canonical import new_id

__all__ = ["MAX_ATTEMPTS", "Notifier"]

LOOK_EVERY = timedelta(seconds=20)
"""How often the access log is watched for what an administrator should know."""
_FIGURES_EVERY_S = 10.0
_POLL_S = 2.0
_AT_A_TIME = 100
_MOST_ASIDE = 1000


class Notifier:
    """One thread that watches the access log, makes notices of alerts and carries them out.

    `wake` after a commit that made an alert. `rules`: whom webhooks may lead to; the configuration's for whatever people type.
    `worker_address`: the e-mail of a person by the id; empty where there is none.
    """

    def __init__(
        self,
        engine: Engine,
        config: NoticesConfig,
        channel_secrets: ChannelSecrets,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        vigilance: VigilanceConfig | None = None,
        rules: EgressRules = OPERATORS_OWN,
        worker_address: Callable[[Connection, str], str] = lambda _connection, _person_id: "",
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._looked_at: datetime | None = None
        self._aside: set[str] = set()
        self._loop = Supervised(
            "notifier",
            (
                Step("vigil", self._look),
                Step("notices", self._make),
                Step("delivery", self._deliver),
                Step("figures", self._measure, _FIGURES_EVERY_S),
            ),
            poll_s=_POLL_S,
        )
        self._vigil = Vigil(engine, vigilance or VigilanceConfig(), self._loop.record)
        self._delivery = Delivery(engine, config, channel_secrets, rules, clock, self._loop.wake, worker_address)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    def wake(self) -> None:
        """Look now."""
        self._loop.wake()

    def stop(self) -> None:
        """End; what is on its way is waited for, as long as its term lasts."""
        self._loop.stop(TIMEOUT_S * 2)
        self._delivery.finish(self._loop.record("delivery"))

    def step(self) -> int:
        """Look at the log, make notices of new alerts, try those that are due; returns how many were delivered."""
        self._look()
        self._make()
        record, delivered = self._loop.record("delivery"), 0
        while self._delivery.begin(record) or not self._delivery.is_idle:
            delivered += self._delivery.harvest(record, within_s=0.5)
        return delivered

    def _look(self) -> None:
        now = self._clock()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            self._vigil.look(now)

    def _make(self) -> None:
        self._make_of("alert", alerts.untold, self._employer_body)
        self._make_of("security alert", security_alerts.untold, self._security_body)
        self._make_of("ring", rings.untold, self._ring_body)
        self._make_of("reminder", reminders.untold, self._reminder_body)
        self._make_of("reminder to a worker", reminders.untold_to_workers, self._worker_body)

    def _make_of(
        self,
        what: str,
        untold: Callable[..., list[tuple[str, str]]],
        body_of: Callable[[Connection, str], dict[str, Any]],
    ) -> None:
        """Notices of what no channel was told yet, each by itself: one that cannot be made keeps no other from its way."""

        def make(pair: tuple[str, str]) -> None:
            alert_id, channel_id = pair
            with writing(self._engine) as connection:
                body = body_of(connection, alert_id)
                store.add(connection, Notice(new_id(), alert_id, channel_id, body, "queued", 0, now, now, None, ""))

        record = self._loop.record("notices")
        while not self._loop.stopping:
            now = self._clock()
            with reading(self._engine) as connection:
                found = untold(connection, now, _AT_A_TIME, self._aside)
            each(found, make, record, lambda pair: f"{what} {pair[0]}", lambda pair, _error: self._set_aside(pair[0]))
            if len(found) < _AT_A_TIME:
                return

    def _employer_body(self, connection: Connection, alert_id: str) -> dict[str, Any]:
        return employer_body(alerts.get(connection, alert_id))

    def _security_body(self, connection: Connection, alert_id: str) -> dict[str, Any]:
        return security_body(security_alerts.get(connection, alert_id))

    def _reminder_body(self, connection: Connection, alert_id: str) -> dict[str, Any]:
        return reminder_body(*reminders.get(connection, alert_id))

    def _ring_body(self, connection: Connection, alert_id: str) -> dict[str, Any]:
        return duty_body(rings.get(connection, alert_id))

    def _worker_body(self, connection: Connection, alert_id: str) -> dict[str, Any]:
        return worker_body(reminders.get(connection, alert_id)[0])

    def _set_aside(self, alert_id: str) -> None:
        if len(self._aside) >= _MOST_ASIDE:
            self._aside.clear()
        self._aside.add(alert_id)

    def _deliver(self) -> None:
        record = self._loop.record("delivery")
        self._delivery.harvest(record)
        self._delivery.begin(record)

    def _measure(self) -> None:
        with reading(self._engine) as connection:
            waiting, failed, oldest = store.figures(connection)
        metrics.notices_waiting.set(waiting)
        metrics.notices_failed.set(failed)
        metrics.notices_oldest_s.set((self._clock() - oldest).total_seconds() if oldest else 0)
