"""`dopusk torture`: kills, starves and cuts off real processes under load, then counts lost and doubled exams."""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dopusk.commands.choices import one_of
from dopusk.lab.broker import BrokerError
from dopusk.lab.left_behind import nothing_left_behind
from dopusk.told import error_words, told
from dopusk.words import say


def torture(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of about a second, with three to four kills each.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed draws the same faults at the same moments.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    keep: Annotated[Path | None, typer.Option(help="A new folder that is kept, with all stores and logs.")] = None,
    store: Annotated[
        str, typer.Option(help="The centre's store: sqlite or postgresql (Debian's, started for it).")
    ] = "sqlite",
) -> None:
    """Two terminals, two ingest workers and a broker: SIGKILL, SIGSTOP, lost memory, cut wires, full disks, jumping clocks.

    Exit code 1 if an exam that was shown as stored is lost or doubled, or a chain does not hold.
    """
    from dopusk.lab.postgres import fresh_database, running_postgres
    from dopusk.lab.torture.run import run

    one_of(store, ("sqlite", "postgresql"), "--store")
    if keep is not None and keep.exists():
        raise typer.BadParameter(f"{keep} exists already", param_hint="--keep")
    try:
        with contextlib.ExitStack() as stack:
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="dopusk-torture-"))
            stack.enter_context(nothing_left_behind(Path(scratch)))
            store_url = "sqlite:///central.db"
            if store == "postgresql":
                store_url = fresh_database(stack.enter_context(running_postgres()), "torture")
            outcome = run(keep or Path(scratch) / "stage", rounds=rounds, seed=seed, store_url=store_url)
    except (BrokerError, OSError, RuntimeError) as error:
        typer.echo(say("the stage could not be built: {error}", error=error_words(error)), err=True)
        raise typer.Exit(2) from error
    if as_json:
        print(json.dumps(outcome.as_fields(), ensure_ascii=False))
    else:
        text = "{rounds} rounds, {kills} kills, {seconds} s: {exams} exams shown as stored"
        print(say(text, rounds=outcome.rounds, kills=outcome.kills, seconds=outcome.seconds, exams=outcome.exams))
        print(", ".join(f"{name} {times}" for name, times in outcome.by_fault.items()))
        chains = say("in order" if outcome.chain_ok else "BROKEN")
        print(
            say(
                "lost {lost}, doubled {doubled}, chains {chains}",
                lost=outcome.lost,
                doubled=outcome.doubled,
                chains=chains,
            )
        )
        for fault in outcome.faults:
            print(say("FAULT {what}", what=told(str(fault))))
    raise typer.Exit(0 if outcome.ok else 1)
