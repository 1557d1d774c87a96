"""`dopusk central export …`: journal, workers or one signed decision as files. Each export is in the access log."""

import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from central.authority.pki import Authority, write_secret
from central.core.config import load_config
from central.core.days import day_of
from central.core.snils import SnilsKey
from central.core.trust import Trust
from central.deciding.decisions import export as export_decision_files
from central.imports.workers import table_of
from central.journal import columns as journal_columns
from central.journal.csv_file import csv_lines
from central.journal.signature_check import SignatureCheck
from central.journal.title import title_lines
from central.journal.xlsx_file import write_journal
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.registers.encrypted_zip import encrypted_zip, plain_zip
from central.registers.medic_export import FORMS, medic_file, medic_rows
from central.store import journal, registry
from central.store.engine import reading, writing
from central.store.journal import JournalFilter
from central.store.workers import count_workers
from central.words.no_force import band
from dopusk.commands.access_trail import note
from dopusk.commands.asking import new_secret
from dopusk.commands.central import ConfigFile, open_centre, open_store, plain_errors
from dopusk.commands.central_registers import Org, day_from
from dopusk.commands.choices import one_of
from dopusk.words import say

export_app = typer.Typer(no_args_is_help=True, help="Write journal, workers or one signed decision to files.")

Day = Annotated[str | None, typer.Option(help="Day as YYYY-MM-DD, UTC.")]


@export_app.command("decision")
def export_decision(
    decision_id: Annotated[str, typer.Argument(help="Id of the decision.")],
    folder: Annotated[Path, typer.Argument(help="Where decision.cms, record.json and ca.pem go.")],
    config: ConfigFile,
) -> None:
    """Write the three files that `openssl cms -verify` needs."""
    with plain_errors():
        loaded, engine = open_centre(config)
        for path in export_decision_files(engine, Trust(loaded.keys.authority_dir), decision_id, folder):
            print(path)
        with writing(engine) as connection:
            note(connection, "decision.export", decision_id, detail={"rows": 1})


@export_app.command("journal")
def export_journal(
    file: Annotated[Path, typer.Argument(help="A .csv or .xlsx that does not exist yet.")],
    config: ConfigFile,
    org: Org,
    since: Day = None,
    until: Day = None,
) -> None:
    """Write the journal of a period, all columns."""
    if file.suffix not in {".csv", ".xlsx"} or file.exists():
        raise typer.BadParameter("must end in .csv or .xlsx and not exist yet", param_hint=str(file))
    with plain_errors():
        loaded, engine = open_centre(config)
        check = SignatureCheck(Trust(loaded.keys.authority_dir))
        wanted = JournalFilter((org,), since=_moment(since), until=_next_day(until))
        parts, over = journal_columns.file_keys(journal_columns.COLUMNS), band(loaded.generation, "ru")
        with reading(engine) as connection:
            readings = (journal_columns.reading_of(row, "ru", UTC, check) for row in journal.every(connection, wanted))
            if file.suffix == ".xlsx":
                organisation = registry.get_organisation(connection, org)
                title = title_lines([dict(organisation)] if organisation else [], since or "", until or "", "ru")
                count = write_journal(file, readings, parts, "ru", band=over, title=title)
            else:
                rows = (journal_columns.file_values(item, parts) for item in readings)
                table = journal_columns.numbered(journal_columns.headings(parts, "ru"), rows)
                with file.open("wb") as stream:
                    count = sum(1 for line in csv_lines(*table, over) if stream.write(line)) - 2
        detail = {"rows": count, "form": file.suffix[1:], "columns": len(journal_columns.COLUMNS)}
        with writing(engine) as connection:
            note(connection, "journal.export", org=org, detail=detail)
    print(say("{count} rows in {path}", count=count, path=file))


@export_app.command("workers")
def export_workers(
    file: Annotated[Path, typer.Argument(help="A new .xlsx file.")], config: ConfigFile, org: Org
) -> None:
    """Write the register of workers in the form of the import, without SNILS."""
    with plain_errors():
        engine = open_store(config)
        over = band(load_config(config).generation, "ru")
        with reading(engine) as connection:
            content, rows = table_of(connection, org, over), count_workers(connection, org)
        with file.open("xb") as stream:
            stream.write(content)
        with writing(engine) as connection:
            note(connection, "workers.export", org=org, detail={"rows": rows})
    print(file)


@export_app.command("medics")
def export_medics(
    file: Annotated[Path, typer.Argument(help="Archive to write; it does not exist yet.")],
    config: ConfigFile,
    org: Org,
    form: Annotated[str, typer.Option("--format", help="xlsx or xml.")] = "xlsx",
    plain: Annotated[bool, typer.Option("--plain", help="Do not encrypt: the file has SNILS in clear.")] = False,
    passphrase_stdin: Annotated[bool, typer.Option(help="Read the passphrase from standard input.")] = False,
) -> None:
    """Write the medics for the exchange operator, SNILS among them: signed (detached CMS), in an encrypted ZIP."""
    one_of(form, FORMS, "--format")
    if file.exists():
        raise typer.BadParameter("must not exist yet", param_hint=str(file))
    words = "" if plain else sys.stdin.readline().rstrip("\n") if passphrase_stdin else ""
    passphrase = words or ("" if plain else new_secret(say("Passphrase of the archive")))
    with plain_errors():
        loaded, engine = open_centre(config)
        people = Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file))
        now = datetime.now(UTC)
        with reading(engine) as connection:
            organisation = registry.get_organisation(connection, org)
            if organisation is None:
                raise LookupError(f"organisation {org!r} is not registered")
            rows, without = medic_rows(connection, organisation, people, day_of(now))
        made = medic_file(Authority(loaded.keys.authority_dir), organisation, rows, without, form, now)
        archive = plain_zip(made.files) if plain else encrypted_zip(made.files, passphrase, now)
        # First the log and then the file: what has left the centre is always written down.
        with writing(engine) as connection:
            note(connection, "medics.export", org=org, detail={"rows": made.rows, "form": form})
        write_secret(file, archive)
    print(say("{count} rows in {path}", count=made.rows, path=file))
    if made.without_snils:
        typer.echo(
            say("{count} medics have no SNILS on record and are not in the file", count=made.without_snils), err=True
        )


def _moment(day: str | None) -> datetime | None:
    return datetime.combine(day_from(day), time(), UTC) if day else None


def _next_day(day: str | None) -> datetime | None:
    found = _moment(day)
    return found + timedelta(days=1) if found else None
