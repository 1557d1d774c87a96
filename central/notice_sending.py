"""Carrying one notice out: mail by SMTP, or a signed POST. Taken means that the mail server or the webhook said so."""

import hmac
import smtplib
from email.message import EmailMessage
from typing import Any

import httpx

from central.config import NoticesConfig
from central.notice_channels import ChannelSecrets, Undelivered
from central.store.notices import Channel, Notice
from sync.contract.canonical import canonical

SIGNATURE_HEADER = "X-Dopusk-Signature"
"""`sha256=` and the HMAC-SHA-256 of the exact body with the channel's secret, hexadecimal."""
TIMEOUT_S = 10.0
EMPLOYER_SCHEMA, SECURITY_SCHEMA = "dopusk.notice/1", "dopusk.security-notice/1"

_CONCERNS = {
    "mass_export": "одна учётная запись или программа выгрузила за час необычно много строк",
    "card_reads": "одна учётная запись открыла за час необычно много осмотров",
    "account_locked": "учётная запись закрыта на время после неверных паролей или кодов",
    "odd_hour": "выгрузка или изменение учётных записей ночью",
}


def send(channel: Channel, notice: Notice, config: NoticesConfig, channel_secrets: ChannelSecrets) -> None:
    """Hand a notice over. Raises `Undelivered`, `OSError`, `smtplib.SMTPException`, `httpx.HTTPError`."""
    if channel.kind == "webhook":
        _post(channel, notice, channel_secrets)
    else:
        _mail(channel, notice, config)


def _post(channel: Channel, notice: Notice, channel_secrets: ChannelSecrets) -> None:
    body = canonical(notice.body)
    secret = channel_secrets.open(channel.secret_sealed or b"")
    signature = hmac.digest(secret.encode("utf-8"), body, "sha256").hex()
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: f"sha256={signature}"}
    answer = httpx.post(channel.address, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    if not answer.is_success:
        raise Undelivered(f"the webhook answered {answer.status_code}")


def _mail(channel: Channel, notice: Notice, config: NoticesConfig) -> None:
    if config.smtp_host is None:
        raise Undelivered("no mail server is configured (notices.smtp_host)")
    subject, content = letter(notice.body)
    message = EmailMessage()
    message["From"], message["To"] = config.sender, channel.address
    message["Subject"] = subject
    message["Message-ID"] = f"<{notice.notice_id}@dopusk>"
    message.set_content(content)
    with smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=TIMEOUT_S) as server:
        if config.smtp_starttls:
            server.starttls()
        server.send_message(message)


def letter(body: dict[str, Any]) -> tuple[str, str]:
    """Subject and text. No names and no values: what they are stands in the console, behind a login."""
    if body["schema"] == SECURITY_SCHEMA:
        return (
            "Допуск: необычные действия в консоли",
            f"Центр заметил: {_CONCERNS[body['kind']]}.\nОрганизация: {body['org']}.\n"
            f"Номер учётной записи или ключа: {body['subject']}. Сколько: {body['count']}.\n"
            f"Время (UTC): {body['at']}.\n"
            "Подробности – в журнале доступа консоли. Отвечать на это письмо не нужно.\n",
        )
    if body["kind"] == "taken_back":
        return (
            "Допуск: решение исправлено",
            f"Решение о работнике с табельным номером {body['personnel_number'] or '—'} исправлено: признаков опьянения "
            f"нет. Прежнее оповещение не действует.\nВремя решения (UTC): {body['at']}.\n"
            "Что действует теперь, стоит на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
        )
    return (
        "Допуск: работник не допущен",
        f"Работник с табельным номером {body['personnel_number'] or '—'} не допущен к работе: "
        f"признаки опьянения.\nВремя решения (UTC): {body['at']}.\n"
        "Подробности для работодателя – на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
    )
