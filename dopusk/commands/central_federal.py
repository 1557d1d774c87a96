"""`dopusk central import medics | organisations | map`: what the federal registers say, by file."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy import Engine

from central.core.days import day_of
from central.core.snils import SnilsKey
from central.imports import medics as medic_files
from central.imports import organisations as organisation_files
from central.imports.field_maps import maps_of, new_map
from central.imports.row_faults import RowFault
from central.imports.tables import UnreadableTable, unreadable_words
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import field_maps, registry
from central.store.engine import hold_registers, reading, writing
from central.store.field_maps import FieldMap
from central.store.register_changes import Author
from dopusk import words
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.commands.choices import one_of
from dopusk.told import told
from dopusk.words import say

_Row = TypeVar("_Row")
File = Annotated[Path, typer.Argument(help="XLSX, CSV, XML or JSON.")]
MapName = Annotated[str, typer.Option("--map", help="Field map by which the file is read; otherwise the shipped one.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check.")]
Errors = Annotated[Path | None, typer.Option(help="Where the rows with faults go, in the same form.")]


def import_medics(
    file: File,
    config: ConfigFile,
    org: Annotated[str, typer.Option(help="Name of the organisation, as in topics.")],
    map_name: MapName = "",
    dry_run: DryRun = False,
    errors: Errors = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Mark who is missing even when they are more than 20 percent.")
    ] = False,
) -> None:
    """Take what the federal register says of medics; all of a file or nothing. Keys stay as they are. Exit code 1 for faults."""
    with plain_errors():
        people, engine = _registry(config)
        chosen = _chosen(engine, "medics", map_name)
        rows = _rows(file, lambda content: medic_files.read_file(content, chosen))
        author = Author(None, datetime.now(UTC))
        today = day_of(author.at)
        with (reading if dry_run else writing)(engine) as connection:
            if not dry_run:
                hold_registers(connection, org)
            checked = medic_files.check_rows(connection, org, rows, chosen, people, today)
            asks = checked.asks_first and not missing
            if not checked.faults and not dry_run and not asks:
                medic_files.store_checked(connection, checked, author, today)
                detail = {"added": checked.added, "changed": checked.changed, "left": len(checked.leaving)}
                note(connection, "medics.import", org=org, detail=detail)
    _end_with_faults(checked.faults, checked.error_file, errors)
    for one in checked.changes:
        if one.is_change:
            what = ", ".join(one.different) or say("new")
            print(say("row {row}: {what}", row=one.row, what=what))
    text = "added {added}, changed {changed}, unchanged {unchanged}, no longer in the register {left}"
    if dry_run or asks:
        text = "would add {added}, would change {changed}, unchanged {unchanged}, no longer in the register {left}"
    counts = {"added": checked.added, "changed": checked.changed, "unchanged": checked.unchanged}
    print(say(text, left=len(checked.leaving), **counts))
    if asks:
        said = "nothing stored: {left} of {known} medics are missing in the file; if that is meant, run again with --missing"
        typer.echo(say(said, left=len(checked.leaving), known=checked.known), err=True)
        raise typer.Exit(1)


def import_organisations(
    file: File, config: ConfigFile, map_name: MapName = "", dry_run: DryRun = False, errors: Errors = None
) -> None:
    """Take what the federal register says of organisations that are entered here. Exit code 1 for faults."""
    with plain_errors():
        people, engine = _registry(config)
        chosen = _chosen(engine, "organisations", map_name)
        rows = _rows(file, lambda content: organisation_files.read_file(content, chosen))
        author = Author(None, datetime.now(UTC))
        with (reading if dry_run else writing)(engine) as connection:
            orgs = [row["org"] for row in registry.list_organisations(connection)]
            checked = organisation_files.check_rows(connection, orgs, rows, chosen, day_of(author.at))
            if not checked.faults and not dry_run:
                organisation_files.store_checked(connection, people, checked, author)
                note(connection, "organisations.import", detail={"changed": checked.changed})
    _end_with_faults(checked.faults, checked.error_file, errors)
    text = "would change {changed}, unchanged {unchanged}" if dry_run else "changed {changed}, unchanged {unchanged}"
    print(say(text, changed=checked.changed, unchanged=checked.unchanged))


def import_map(
    file: Annotated[Path, typer.Argument(help="JSON object: heading of the file, name of the field.")],
    config: ConfigFile,
    kind: Annotated[str, typer.Option(help="medics or organisations.")],
    name: Annotated[str, typer.Option(help="Name of the map.")],
) -> None:
    """Enter a field map, or a newer form of one: which heading of somebody's file is which field."""
    one_of(kind, ("medics", "organisations"), "--kind")
    with plain_errors():
        whole = json.loads(file.read_text(encoding="utf-8-sig"))
        if not isinstance(whole, dict) or not all(isinstance(value, str) for value in whole.values()):
            raise ValueError(f"{file}: a JSON object of texts is needed")
        made = new_map(kind, name, whole)
        _, engine = _registry(config)
        with writing(engine) as connection:
            field_maps.add(connection, made, None, datetime.now(UTC))
            note(connection, "map.add", made.name, detail={"register": kind})
    print(say("map {name} entered", name=made.name))


def _chosen(engine: Engine, kind: str, name: str) -> FieldMap:
    with reading(engine) as connection:
        known = maps_of(connection, kind)
    if not name:
        return next(iter(known.values()))
    if name not in known:
        raise LookupError(f"there is no map {name}; there are: {', '.join(known)}")
    return known[name]


def _rows(file: Path, read: Callable[[bytes], list[_Row]]) -> list[_Row]:
    """Read a file before any transaction. What cannot be taken as a whole ends the command with one line of words."""
    content = file.read_bytes()
    if not content.strip():
        typer.echo(told(f"{file}: it is empty"), err=True)
        raise typer.Exit(1)
    try:
        return read(content)
    except UnreadableTable as error:
        typer.echo(f"{file}: {unreadable_words(error, words.in_use())}", err=True)
        raise typer.Exit(1) from error


def _end_with_faults(faults: tuple[RowFault, ...], made: Callable[[str], bytes], errors: Path | None) -> None:
    for fault in faults:
        what = fault.words(words.in_use())
        typer.echo(say("row {row}, {column}: {what}", row=fault.row, column=fault.column, what=what), err=True)
    if faults:
        if errors is not None:
            errors.write_bytes(made(words.in_use()))
        raise typer.Exit(1)


def _registry(config: Path) -> tuple[Registry, Engine]:
    loaded, engine = open_centre(config)
    return Registry(Outgoing.from_config(loaded), SnilsKey.from_file(loaded.keys.snils_key_file)), engine
