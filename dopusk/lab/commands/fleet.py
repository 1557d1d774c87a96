"""`dopusk fleet`: simulated terminals against a running centre."""

import json
import secrets
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from sqlalchemy import Engine

from central.authority.pki import Authority, write_secret
from central.core.clock import now_utc
from central.core.config import CentralConfig, load_config
from central.core.parties import Employer, Organisation, Terminal, Worker
from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing, load_signing_key
from central.people.registry import Registry
from central.store import enrolments
from central.store import terminals as kiosks
from central.store.engine import writing
from central.store.workers import find_worker
from dopusk.commands.central import ConfigFile, open_store, plain_errors
from dopusk.words import say, word
from simulators.fleet import Fleet, Member
from simulators.fleet_terminal import BrokerAddress, TerminalIdentity
from sync.contract.topics import TerminalAddress

ORG = "fleet"
_NUMBER = "1"


def fleet(
    config: ConfigFile,
    terminals: Annotated[int, typer.Option(min=1, help="How many terminals.")],
    exams: Annotated[int, typer.Option(min=1, help="How many exams in all, dealt out in turn.")],
    rate: Annotated[
        float | None, typer.Option(help="Exams a second; without it as fast as the centre takes them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Send many exams from simulated terminals to a running centre of generation test or demo, and report.

    Enters an organisation `fleet` with fresh keys for every run. Exit code 1 when an exam got no receipt or was refused.
    """
    console = Console(stderr=True)
    with plain_errors(), tempfile.TemporaryDirectory() as folder:
        loaded = load_config(config)
        if loaded.generation == "real":
            raise ValueError("a real centre takes no simulated exams; use one of generation test or demo")
        members = enter_fleet(loaded, open_store(config), terminals, Path(folder))
        console.print(say("{terminals} terminals entered; sealing {exams} exams", terminals=terminals, exams=exams))

        def show(receipted: int, sent: int, wanted: int) -> None:
            console.print(
                say("sent {sent} of {wanted}, receipted {receipted}", sent=sent, wanted=wanted, receipted=receipted)
            )

        report = Fleet(members, exams, progress=show).run(rate=rate)
    if as_json:
        print(json.dumps(asdict(report)))
    else:
        for name, value in asdict(report).items():
            print(f"{word(name)}: {value}")
    if report.receipted < exams or report.refused:
        raise typer.Exit(1)


def enter_fleet(config: CentralConfig, engine: Engine, count: int, folder: Path) -> list[Member]:
    """Register the terminals of the fleet and write their certificates and keys into a folder."""
    authority = Authority(config.keys.authority_dir)
    registry = Registry(Outgoing.from_config(config), SnilsKey.from_file(config.keys.snils_key_file))
    centre_key = load_signing_key(config.keys.centre_signing_key_file).public_key()
    with writing(engine) as connection:
        registry.add_organisation(connection, Organisation(ORG, "Fleet of simulated terminals", ""))
        known = find_worker(connection, ORG, _NUMBER)
        if known is None:
            employer_id = registry.add_employer(connection, Employer(ORG, "ООО «Проверка нагрузки»"))
            worker = Worker(ORG, employer_id, _NUMBER, "Нагрузкин Тест Тестович", "испытатель")
            registry.save_workers(connection, [worker])
            worker_id = worker.worker_id
        else:
            employer_id, worker_id = known["employer_id"], known["worker_id"]
    run = secrets.token_hex(4)
    members = []
    for number in range(1, count + 1):
        name = f"fleet-{run}-{number}"
        identity = TerminalIdentity(
            TerminalAddress(ORG, name), Ed25519PrivateKey.generate(), centre_key, config.generation
        )
        issued = authority.issue_terminal(name)
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(issued.certificate_pem)
        write_secret(key, issued.key_pem or b"")
        with writing(engine) as connection:
            registry.add_terminal(connection, Terminal(name, ORG, name, "fleet"))
            kiosks.set_key(connection, name, identity.public_key)
            enrolments.add_certificate(connection, issued.serial, name, now=now_utc(), not_after=issued.not_after)
        broker = BrokerAddress(config.mqtt.host, config.mqtt.port, config.mqtt.ca_file, certificate, key)
        members.append(Member(identity, broker, worker_id, employer_id))
    return members
