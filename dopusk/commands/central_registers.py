"""`dopusk central …`: registers from the command line, files in and out."""

import json
import sys
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import Engine

from central.authority.pki import Authority
from central.books.codes import check_code
from central.core.days import day_of
from central.core.media_files import MediaFiles
from central.core.parties import Organisation
from central.core.snils import SnilsKey, parse_snils
from central.core.text_cleaning import clean_line
from central.deciding.medics import MedicPerson, Qualification, add_medic, seal_key
from central.exchange.checks import Rules
from central.exchange.intake import Intake
from central.imports.exam_faults import fault_words
from central.imports.exams import RowResult, check_rows, fault_file, import_rows, read_rows
from central.imports.register_files import (
    FILES,
    HEADINGS,
    check_large_file,
    error_table,
    import_large_file,
    read_large_file,
)
from central.imports.row_faults import RowFault
from central.imports.tables import UnreadableTable, unreadable_words
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.registers.organisations import requisite_faults
from central.store import registry
from central.store.engine import reading, writing
from central.store.register_changes import Author
from dopusk import words
from dopusk.commands.access_trail import note
from dopusk.commands.asking import new_secret
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.commands.central_federal import import_map, import_medics, import_organisations
from dopusk.told import told
from dopusk.words import say, word
from sync.contract.canonical import new_id

import_app = typer.Typer(no_args_is_help=True, help="Take workers, grounds or examinations from files.")
register_app = typer.Typer(no_args_is_help=True, help="Enter organisations and medics.")

import_app.command("medics")(import_medics)
import_app.command("organisations")(import_organisations)
import_app.command("map")(import_map)
_Rows = TypeVar("_Rows")
Org = Annotated[str, typer.Option(help="Name of the organisation, as in topics.")]


@register_app.command("organisation")
def add_organisation(
    org: Annotated[str, typer.Argument(help="Short name: small letters, digits, - and _.")],
    config: ConfigFile,
    name: Annotated[str, typer.Option(help="Full name.")],
    licence: Annotated[str, typer.Option(help="Number and date of the licence; without one nobody can sign.")] = "",
    oid: Annotated[str | None, typer.Option(help="OID in the federal register.")] = None,
    licence_until: Annotated[
        str | None, typer.Option(help="Last day of the licence, YYYY-MM-DD; none: no term.")
    ] = None,
) -> None:
    """Enter or change a medical organisation."""
    with plain_errors():
        ends = None if licence_until is None else day_from(licence_until)
        registry_of, engine = _registry(config)
        with writing(engine) as connection:
            known = registry.get_organisation(connection, org)
            kept = {item.name: known[item.name] for item in fields(Organisation)} if known else {"org": org}
            said = {"name": name, "licence": licence, "licence_until": ends}
            said |= {"oid": oid, "oid_source": "form"} if oid else {}
            if faults := requisite_faults(kept | said):
                raise ValueError(f"{', '.join(faults)}: not as the register writes it")
            if oid and check_code(connection, "oid", oid, org=org, day=day_of(datetime.now(UTC)))[1] is not None:
                raise ValueError("oid: not in the book medical_organisations")
            registry_of.add_organisation(connection, Organisation(**(kept | said)))
            note(connection, "organisation.save" if known else "organisation.add", org, org=org)
    print(say("organisation {org} entered", org=org))


