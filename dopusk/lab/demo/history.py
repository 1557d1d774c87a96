"""The demo's past: some weeks of exams with signed decisions, and an account for each role, so that every page shows something.

The exams go the whole way of ingest, the decisions are really signed; only time is moved, by handing in the clock. `Past` also
sends up the exams that wait for the medic when the console is there to be tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from central.access.accounts import create_account
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.parties import Terminal
from central.core.rights import EMPLOYER_ROLES, Role
from central.core.trust import Trust
from central.deciding.decision_record import DecisionDraft
from central.deciding.decisions import Actor, Decisions, ground_effects
from central.deciding.ground_reasons import asking
from central.deciding.title_signing import Signatory
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.link.outgoing import Outgoing, load_signing_key
from central.papers.issuing import Issuer, grant, issue
from central.people.registry import Registry
from central.registers.keeping import RegisterChange
from central.signature.software import open_key
from central.store import accounts, limits, medics, terminals, worklist
from central.store.engine import open_engine, reading, writing
from central.store.kept_papers import KEPT_KINDS
from central.store.register_changes import Author
from central.store.workers import get_worker
from dopusk.lab.demo.sample_copies import SampleCopies, copying_of
from dopusk.lab.demo.sample_day import Decided, SampleDay
from dopusk.lab.demo.sample_judging import archive_health, finished
from dopusk.lab.demo.sample_medic import LOGIN
from dopusk.lab.demo.sample_papers import write_paper
from dopusk.lab.demo.sample_people import HISTORY_TERMINAL_ID, ORG, SampleIds, past_exams
from dopusk.lab.demo.sample_registers import enter_key, enter_limits, enter_registers
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.health import TerminalStatus
from sync.contract.topics import TerminalAddress, Up

DECIDED_AFTER = timedelta(minutes=2)
SEEN_BY_THE_MEDIC = "Заключение видела. Сегодня жалоб нет, показатели в норме."


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """An account of the demo; all have the medic's password."""

    username: str
    full_name: str
    role: Role


ACCOUNTS = (
    SampleAccount("dispatcher", "Диспетчер Ромашки", Role.EMPLOYER),
    SampleAccount("hr", "Кадровик Ромашки", Role.EMPLOYER_HR),
    SampleAccount("senior", "Бережной Фома Лукич", Role.SENIOR_MEDIC),
    SampleAccount("admin", "Седов Лев Юрьевич", Role.ADMINISTRATOR),
    SampleAccount("auditor", "Ильина Раиса Ефимовна", Role.AUDITOR),
    SampleAccount("inspector", "Проверкина Инна Львовна", Role.INSPECTOR),
    SampleAccount("engineer", "Карпов Денис Олегович", Role.SERVICE),
    SampleAccount("1001", "Ветров Степан Ильич", Role.WORKER),
)


@dataclass(frozen=True, slots=True)
class Past:
    """The terminal on which the past was measured, for what comes later. It is switched off: nothing reaches it."""

    config: CentralConfig
    people: SampleIds
    archive: TerminalIdentity

    def let_some_wait(self) -> int:
        """Send up the exams that wait for the medic; returns how many. Call while the centre runs."""
        engine = open_engine(self.config.store_url)
        try:
            payloads = self.day(datetime.now(UTC)).waiting()
            self.send(engine, payloads)
            return len(payloads)
        finally:
            engine.dispose()

    def day(self, now: datetime) -> SampleDay:
        """Today's exams."""
        engine = open_engine(self.config.store_url)
        try:
            with reading(engine) as connection:
                stored = limits.of_organisation(connection, ORG)
        finally:
            engine.dispose()
        return SampleDay(self.people, self.config.generation, MediaFiles(self.config.media_dir), now, stored)

    def send(self, engine: Engine, payloads: Sequence[dict[str, Any]]) -> None:
        """Send payloads up the whole way of ingest."""
        intake = Intake(engine, MediaFiles(self.config.media_dir), Rules(self.config.generation, timedelta(days=1)))
        wires = [self.archive.seal(EXAM_SCHEMA, payload)[1].wire for payload in payloads]
        verdicts = intake.take([Arrival(self.archive.address.up(Up.EXAM), wire) for wire in wires])
        refused = [verdict for verdict in verdicts if verdict.outcome != "accepted"]
        if refused:
            raise ValueError(f"the demo's past does not fit the contract: {refused[0]}")


