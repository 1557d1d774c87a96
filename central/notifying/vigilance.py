"""Watching the access log for what an administrator should know at once, and writing alerts of it.

Mass export, many examinations opened by one account, lock-outs, exports and changes of accounts at night. Thresholds are
configuration; they look at the last hour. What was told is not told again: a new alert needs new entries of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from central.core.config import VigilanceConfig
from central.core.step_records import StepRecord, is_away
from central.core.supervision import each
from central.notifying.notice_bodies import CHANNEL_REMOVED
from central.store import accounts, audit, security_alerts
from central.store.audit import COMMAND_LINE, Entry
from central.store.engine import reading, writing
from central.store.security_alerts import SecurityAlert
from sync.contract.canonical import new_id

WINDOW = timedelta(hours=1)
EXPORTS = (
    "journal.export",
    "journal.sign",
    "workers.export",
    "register.export",
    "medics.export",
    "consents.export",
    "decision.export",
    "exam.dossier",
    "refusals.export",
    "conclusions.export",
    "exams.refused_rows",
    "store.backup",
    "api.exams",
)
ACCOUNT_CHANGES = (
    "account.add",
    "account.edit",
    "account.enable",
    "account.disable",
    "account.delete",
    "account.undelete",
    "account.unlock",
    "account.reset_password",
    "account.reset_totp",
    "account.end_sessions",
    "account.totp",
    "account.totp_removed",
    "account.recovery_codes",
    "medic.key",
    "medic.revoke",
    "key.add",
    "key.revoke",
    "channel.add",
    "channel.again",
    "channel.remove",
)
_READ, _LOCKED, _REMOVED = "exam.read", "account.locked", "channel.remove"
_TERMS = {
    "account.unused": "account_unused",
    "account.close_unused": "account_closed",
    "certificate.ending": "certificate_ending",
    "copies.out_of_archive": "copy_out_of_archive",
    "stock.late": "stock_check_late",
    "copies.beyond_norm": "copies_beyond_norm",
    "copies.lacking": "copies_lacking",
}
"""What the centre writes down of itself when a term has come, and the alert that it becomes; `days` or `count` is its figure."""
KINDS = ("mass_export", "card_reads", "account_locked", "odd_hour", CHANNEL_REMOVED, *_TERMS.values())
WATCHED = (*EXPORTS, *ACCOUNT_CHANGES, _READ, _LOCKED, *_TERMS)
_PROGRAMS = "api."
"""How what a program does with its key begins: programs work at night."""


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
    removed = [entry for entry in own if entry.action == _REMOVED and entry.detail.get("security")]
    found = [
        ("mass_export", rows, exports, rows > config.export_rows_per_hour),
        ("card_reads", opened, reads, opened > config.exam_reads_per_hour),
        ("account_locked", len(locked), locked, bool(locked)),
        ("odd_hour", len(nightly), nightly, bool(nightly)),
        (CHANNEL_REMOVED, len(removed), removed, bool(removed)),
        *(_of_term(own, action, kind) for action, kind in _TERMS.items()),
    ]
    return [
        Finding(kind, subject_of(resting[-1]), count, resting[-1].audit_id)
        for kind, count, resting, told in found
        if told
    ]


def _of_term(entries: list[Entry], action: str, kind: str) -> tuple[str, int, list[Entry], bool]:
    own = [entry for entry in entries if entry.action == action]
    detail = own[-1].detail if own else {}
    figure = detail.get("count", detail.get("days", 0))
    return kind, figure if isinstance(figure, int) else 0, own, bool(own)


def rows_of(entry: Entry) -> int:
    """How many rows an export took."""
    rows = entry.detail.get("rows", 1)
    return rows if isinstance(rows, int) else 1


def subject_of(entry: Entry) -> str:
    """The account; the command line, which has none; or for programs their key."""
    return entry.account_id or (COMMAND_LINE if entry.address == COMMAND_LINE else entry.subject)


def _is_program(entry: Entry) -> bool:
    return entry.account_id is None and entry.action.startswith(_PROGRAMS)


class Vigil:
    """Looks at the access log now and then. Several processes may: the store keeps one alert of the same entries."""

    def __init__(
        self,
        engine: Engine,
        config: VigilanceConfig,
        record_of: Callable[[str], StepRecord] = lambda step: StepRecord("vigil", step),
    ) -> None:
        """`record_of` gives the record of the step `vigil`, where entries that cannot be read are noted."""
        self._engine = engine
        self._config = config
        self._record_of = record_of

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
        for entry in self._entries(connection, now):
            by_subject[subject_of(entry)].append(entry)
        told = security_alerts.last_by_subject(connection, now - WINDOW, now)
        fresh: list[SecurityAlert] = []

        def look_at(subject: str) -> None:
            entries = by_subject[subject]
            for org in _orgs_of(connection, entries):
                for kind in KINDS:
                    since = told.get((org, kind, subject))
                    untold = [entry for entry in entries if since is None or entry.at > since]
                    fresh.extend(
                        SecurityAlert(
                            new_id(), org, kind, subject, item.count, item.last_audit_id, self._moment(untold), None
                        )
                        for item in findings(untold, self._config)
                        if item.kind == kind
                    )

        each(by_subject, look_at, self._record_of("vigil"), str, lambda _subject, _error: None)
        return fresh

    def _entries(self, connection: Connection, now: datetime) -> list[Entry]:
        """What was written within the window. An entry that cannot be read hides no other."""
        try:
            return audit.of_actions(connection, now - WINDOW, WATCHED)
        except Exception as error:
            if is_away(error):
                raise
        found: list[Entry] = []
        ids = audit.ids_of_actions(connection, now - WINDOW, WATCHED)
        record = self._record_of("vigil")
        each(ids, lambda one: found.append(audit.get(connection, one)), record, str, lambda _id, _error: None)
        return found

    @staticmethod
    def _moment(entries: list[Entry]) -> datetime:
        # That of the newest entry: what comes after it counts anew, whenever we look.
        return entries[-1].at


def _orgs_of(connection: Connection, entries: list[Entry]) -> tuple[str, ...]:
    """The organisations concerned. An alert of no organisation concerns every address for security alerts."""
    account_id = entries[-1].account_id
    account = accounts.by_id(connection, account_id) if account_id is not None else None
    orgs = set(account.orgs if account else (entry.org for entry in entries))
    known = {org for org in orgs if org}
    return tuple(sorted(known)) if known and known == orgs else (security_alerts.EVERYBODY,)
