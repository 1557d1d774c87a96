"""Sends one notice: mail by SMTP, or a signed POST. It counts as delivered when the server has accepted it."""

import hmac
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from central.core.config import NoticesConfig
from central.egress.connecting import Unreached
from central.egress.mail import MailRefused, MailServer, send_mail
from central.egress.rules import OPERATORS_OWN, AddressRefused, EgressRules, mailbox, web_address
from central.egress.web import post
from central.notifying.notice_bodies import (
    CHANNEL_REMOVED,
    DUTY_SCHEMA,
    REMINDERS,
    SECURITY_SCHEMA,
    WORKER_SCHEMA,
    is_last_word,
    neutral_body,
)
from central.notifying.notice_channels import ChannelSecrets, Undelivered
from central.store.notices import Channel, Notice
from central.store.reminders import LATE_KIND
from sync.contract.canonical import canonical

SIGNATURE_HEADER = "X-Dopusk-Signature"
"""`sha256=` and the HMAC-SHA-256 of the exact body with the channel's secret, hexadecimal."""
TIMEOUT_S = 10.0

_CONCERNS = {
    "mass_export": "одна учётная запись или программа выгрузила за час необычно много строк",
    "card_reads": "одна учётная запись открыла за час необычно много осмотров",
    "account_locked": "учётная запись закрыта на время после неверных паролей или кодов",
    "odd_hour": "выгрузка или изменение учётных записей ночью",
    "account_unused": "учётной записью давно никто не пользуется; если так и останется, она закроется",
    "account_closed": "учётная запись закрыта: ею слишком долго никто не пользовался",
    "copy_out_of_archive": "экземпляр заключения взят из архива и не возвращён, прошло дней",
    "stock_check_late": "сверка экземпляров за прошлый месяц не закрыта к 5-му числу, прошло дней",
    "copies_beyond_norm": "за день сделаны экземпляры сверх нормы, их число",
    "copies_lacking": "у выданных бумаг не хватает экземпляров по норме, число бумаг",
    "certificate_ending": "подходит конец срока сертификата медработника, потом подписывать будет нельзя",
    CHANNEL_REMOVED: "кто-то удалил адрес, на который приходили такие письма",
}
_IN_DAYS = frozenset(
    {"account_unused", "account_closed", "certificate_ending", "copy_out_of_archive", "stock_check_late"}
)
"""Kinds whose figure is a number of days: a term has come, and nobody has done anything unusual."""
_OF_COPIES = frozenset({"copy_out_of_archive", "stock_check_late", "copies_beyond_norm", "copies_lacking"})
"""Kinds that are about copies of conclusions: nobody has done anything unusual there either."""
_LAST = "Оповещения центра «Допуск» сюда больше не приходят: этот адрес удалён из консоли.\n"
_ASK = "Если об этом никто не предупреждал, спросите у администратора центра, кто и зачем это сделал.\n"


def send(
    channel: Channel,
    notice: Notice,
    config: NoticesConfig,
    channel_secrets: ChannelSecrets,
    rules: EgressRules = OPERATORS_OWN,
) -> None:
    """Hand a notice over, within `TIMEOUT_S` seconds whatever the other side does. Raises `Undelivered`."""
    try:
        if channel.kind == "webhook":
            _post(channel, notice.body, channel_secrets, rules)
        elif channel.kind == "gateway":
            if config.gateway_link is None:
                raise Undelivered("gateway_off", "no gateway is open (notices.gateway_link)")
            _post(channel, neutral_body(config.gateway_link), channel_secrets, rules)
        else:
            _mail(channel, notice, config)
    except AddressRefused as error:
        raise Undelivered("wrong_address", str(error)) from error
    except Unreached as error:
        raise Undelivered(error.code, str(error)) from error
    except MailRefused as error:
        raise Undelivered("mail_refused", str(error)) from error


def _post(
    channel: Channel, said: dict[str, Any], channel_secrets: ChannelSecrets, rules: EgressRules = OPERATORS_OWN
) -> None:
    address, body = web_address(channel.address, rules), canonical(said)
    secret = channel_secrets.open(channel.secret_sealed or b"")
    headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature_of(secret, body)}
    # The status is all that counts: the body is not even read.
    answer = post(address, body, headers, rules, term_s=TIMEOUT_S)
    if not answer.is_success:
        raise Undelivered("status", f"the webhook answered {answer.status}")


def signature_of(secret: str, body: bytes) -> str:
    """What `SIGNATURE_HEADER` says of a body."""
    return f"sha256={hmac.digest(secret.encode('utf-8'), body, 'sha256').hex()}"


def _mail(channel: Channel, notice: Notice, config: NoticesConfig) -> None:
    if config.smtp_host is None:
        raise Undelivered("no_mail_server", "no mail server is configured (notices.smtp_host)")
    recipient, sender = mailbox(channel.address), mailbox(config.sender)
    subject, content = letter(notice.body)
    message = EmailMessage()
    message["From"], message["To"] = sender, recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{notice.notice_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content)
    try:
        password = config.smtp_password_file.read_text("utf-8").strip() if config.smtp_password_file else ""
        server = MailServer(
            config.smtp_host, config.smtp_port, config.tls, config.smtp_ca_file, config.smtp_user or "", password
        )
        send_mail(server, message, sender, recipient, term_s=TIMEOUT_S)
    except (OSError, UnicodeError) as error:
        raise Undelivered(
            "mail_settings", "a file of [notices] cannot be read: smtp_password_file, smtp_ca_file"
        ) from error