def fill_history(config: CentralConfig, engine: Engine, registry: Registry, people: SampleIds) -> Past:
    """Enter accounts, registers, past exams and today's. The medic must be entered already."""
    outgoing = Outgoing.from_config(config)
    now = datetime.now(UTC)
    past = Past(config, people, _enter_archive(config, engine, registry))
    with writing(engine) as connection:
        for account in ACCOUNTS:
            is_worker = account.role is Role.WORKER
            worker = get_worker(connection, people.workers[account.username]) if is_worker else None
            create_account(
                connection,
                username=account.username,
                full_name=account.full_name,
                role=account.role,
                password=LOGIN.password,
                now=now,
                orgs=() if is_worker else (ORG,),
                person_id=str(worker["person_id"]) if worker is not None else None,
                employer_ids=people.employers[:1] if account.role in EMPLOYER_ROLES else (),
            )
        senior = accounts.by_username(connection, "senior")
        author = Author(senior.account_id if senior else None, now)
        enter_registers(connection, registry, RegisterChange(connection, registry, ORG, author))
        enter_limits(connection, registry, outgoing, people, senior.account_id if senior else "", now)
        enter_key(connection, people.employers[0], senior.account_id if senior else "", now)
    payloads = past_exams(people, generation=config.generation)
    with reading(engine) as connection:
        stored = limits.of_organisation(connection, ORG)
    for payload in payloads:
        finished(payload, stored, now)
    day = past.day(now)
    today = day.decided()
    past.send(engine, [*payloads, *(item.payload for item in today), *day.unfinished()])
    copies = SampleCopies(engine, copying_of(config, engine), registry.seal_contact)
    _decide_all(config, engine, outgoing, [*map(_routine, payloads), *today], copies)
    if senior is not None:
        copies.check(ORG, senior.account_id)
    seen = TerminalStatus(state="online", software_version=version("dopusk"), devices=archive_health(now))
    with writing(engine) as connection:
        terminals.note_status(connection, HISTORY_TERMINAL_ID, seen, now=now)
        terminals.note_status(connection, HISTORY_TERMINAL_ID, TerminalStatus(state="offline"), now=now)
    return past


def _routine(payload: dict[str, Any]) -> Decided:
    if payload["rule_verdict"]["suggestion"] == "within_limits":
        return Decided(payload, "admitted")
    return Decided(payload, "not_admitted", ("pressure_high",))


def _enter_archive(config: CentralConfig, engine: Engine, registry: Registry) -> TerminalIdentity:
    """The terminal on which the past exams were made; it is switched off."""
    centre_key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    address = TerminalAddress(ORG, HISTORY_TERMINAL_ID)
    archive = TerminalIdentity(address, Ed25519PrivateKey.generate(), centre_key, config.generation)
    with writing(engine) as connection:
        registry.add_terminal(connection, Terminal(HISTORY_TERMINAL_ID, ORG, "Прежний терминал", "Склад"))
        terminals.set_key(connection, HISTORY_TERMINAL_ID, archive.public_key)
    return archive


def _decide_all(
    config: CentralConfig, engine: Engine, outgoing: Outgoing, items: Sequence[Decided], copies: SampleCopies
) -> None:
    """Decide each exam two minutes after its end, with the medic's own key, and print what is to be printed."""
    trust, days = Trust(config.keys.authority_dir), config.registers.frmr_valid_days
    with reading(engine) as connection:
        account = accounts.by_username(connection, LOGIN.username)
        entry = medics.find(connection, account.medic_id or "") if account else None
    if account is None or entry is None or entry.encrypted_key is None:
        raise LookupError("the demo's medic is not entered")
    key = open_key(entry.certificate_pem, entry.encrypted_key, LOGIN.passphrase)
    actor = Actor(account.account_id, entry.medic_id, (ORG,), "127.0.0.1")
    for item in items:
        at = datetime.fromisoformat(item.payload["finished_at"]) + DECIDED_AFTER
        decisions = Decisions(engine, outgoing, trust, lambda: None, _at(at), frmr_valid_days=days)
        given = decisions.decide(_with_reasons(engine, item.draft(), item.payload, at), actor, key)
        if item.then is not None:
            later = at + DECIDED_AFTER
            decisions = Decisions(engine, outgoing, trust, lambda: None, _at(later), frmr_valid_days=days)
            corrected = item.then.draft(corrects=given.decision_id)
            decisions.decide(_with_reasons(engine, corrected, item.payload, later), actor, key)
        examination = config.decisions.breath_examination_mg_per_l
        issuer = Issuer(account.account_id, at, UTC, config.http.public_url, config.generation, examination)
        who = Signatory(account.account_id, entry.medic_id, (ORG,), "127.0.0.1")
        for kind in item.papers:
            write_paper(engine, trust, item.payload["exam_id"], kind, who, key, at, days)
            _print(engine, item.payload["exam_id"], kind, trust, issuer, copies)


def _with_reasons(engine: Engine, draft: DecisionDraft, payload: dict[str, Any], at: datetime) -> DecisionDraft:
    """With the medic's words for each ground that a rule asks about."""
    with reading(engine) as connection:
        asked = asking(ground_effects(connection, ORG, payload, at), payload)
    return replace(draft, ground_reasons={span.key: SEEN_BY_THE_MEDIC for span in asked})


def _at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def _print(engine: Engine, exam_id: str, kind: str, trust: Trust, issuer: Issuer, copies: SampleCopies) -> None:
    with writing(engine) as connection:
        exam = worklist.one(connection, exam_id)
        if exam is None:
            return
        entry, _ = issue(connection, exam, grant(connection, exam, kind, trust), issuer)
    if kind in KEPT_KINDS:
        copies.add(entry, exam.worker_name or "", issuer)
