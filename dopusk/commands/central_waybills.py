"""`dopusk central waybills …`: electronic waybills from the command line: list what waits for whom, check a title by its schema."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from central.core.days import day_of
from central.partners.medic_titles import FORMS, check_title
from central.partners.waybill_xml import WaybillFault
from central.store import registry, waybill_list
from central.store.engine import reading
from central.store.waybill_list import waits_for
from central.words.texts import text
from dopusk import words
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.words import say

app = typer.Typer(no_args_is_help=True, help="Electronic waybills: list files and titles, check a title.")


@app.command("list")
def list_waybills(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Show the newest files of carriers, what became of each, and who must act."""
    today = day_of(datetime.now(UTC))
    with plain_errors():
        _, engine = open_centre(config)
        with reading(engine) as connection:
            orgs = [row["org"] for row in registry.list_organisations(connection)]
            rows = waybill_list.listed(connection, orgs)
    found = [
        {
            "file": row.file_id,
            "title": row.title_file_id or "",
            "state": row.title_state or row.state,
            "fault": row.fault,
            "waits_for": waits_for(row, today),
        }
        for row in rows
    ]
    if as_json:
        print(json.dumps({"waybills": found}, ensure_ascii=False))
        return
    for one in found:
        state = text(words.in_use(), f"waybill.state.{one['state']}")
        waits = text(words.in_use(), f"waybill.waits.{one['waits_for']}")
        print(f"{one['file']}  {state}  {waits}")
        if one["fault"]:
            print("    " + text(words.in_use(), f"waybill.fault.{one['fault']}"))
    if not found:
        print(say("there are no waybills"))


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="A title of a medic, T2 or T6.")]) -> None:
    """Check a title by the schema of its format, and its file name. Exit code 1 for a title that is not valid."""
    with plain_errors():
        content = file.read_bytes()
        title = next((name for name, form in FORMS.items() if file.name.startswith(form.prefix + "_")), None)
        if title is None:
            raise ValueError(f"{file}: the name of a title begins with ON_PTLSPRMO_ or ON_PTLSPOSMO_")
    try:
        check_title(content, title, file.stem)
    except WaybillFault as fault:
        typer.echo(f"{file}: {text(words.in_use(), f'waybill.fault.{fault.code}')} {fault.detail}", err=True)
        raise typer.Exit(1) from fault
    print(say("{title} is valid: {file}", title=title, file=file))