def _subject(kind: str) -> str:
    if kind in _OF_COPIES:
        return "Допуск: экземпляры заключений"
    return "Допуск: подошёл срок" if kind in _IN_DAYS else "Допуск: необычные действия в консоли"


def letter(body: dict[str, Any]) -> tuple[str, str]:
    """Subject and text. No names and no values: what they are stands in the console, behind a login."""
    if is_last_word(body):
        who = f"Удалила учётная запись {body['subject']}.\n" if body["schema"] == SECURITY_SCHEMA else ""
        return "Допуск: оповещений больше не будет", f"{_LAST}{who}Время (UTC): {body['at']}.\n{_ASK}"
    if body["schema"] == SECURITY_SCHEMA:
        whose = f"Организация: {body['org']}.\n" if body["org"] else ""
        is_term = body["kind"] in _IN_DAYS
        figure = f"{'Дней' if is_term else 'Сколько'}: {body['count']}"
        return (
            _subject(body["kind"]),
            f"Центр заметил: {_CONCERNS[body['kind']]}.\n{whose}"
            f"{'Номер записи' if body['kind'] in _OF_COPIES else 'Номер учётной записи, ключа или медработника'}: "
            f"{body['subject']}. {figure}.\n"
            f"Время (UTC): {body['at']}.\n"
            "Подробности – в журнале доступа консоли. Отвечать на это письмо не нужно.\n",
        )
    if body["schema"] == DUTY_SCHEMA:
        return (
            "Допуск: вас вызывают",
            f"Осмотр ждёт медработника, по графику дежурите вы. Откройте очередь в консоли.\nВремя (UTC): {body['at']}.\n"
            "Когда осмотр откроют, вызов прекратится сам. Отвечать на это письмо не нужно.\n",
        )
    if body["schema"] == WORKER_SCHEMA:
        return (
            "Допуск: заканчивается ваш документ",
            f"Заканчивается ваш документ: {body['document']}.\nПоследний день: {date.fromisoformat(body['until']):%d.%m.%Y}.\n"
            "Что делать, скажет медпункт или работодатель. Отвечать на это письмо не нужно.\n",
        )
    if body["kind"] in REMINDERS.values():
        return _reminder(body)
    if body["kind"] == "taken_back":
        return (
            "Допуск: решение исправлено",
            f"Решение о работнике с табельным номером {body['personnel_number'] or '—'} исправлено: признаков опьянения "
            f"нет. Прежнее оповещение не действует.\nВремя решения (UTC): {body['at']}.\n"
            "Что действует теперь, стоит на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
        )
    if body["kind"] == "passed_corrected":
        return (
            "Допуск: проход открыт по решению, которое исправлено",
            f"Работника с табельным номером {body['personnel_number'] or '—'} проходная пропустила по допуску. Теперь решение "
            f"исправлено: работник не допущен. Найдите его и отстраните от работы.\nВремя решения (UTC): {body['at']}.\n"
            "Подробности для работодателя – на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
        )
    if body["kind"] == "no_title":
        return (
            "Допуск: путевой лист без титула",
            f"Работник с табельным номером {body['personnel_number'] or '—'} не допущен к работе. Титула медработника к его "
            f"электронному путевому листу не будет.\nВремя решения (UTC): {body['at']}.\n"
            "Подробности для работодателя – на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
        )
    return (
        "Допуск: работник не допущен",
        f"Работник с табельным номером {body['personnel_number'] or '—'} не допущен к работе: "
        f"признаки опьянения.\nВремя решения (UTC): {body['at']}.\n"
        "Подробности для работодателя – на странице допуска в консоли. Отвечать на это письмо не нужно.\n",
    )


def _reminder(body: dict[str, Any]) -> tuple[str, str]:
    number = body["personnel_number"] or "—"
    if body["kind"] == REMINDERS["not_allowed"]:
        return (
            "Допуск: работник не проходит осмотр на терминале",
            f"Работник с табельным номером {number} не проходит осмотр на терминале: его ждёт медработник в медпункте.\n"
            f"Время (UTC): {body['at']}.\nОтвечать на это письмо не нужно.\n",
        )
    until = date.fromisoformat(body["until"])
    if body["kind"] == REMINDERS[LATE_KIND]:
        return (
            "Допуск: работник не прошёл осмотр к началу смены",
            f"Работник с табельным номером {number} не прошёл осмотр к началу смены {until:%d.%m.%Y}.\n"
            f"Начало (UTC): {body['document'][11:16]}.\n"
            "Кто ещё не прошёл, стоит на странице смен в консоли. Отвечать на это письмо не нужно.\n",
        )
    return (
        "Допуск: заканчивается документ работника",
        f"У работника с табельным номером {number} заканчивается документ: {body['document']}.\n"
        f"Последний день: {until:%d.%m.%Y}.\n"
        "Когда медицинская организация получит новый документ, напоминаний больше не будет. Отвечать на это письмо не нужно.\n",
    )
