"""`dopusk central gates …`: gates and the log of passages from the command line."""

import json
from typing import Annotated

import typer

from central.store import gate_passages, registry
from central.store.engine import reading
from central.words.texts import text
from dopusk import words
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.words import say
from sync.contract.model import utc_text

app = typer.Typer(no_args_is_help=True, help="Gates: the log of passages.")


@app.command("list")
def list_passages(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Show the newest requests of gates, the answers, and what became of openings. No names."""
    with plain_errors():
        _, engine = open_centre(config)
        with reading(engine) as connection:
            orgs = [row["org"] for row in registry.list_organisations(connection)]
            rows = gate_passages.listed(connection, orgs)
            openings = gate_passages.openings(connection)
    found = [
        {"at": utc_text(row.asked_at), "gate": row.gate, "answer": row.answer, "state": row.state, "words": row.words}
        for row in rows
    ]
    if as_json:
        print(json.dumps({"openings": openings, "passages": found}, ensure_ascii=False))
        return
    for one in found:
        answer, state = (text(words.in_use(), f"gate.{kind}.{one[kind]}") for kind in ("answer", "state"))
        print(f"{one['at']}  {one['gate']}  {answer}  {state}")
    if not found:
        print(say("there are no passages"))
