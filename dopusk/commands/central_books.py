"""`dopusk central books …`: reference books from the command line: list, take out, take in, publish."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy import Connection

from central.books import drafting, publishing, reading
from central.books.catalogue import BOOKS, CENTRE, BookKind
from central.books.rules import BookRefused, differences
from central.core.days import day_of, parse_day
from central.imports.books import book_json, book_of, book_table, read_book_file
from central.imports.tables import UnreadableTable, unreadable_words
from central.link.outgoing import Outgoing
from central.store import registry
from central.store.audit import COMMAND_LINE
from central.store.engine import reading as reading_from
from central.store.engine import writing
from central.words.texts import text
from dopusk import words
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.words import say
from sync.contract.books import BookFault

app = typer.Typer(no_args_is_help=True, help="Reference books: list, take out, take in, publish.")

BookOrg = Annotated[str, typer.Option("--org", help="Whose book; without it, of the whole centre.")]
BookName = Annotated[str, typer.Argument(metavar="BOOK", help="Name of the book, see `books list`.")]


@app.command("list")
def list_books(
    config: ConfigFile,
    org: BookOrg = CENTRE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show all books: the version in force, its rows, since when it holds."""
    with plain_errors():
        _, engine = open_centre(config)
        found: list[dict[str, str | int]] = []
        with reading_from(engine) as connection:
            _check_org(connection, org)
            for name in BOOKS:
                held = reading.in_force(connection, name, org, day_of(datetime.now(UTC)))
                found.append(
                    {
                        "book": name,
                        "version": held.version,
                        "items": len(held.items),
                        "since": held.row.valid_from.isoformat() if held.row else "",
                        "sha256": held.sha256,
                    }
                )
    if as_json:
        print(json.dumps({"books": found}, ensure_ascii=False))
        return
    for one in found:
        title = text(words.in_use(), f"book.title.{one['book']}")
        number = one["version"] or text(words.in_use(), "book.no_version")
        print(f"{one['book']:<22} {number:<12} {one['items']:>6}  {title}")


@app.command("export")
def export_book(
    book: BookName,
    file: Annotated[Path, typer.Argument(help="Where it goes: .xlsx or .json.")],
    config: ConfigFile,
    org: BookOrg = CENTRE,
) -> None:
    """Write the version in force into a file that `books import` takes."""
    with plain_errors():
        kind = _kind(book)
        _, engine = open_centre(config)
        with reading_from(engine) as connection:
            _check_org(connection, org)
            version = reading.in_force(connection, book, org, day_of(datetime.now(UTC)))
        made = (
            book_json(book, version.version, version.items, version.source)
            if file.suffix.lower() == ".json"
            else book_table(kind, version.items)
        )
        file.write_bytes(made)
        with writing(engine) as connection:
            note(connection, "book.export", book, org=org or None, detail={"book": book, "rows": len(version.items)})
    print(say("{count} rows in {file}", count=len(version.items), file=file))


@app.command("import")
def import_book(
    file: Annotated[Path, typer.Argument(help="XLSX, CSV, JSON or ZIP: our own form, or a national dictionary's.")],
    config: ConfigFile,
    book: Annotated[str, typer.Option(help="Name of the book, where the file does not tell.")] = "",
    org: BookOrg = CENTRE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
) -> None:
    """Check a file as a whole and make it the draft of its book; `books publish` puts it in force."""
    now = datetime.now(UTC)
    with plain_errors():
        content = file.read_bytes()
        try:
            name = book or book_of(content, file.name)
            if not name:
                raise LookupError("the file does not tell its book; name it with --book")
            kind = _kind(name)
            found = read_book_file(name, content, file.name)
        except UnreadableTable as error:
            _refuse([f"{file}: {unreadable_words(error, words.in_use())}"])
        if found.faults:
            _refuse(
                [
                    say("row {row}, {column}: {what}", row=one.row, column=one.column, what=one.words(words.in_use()))
                    for one in found.faults
                ]
            )
        owner = _owner(kind, org)
        _, engine = open_centre(config)
        try:
            with (reading_from if dry_run else writing)(engine) as connection:
                _check_org(connection, owner)
                base = reading.newest(connection, name, owner)
                faults = drafting.import_faults(base, name, found.items)
                if faults:
                    raise BookRefused(faults)
                changes = differences(base.items, drafting.with_ended(base.items, found.items, now))
                if not dry_run:
                    drafting.take_items(
                        connection,
                        name,
                        owner,
                        found.items,
                        author=COMMAND_LINE,
                        now=now,
                        source=found.source,
                        version=found.version,
                    )
                    detail = {"book": name, "rows": len(found.items)}
                    note(connection, "book.import", name, org=owner or None, detail=detail)
        except BookRefused as refused:
            _refuse([fault_line(fault) for fault in refused.faults])
    counts = {kind: sum(one.kind == kind for one in changes) for kind in ("added", "changed", "ended")}
    print(text(words.in_use(), "book.checked", rows=len(found.items), **counts))
    if not dry_run:
        print(say("next: dopusk central books publish {name} --basis …", name=name))


@app.command("publish")
def publish_book(
    book: BookName,
    config: ConfigFile,
    basis: Annotated[str, typer.Option(help="On whose word or by which paper: number and date.")],
    org: BookOrg = CENTRE,
    version: Annotated[str, typer.Option(help="Its number; without it, the next one or the dictionary's own.")] = "",
    valid_from: Annotated[str, typer.Option(help="First day, YYYY-MM-DD; without it, today.")] = "",
) -> None:
    """Put the draft of a book in force, and queue it for the terminals if they show it."""
    now = datetime.now(UTC)
    with plain_errors():
        kind = _kind(book)
        owner = _owner(kind, org)
        first = parse_day(valid_from) if valid_from else None
        if valid_from and first is None:
            raise ValueError(f"{valid_from} is no day such as 2026-05-31")
        loaded, engine = open_centre(config)
        outgoing = Outgoing.from_config(loaded)
        try:
            with writing(engine) as connection:
                _check_org(connection, owner)
                made = publishing.publish(
                    connection,
                    outgoing,
                    book,
                    owner,
                    basis=basis,
                    author=COMMAND_LINE,
                    now=now,
                    valid_from=first,
                    version=version,
                )
                detail = {"book": book, "version": made.version, "rows": len(made.items)}
                note(connection, "book.publish", book, org=owner or None, detail=detail)
        except BookRefused as refused:
            _refuse([fault_line(fault) for fault in refused.faults])
    print(text(words.in_use(), "book.published", version=made.version))


def fault_line(fault: BookFault) -> str:
    """A fault of a book as one line: row, field, what is wrong."""
    language = words.in_use()
    field = text(language, f"book.field.{fault.field}") if fault.field in _FIELDS else fault.field
    said = text(language, f"book.fault.{fault.fault}", detail=fault.detail)
    return ": ".join(part for part in (fault.code, field, said) if part)


_FIELDS = frozenset(
    {"code", "parent", "ru", "en", "offered", "valid_from", "valid_until", "items", "version", "basis", "file"}
)


def _refuse(lines: list[str]) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(1)


def _kind(name: str) -> BookKind:
    if name not in BOOKS:
        raise LookupError(f"there is no book {name}; `dopusk central books list` names them")
    return BOOKS[name]


def _owner(kind: BookKind, org: str) -> str:
    """Classifiers are of the whole centre."""
    return CENTRE if kind.is_classifier else org


def _check_org(connection: Connection, org: str) -> None:
    if org and registry.get_organisation(connection, org) is None:
        raise LookupError(f"organisation {org} is not entered; next: dopusk central register organisation {org}")
