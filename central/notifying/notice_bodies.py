"""Content of a notice: the JSON for a webhook, from which e-mails are written too. Ids and codes, no names, no values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from central.store.alerts import Alert
from central.store.notices import Channel
from central.store.reminders import LATE_KIND, Reminder
from central.store.rings import Ring
from central.store.security_alerts import SecurityAlert
from sync.contract.model import utc_text

EMPLOYER_SCHEMA, SECURITY_SCHEMA = "dopusk.notice/1", "dopusk.security-notice/1"
WORKER_SCHEMA = "dopusk.worker-notice/1"
DUTY_SCHEMA, NEUTRAL_SCHEMA = "dopusk.duty-notice/1", "dopusk.neutral-notice/1"
REMINDERS = {"ends": "document_ends", "not_allowed": "held_from_terminals", LATE_KIND: "late_for_shift"}
"""Kinds of reminders as notices call them."""
CHANNEL_REMOVED = "channel_removed"
"""Kind of the last word to a channel: the one notice that a removed channel still gets."""


def employer_body(alert: Alert) -> dict[str, Any]:
    """To an employer: which worker is not admitted, and why in one category, as order 266n demands."""
    return {
        "schema": EMPLOYER_SCHEMA,
        "kind": alert.kind,
        "alert_id": alert.alert_id,
        "exam_id": alert.exam_id,
        "employer_id": alert.employer_id,
        "personnel_number": alert.personnel_number,
        "at": utc_text(alert.created_at),
    }


def reminder_body(reminder: Reminder, personnel_number: str | None) -> dict[str, Any]:
    """To an employer: which document of which worker ends when, or that they take no exam at a terminal or are late. No finding.

    Of a late one `document` is the beginning of the shift, in UTC, and `until` its day.
    """
    return {
        "schema": EMPLOYER_SCHEMA,
        "kind": REMINDERS[reminder.kind],
        "alert_id": reminder.reminder_id,
        "exam_id": None,
        "employer_id": reminder.employer_id,
        "personnel_number": personnel_number,
        "document": reminder.document,
        "until": reminder.until.isoformat() if reminder.until else None,
        "days": reminder.days,
        "at": utc_text(reminder.created_at),
    }


def worker_body(reminder: Reminder) -> dict[str, Any]:
    """To the worker: which document ends when. Neither name nor number: a letter may lie open on a shared computer."""
    return {
        "schema": WORKER_SCHEMA,
        "kind": REMINDERS[reminder.kind],
        "alert_id": reminder.reminder_id,
        "document": reminder.document,
        "until": reminder.until.isoformat() if reminder.until else None,
        "days": reminder.days,
        "at": utc_text(reminder.created_at),
    }


def security_body(alert: SecurityAlert) -> dict[str, Any]:
    """To whoever looks after security: which account or key did what kind of thing."""
    return {
        "schema": SECURITY_SCHEMA,
        "kind": alert.kind,
        "alert_id": alert.alert_id,
        "org": alert.org,
        "subject": alert.subject,
        "count": alert.count,
        "at": utc_text(alert.created_at),
    }


def duty_body(ring: Ring) -> dict[str, Any]:
    """To a medic on duty: that an exam waits. Whose it is stands in the console."""
    return {
        "schema": DUTY_SCHEMA,
        "kind": "ring",
        "alert_id": ring.ring_id,
        "org": ring.org,
        "at": utc_text(ring.rung_at),
    }


def neutral_body(link: str) -> dict[str, Any]:
    """To a gateway of messengers, of whatever alert: that something is new, and where to log in. The same bytes each time."""
    return {"schema": NEUTRAL_SCHEMA, "text": "Есть новое. Подробности – после входа.", "link": link}


def last_word(channel: Channel, alert_id: str, account_id: str, at: datetime) -> dict[str, Any]:
    """To a channel that is being removed: that nothing comes here any more, and which account has seen to that."""
    common: dict[str, Any] = {"kind": CHANNEL_REMOVED, "is_last": True, "alert_id": alert_id, "at": utc_text(at)}
    if channel.account_id is not None:
        return common | {"schema": DUTY_SCHEMA}
    if channel.org is None:
        return common | {
            "schema": EMPLOYER_SCHEMA,
            "exam_id": None,
            "employer_id": channel.employer_id,
            "personnel_number": None,
        }
    return common | {"schema": SECURITY_SCHEMA, "org": channel.org, "subject": account_id, "count": 1}


def is_last_word(body: Mapping[str, Any]) -> bool:
    """Whether a notice tells a channel of its own removal."""
    return bool(body.get("kind") == CHANNEL_REMOVED and body.get("is_last"))
