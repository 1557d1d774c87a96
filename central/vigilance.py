"""Watching the access log for what an administrator should know at once, and writing alerts of it.

Mass export, many examinations opened by one account, lock-outs, exports and changes of accounts at night. Thresholds are
configuration; they look at the last hour. What was told is not told again: a new alert needs new entries of its own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from central.config import VigilanceConfig
from central.store import accounts, audit, security_alerts
from central.store.audit import Entry
from central.store.engine import reading, writing
from central.store.security_alerts import SecurityAlert
from sync.contract.canonical import new_id

WINDOW = timedelta(hours=1)
EXPORTS = (
    "journal.export",
    "journal.sign",
    "workers.export",
    "register.export",
    "consents.export",
    "decision.export",
    "refusals.export",
    "api.exams",
)
ACCOUNT_CHANGES = (
    "account.add",
    "account.enable",
    "account.unlock",
    "account.reset_password",
    "account.reset_totp",
    "key.add",
    "channel.add",
)
_READ, _LOCKED = "exam.read", "account.locked"
KINDS = ("mass_export", "card_reads", "account_locked", "odd_hour")
WATCHED = (*EXPORTS, *ACCOUNT_CHANGES, _READ, _LOCKED)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one account or key did, in the entries of the access log that show it."""

    kind: str
    subject: str
    count: int
    last_audit_id: str


def zone_of(config: VigilanceConfig) -> tzinfo | None:
    """The zone of the night; None is that of the machine."""
    return ZoneInfo(config.zone) if config.zone else None


def is_odd_hour(entry: Entry, config: VigilanceConfig) -> bool:
    """Whether an export or a change of accounts was made at night."""
    if entry.action not in (*EXPORTS, *ACCOUNT_CHANGES) or _is_program(entry):
        return False
    local = entry.at.astimezone(zone_of(config)).time()
    begin, end = config.night_from, config.night_until
    return begin <= local < end if begin <= end else local >= begin or local < end


def findings(entries: Iterable[Entry], config: VigilanceConfig) -> list[Finding]:
    """What deserves an alert in the entries of one account or key, oldest first. Pure."""
    own = list(entries)
    if not own:
        return []
    exports = [entry for entry in own if entry.action in EXPORTS]
    reads = [entry for entry in own if entry.action == _READ]
    locked = [entry for entry in own if entry.action == _LOCKED]
    nightly = [entry for entry in own if is_odd_hour(entry, config)]
    rows = sum(rows_of(entry) for entry in exports)
    opened = len({entry.subject for entry in reads})
    found = [
        ("mass_export", rows, exports, rows > config.export_rows_per_hour),
        ("card_reads", opened, reads, opened > config.exam_reads_per_hour),
        ("account_locked", len(locked), locked, bool(locked)),
        ("odd_hour", len(nightly), nightly, bool(nightly)),
    ]
    return [
        Finding(kind, subject_of(resting[-1]), count, resting[-1].audit_id)
        for kind, count, resting, told in found
        if told
    ]


def rows_of(entry: Entry) -> int:
    """How many rows an export took."""
    rows = entry.detail.get("rows", 1)
    return rows if isinstance(rows, int) else 1


def subject_of(entry: Entry) -> str:
    """The account, or for programs their key."""
    return entry.account_id or entry.subject


def _is_program(entry: Entry) -> bool:
    return entry.account_id is None


class Vigil:
    """Looks at the access log now and then. Several processes may: the store keeps one alert of the same entries."""

    def __init__(self, engine: Engine, config: VigilanceConfig) -> None:
        self._engine = engine
        self._config = config

    def look(self, now: datetime) -> int:
        """Write alerts of what the last hour shows; returns how many."""
        with reading(self._engine) as connection:
            fresh = self._fresh(connection, now)
        if fresh:
            with writing(self._engine) as connection:
                for item in fresh:
                    security_alerts.add(connection, item)
        return len(fresh)

    def _fresh(self, connection: Connection, now: datetime) -> list[SecurityAlert]:
        by_subject: dict[str, list[Entry]] = defaultdict(list)
        for entry in audit.of_actions(connection, now - WINDOW, WATCHED):
            by_subject[subject_of(entry)].append(entry)
        told = security_alerts.last_by_subject(connection, now - WINDOW)
        fresh = []
        for subject, entries in by_subject.items():
            for org in _orgs_of(connection, entries):
                for kind in KINDS:
                    since = told.get((org, kind, subject))
                    untold = [entry for entry in entries if since is None or entry.at > since]
                    fresh += [
                        SecurityAlert(
                            new_id(), org, kind, subject, item.count, item.last_audit_id, self._moment(untold), None
                        )
                        for item in findings(untold, self._config)
                        if item.kind == kind
                    ]
        return fresh

    @staticmethod
    def _moment(entries: list[Entry]) -> datetime:
        # That of the newest entry: what comes after it counts anew, whenever we look.
        return entries[-1].at


def _orgs_of(connection: Connection, entries: list[Entry]) -> tuple[str, ...]:
    account_id = entries[-1].account_id
    if account_id is None:
        return tuple(sorted({entry.org for entry in entries if entry.org}))
    account = accounts.by_id(connection, account_id)
    return account.orgs if account else ()