@register_app.command("medic")
def enter_medic(
    config: ConfigFile,
    org: Org,
    full_name: Annotated[str, typer.Option(help="Name, as in the certificate.")],
    position: Annotated[str, typer.Option(help="Position.")],
    accreditation_until: Annotated[str, typer.Option(help="End of the accreditation, YYYY-MM-DD.")],
    training_hours: Annotated[int, typer.Option(help="Hours of training in remote examinations.")],
    training_at: Annotated[str, typer.Option(help="Day of that training, YYYY-MM-DD.")],
    federal_register_at: Annotated[str, typer.Option(help="Day when seen in the federal register, YYYY-MM-DD.")],
    education: Annotated[str, typer.Option(help="higher or secondary")] = "secondary",
    snils: Annotated[
        str, typer.Option(help="SNILS; without one the medic signs nothing.", envvar="DOPUSK_MEDIC_SNILS")
    ] = "",
    passphrase_stdin: Annotated[bool, typer.Option(help="Read the passphrase from standard input.")] = False,
    gost: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Certificate and key (PEM) by GOST R 34.10-2012 of another authority.", show_default=False),
    ] = None,
) -> None:
    """Enter a medic with a software key. Prints the medic's id.

    The certificate is issued by the centre's authority, or given with --gost; then the authority's root and list stand in
    medic-roots.pem and medic-crl.pem beside ca.pem. The key is kept encrypted with the passphrase.
    """
    words = sys.stdin.readline().rstrip("\n") if passphrase_stdin else ""
    passphrase = words or new_secret(say("Passphrase of the signing key"))
    full_name, position = clean_line(full_name), clean_line(position)
    with plain_errors():
        loaded, engine = open_centre(config)
        medic_id = new_id()
        with reading(engine) as connection:
            found = registry.get_organisation(connection, org)
        if found is None:
            raise LookupError(f"organisation {org} is not entered; next: dopusk central register organisation {org}")
        if not found["oid"]:
            raise LookupError(
                f"organisation {org} has no OID of the federal register; next: dopusk central register organisation {org} --oid"
            )
        person = _person(loaded.keys.snils_key_file, snils)
        key, gost_key_pem = None, None
        if gost is None:
            issued = Authority(loaded.keys.authority_dir).issue_medic(full_name, medic_id, found["name"])
            certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
            key = _signing_key(issued.key_pem or b"")
        else:
            certificate = x509.load_pem_x509_certificate(gost[0].read_bytes())
            gost_key_pem = gost[1].read_bytes()
        encrypted = seal_key(certificate, passphrase, key=key, gost_key_pem=gost_key_pem)
        with writing(engine) as connection:
            add_medic(
                connection,
                org=org,
                full_name=full_name,
                position=position,
                qualification=Qualification(
                    education,
                    day_from(accreditation_until),
                    training_hours,
                    day_from(training_at),
                    day_from(federal_register_at),
                ),
                certificate=certificate,
                key=key,
                gost_key_pem=gost_key_pem,
                passphrase=passphrase,
                now=datetime.now(UTC),
                medic_id=medic_id,
                encrypted_key=encrypted,
                person=person,
            )
            note(connection, "medic.add", medic_id, org=org)
    print(medic_id)


def _person(key_file: Path, snils: str) -> MedicPerson:
    if not snils:
        return MedicPerson()
    key, digits = SnilsKey.from_file(key_file), parse_snils(snils)
    return MedicPerson(key.hmac(digits), key.seal(digits))


