"""The demo's past: some weeks of exams with signed decisions, and an account for each role, so that every page shows something.

The exams go the whole way of ingest, the decisions are really signed; only time is moved, by handing in the clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from central.accounts import create_account
from central.checks import Rules
from central.config import CentralConfig
from central.decision_record import Wish
from central.decisions import Actor, Decisions
from central.intake import Arrival, Intake
from central.media_files import MediaFiles
from central.outgoing import Outgoing, load_signing_key
from central.parties import Terminal
from central.pki import Authority
from central.registers.keeping import Desk
from central.registry import Registry
from central.rights import Role
from central.signature.software import open_key
from central.store import accounts, medics, terminals
from central.store.engine import reading, writing
from central.store.register_changes import Author
from central.trust import Trust
from dopusk.demo.sample_medic import LOGIN
from dopusk.demo.sample_people import HISTORY_TERMINAL_ID, ORG, SampleIds, past_exams
from dopusk.demo.sample_registers import enter_registers
from simulators.fleet_terminal import TerminalIdentity
from sync.contract.exam import EXAM_SCHEMA
from sync.contract.topics import TerminalAddress, Up

DECIDED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class SampleAccount:
    """An account of the demo; all have the medic's password."""

    username: str
    full_name: str
    role: Role


ACCOUNTS = (
    SampleAccount("dispatcher", "Диспетчер Ромашки", Role.EMPLOYER),
    SampleAccount("senior", "Бережной Фома Лукич", Role.SENIOR_MEDIC),
    SampleAccount("admin", "Седов Лев Юрьевич", Role.ADMINISTRATOR),
    SampleAccount("auditor", "Ильина Раиса Ефимовна", Role.AUDITOR),
    SampleAccount("engineer", "Карпов Денис Олегович", Role.SERVICE),
)


def fill_history(config: CentralConfig, engine: Engine, registry: Registry, people: SampleIds) -> int:
    """Enter accounts and past exams; returns how many exams there are. The medic must be entered already."""
    outgoing = Outgoing.from_config(config)
    archive = _enter_archive(config, engine, registry)
    with writing(engine) as connection:
        for account in ACCOUNTS:
            create_account(
                connection,
                username=account.username,
                full_name=account.full_name,
                role=account.role,
                password=LOGIN.password,
                now=datetime.now(UTC),
                orgs=(ORG,),
                employer_id=people.employers[0] if account.role is Role.EMPLOYER else None,
            )
        senior = accounts.by_username(connection, "senior")
        author = Author(senior.account_id if senior else None, datetime.now(UTC))
        enter_registers(
            connection, registry, Desk(connection, registry, Authority(config.keys.authority_dir), ORG, author)
        )
    intake = Intake(engine, MediaFiles(config.media_dir), Rules(config.generation, timedelta(days=1)))
    payloads = past_exams(people, generation=config.generation)
    wires = [archive.seal(EXAM_SCHEMA, payload)[1].wire for payload in payloads]
    verdicts = intake.take([Arrival(archive.address.up(Up.EXAM), wire) for wire in wires])
    refused = [verdict for verdict in verdicts if verdict.outcome != "accepted"]
    if refused:
        raise ValueError(f"the demo's past does not fit the contract: {refused[0]}")
    _decide_all(config, engine, outgoing, payloads)
    return len(payloads)


def _enter_archive(config: CentralConfig, engine: Engine, registry: Registry) -> TerminalIdentity:
    """The terminal on which the past exams were made; it is switched off."""
    centre_key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    address = TerminalAddress(ORG, HISTORY_TERMINAL_ID)
    archive = TerminalIdentity(address, Ed25519PrivateKey.generate(), centre_key, config.generation)
    with writing(engine) as connection:
        registry.add_terminal(connection, Terminal(HISTORY_TERMINAL_ID, ORG, "Прежний терминал", "Склад"))
        terminals.set_key(connection, HISTORY_TERMINAL_ID, archive.public_key)
    return archive


def _decide_all(config: CentralConfig, engine: Engine, outgoing: Outgoing, payloads: list[dict[str, Any]]) -> None:
    """Decide each past exam two minutes after its end, with the medic's own key."""
    trust = Trust(config.keys.authority_dir)
    with reading(engine) as connection:
        account = accounts.by_username(connection, LOGIN.username)
        entry = medics.find(connection, account.medic_id or "") if account else None
    if account is None or entry is None or entry.encrypted_key is None:
        raise LookupError("the demo's medic is not entered")
    key = open_key(entry.certificate_pem, entry.encrypted_key, LOGIN.passphrase)
    actor = Actor(account.account_id, entry.medic_id, (ORG,), "127.0.0.1")
    visual = {"skin": "normal", "mucous": "normal", "behaviour": "normal"}
    for payload in payloads:
        at = datetime.fromisoformat(payload["finished_at"]) + DECIDED_AFTER
        decisions = Decisions(engine, outgoing, trust, lambda: None, clock=lambda at=at: at)  # type: ignore[misc]
        is_high = payload["rule_verdict"]["suggestion"] != "within_limits"
        reasons = ("pressure_high",) if is_high else ()
        outcome = "not_admitted" if is_high else "admitted"
        decisions.decide(Wish(payload["exam_id"], outcome, reasons, visual=visual), actor, key)
