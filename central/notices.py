"""Telling employers about signs of intoxication, by mail and by signed webhook, until they have it.

A notice says which worker is not admitted and why in one category, as order 266n demands, and carries no value. Delivered
means that the other side took it: the mail server accepted, or the webhook answered 2xx.
"""

import hmac
import logging
import secrets
import smtplib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from hashlib import sha256

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from central.config import NoticesConfig
from central.store import alerts
from central.store import notices as store
from central.store.engine import reading, writing
from central.store.metadata import now_utc
from central.store.notices import Channel, Notice
from sync.contract.canonical import canonical, new_id
from sync.contract.model import utc_text

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "X-Dopusk-Signature"
"""`sha256=` and the HMAC-SHA-256 of the exact body with the channel's secret, hexadecimal."""
MAX_ATTEMPTS = 14
_FIRST_RETRY_S, _LONGEST_RETRY_S = 15.0, 3600.0
_LEASE = timedelta(seconds=60)
_TIMEOUT_S = 10.0
_POLL_S = 2.0


class Undelivered(Exception):
    """The other side did not take it this time."""


class ChannelSecrets:
    """Seals webhook secrets with a key derived from the console's session secret."""

    def __init__(self, session_secret: bytes) -> None:
        self._key = AESGCM(sha256(b"dopusk webhook" + session_secret).digest())

    def seal(self, secret: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = secrets.token_bytes(12)
        return nonce + self._key.encrypt(nonce, secret.encode("utf-8"), None)

    def open(self, sealed: bytes) -> str:
        """The secret. Raises `Undelivered` when the session secret has changed since."""
        try:
            return self._key.decrypt(sealed[:12], sealed[12:], None).decode("utf-8")
        except InvalidTag as error:
            raise Undelivered("the webhook's secret was sealed with another session secret; enter it again") from error


class Notifier:
    """One thread that makes notices of alerts and carries them out. `wake` after a commit that made an alert."""

    def __init__(
        self,
        engine: Engine,
        config: NoticesConfig,
        channel_secrets: ChannelSecrets,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._config = config
        self._secrets = channel_secrets
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="notifier")
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def stop(self) -> None:
        """End after the notice in hand."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(_TIMEOUT_S * 2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("notices are put off, the store did not answer: %s", type(error).__name__)
            self._woken.wait(_POLL_S)
            self._woken.clear()

    def step(self) -> int:
        """Make notices of new alerts and try those that are due; returns how many were delivered."""
        with reading(self._engine) as connection:
            fresh = _without_notices(connection)
        if fresh:
            with writing(self._engine) as connection:
                _make_notices(connection, _without_notices(connection), self._clock())
        delivered = 0
        for notice in self._lease():
            if self._stopping.is_set():
                break
            delivered += self._try(notice)
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
            self._send(channel, notice)
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

    def _send(self, channel: Channel, notice: Notice) -> None:
        if channel.kind == "webhook":
            self._post(channel, notice)
        else:
            self._mail(channel, notice)

    def _post(self, channel: Channel, notice: Notice) -> None:
        body = canonical(notice.body)
        secret = self._secrets.open(channel.secret_sealed or b"")
        signature = hmac.digest(secret.encode("utf-8"), body, "sha256").hex()
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: f"sha256={signature}"}
        answer = httpx.post(channel.address, content=body, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False)
        if not answer.is_success:
            raise Undelivered(f"the webhook answered {answer.status_code}")

    def _mail(self, channel: Channel, notice: Notice) -> None:
        if self._config.smtp_host is None:
            raise Undelivered("no mail server is configured (notices.smtp_host)")
        message = EmailMessage()
        message["From"], message["To"] = self._config.sender, channel.address
        message["Subject"] = "Допуск: работник не допущен"
        message["Message-ID"] = f"<{notice.notice_id}@dopusk>"
        message.set_content(
            f"Работник с табельным номером {notice.body['personnel_number'] or '—'} не допущен к работе: "
            f"признаки опьянения.\nВремя решения (UTC): {notice.body['at']}.\n"
            "Подробности для работодателя – на странице допуска в консоли. Отвечать на это письмо не нужно.\n"
        )
        with smtplib.SMTP(self._config.smtp_host, self._config.smtp_port, timeout=_TIMEOUT_S) as server:
            if self._config.smtp_starttls:
                server.starttls()
            server.send_message(message)


def add_channel(
    connection: Connection, employer_id: str, kind: str, address: str, secret: str, channel_secrets: ChannelSecrets
) -> str:
    """Add a channel; returns its id. Raises `ValueError`: `kind`, `address`, `secret`."""
    if kind not in {"email", "webhook"}:
        raise ValueError("kind")
    if kind == "webhook" and not address.startswith(("https://", "http://")):
        raise ValueError("address")
    if kind == "email" and ("@" not in address or any(letter in address for letter in "\r\n ,;")):
        raise ValueError("address")
    if kind == "webhook" and len(secret) < 16:
        raise ValueError("secret")
    channel = Channel(
        channel_id=new_id(),
        employer_id=employer_id,
        kind=kind,
        address=address,
        secret_sealed=channel_secrets.seal(secret) if kind == "webhook" else None,
        disabled=False,
        created_at=now_utc(),
    )
    store.add_channel(connection, channel)
    return channel.channel_id


def _without_notices(connection: Connection) -> list[alerts.Alert]:
    waiting = alerts.undelivered(connection)
    told = {notice.alert_id for notice in store.of_alerts(connection, [item.alert_id for item in waiting])}
    with_channel = {item.employer_id for item in waiting if store.channels_of(connection, item.employer_id)}
    return [item for item in waiting if item.alert_id not in told and item.employer_id in with_channel]


def _make_notices(connection: Connection, fresh: list[alerts.Alert], now: datetime) -> None:
    for item in fresh:
        for channel in store.channels_of(connection, item.employer_id):
            body = {
                "schema": "dopusk.notice/1",
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