def day_from(typed: str) -> date:
    """A day that was typed. Raises `ValueError` in words."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise ValueError(f"{typed} is no day such as 2026-05-31") from error


def _signing_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority made a key of a kind that is not known here")
    return key


@import_app.command("workers")
def import_workers(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV with the columns of the export.")],
    config: ConfigFile,
    org: Org,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where the rows with faults go, in the same form.")] = None,
) -> None:
    """Check a file as a whole, and store it as a whole or not at all. Exit code 1 when it has faults."""
    counts = _import_register("workers", file, config, org, dry_run=dry_run, errors=errors)
    text = "added {added}, changed {changed}, unchanged {unchanged}"
    if dry_run:
        text = "would add {added}, would change {changed}, unchanged {unchanged}"
    print(say(text, **counts))


@import_app.command("grounds")
def import_grounds(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV, columns as on the console's page.")],
    config: ConfigFile,
    org: Org,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where the rows with faults go, in the same form.")] = None,
) -> None:
    """Take what other registers say of workers; all of a file or nothing. Exit code 1 when it has faults."""
    counts = _import_register("grounds", file, config, org, dry_run=dry_run, errors=errors)
    text = "would add {added}, known already {known}" if dry_run else "added {added}"
    print(say(text, **counts))


@import_app.command("history")
def import_history(
    file: Annotated[Path, typer.Argument(help="XLSX or CSV, columns as on the console's page.")],
    config: ConfigFile,
    org: Org,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where the rows with faults go, in the same form.")] = None,
) -> None:
    """Take exams of a paper journal or another system as history; they admit nobody. Exit code 1 when it has faults."""
    counts = _import_register("history", file, config, org, dry_run=dry_run, errors=errors)
    text = "would add {added}, known already {known}" if dry_run else "added {added}"
    print(say(text, **counts))


def _import_register(
    kind: str, file: Path, config: Path, org: str, *, dry_run: bool, errors: Path | None
) -> dict[str, int]:
    """Check a file and, unless it is a dry run, store it; what it did, or would do. Ends the command where it has faults."""
    with plain_errors():
        registry_of, engine = _registry(config)
        register_file = FILES[kind](registry_of)
        rows = _table(file, lambda content: read_large_file(register_file, content))
        if dry_run:
            checked = check_large_file(engine, register_file, org, rows, _silent)
        else:
            checked = import_large_file(
                engine,
                register_file,
                org,
                rows,
                Author(None, datetime.now(UTC)),
                done=_silent,
                note=lambda connection, detail: note(connection, f"{kind}.import", org=org, detail=dict(detail)),
            )
    for _, faults in checked.faulty:
        for fault in faults:
            typer.echo(_fault_line(fault), err=True)
    if checked.faults:
        if errors is not None:
            errors.write_bytes(error_table(HEADINGS[kind], checked.faulty, words.in_use()))
        raise typer.Exit(1)
    return checked.counts


def _silent(_done: int) -> None:
    """A command says how far it is when it is done."""


@import_app.command("exams")
def import_exams(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines or XLSX of signed messages, see the console's page in docs.")
    ],
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where refused rows go, in the form of the file.")] = None,
) -> None:
    """Take examinations that came another way than the network. The same file twice changes nothing."""
    refused: list[RowResult] = []
    counts: dict[str, int] = {}
    with plain_errors():
        loaded, engine = open_centre(config)
        rules = Rules(loaded.generation, timedelta(seconds=loaded.ingest.future_tolerance_s))
        content = file.read_bytes()
        rows = _table(file, lambda content: list(read_rows(content)), code=2)
        taken = (
            check_rows(engine, rules, rows)
            if dry_run
            else import_rows(Intake(engine, MediaFiles(loaded.media_dir), rules), rows)
        )
        for result in taken:
            counts[result.outcome] = counts.get(result.outcome, 0) + 1
            if result.outcome == "refused":
                refused.append(result)
            if as_json:
                print(json.dumps({"line": result.row.number, "outcome": result.outcome, "code": result.code}))
            elif result.outcome == "refused":
                said = ": ".join(filter(None, fault_words(result.code, result.facts, words.in_use())))
                typer.echo(
                    say("line {number}: {code}: {said}", number=result.row.number, code=result.code, said=said),
                    err=True,
                )
        with writing(engine) as connection:
            note(connection, "exams.check" if dry_run else "exams.import", detail={"rows": sum(counts.values())})
    if errors is not None and refused:
        errors.write_bytes(fault_file(refused, words.in_use(), as_workbook=content.startswith(b"PK")))
    if not as_json:
        found = ", ".join(f"{word(outcome)} {count}" for outcome, count in sorted(counts.items()))
        found = found or say("the file is empty")
        print(say("nothing stored; would be: {found}", found=found) if dry_run else found)
    if refused:
        raise typer.Exit(1)


def _table(file: Path, read: Callable[[bytes], _Rows], code: int = 1) -> _Rows:
    """Read a file before any transaction. What cannot be taken as a whole ends the command with one line of words."""
    content = file.read_bytes()
    if not content.strip():
        typer.echo(told(f"{file}: it is empty"), err=True)
        raise typer.Exit(code)
    try:
        return read(content)
    except UnreadableTable as error:
        typer.echo(f"{file}: {unreadable_words(error, words.in_use())}", err=True)
        raise typer.Exit(code) from error


def _fault_line(fault: RowFault) -> str:
    return say("row {row}, {column}: {what}", row=fault.row, column=fault.column, what=fault.words(words.in_use()))


def _registry(config: Path) -> tuple[Registry, Engine]:
    loaded, engine = open_centre(config)
    return Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file)), engine
