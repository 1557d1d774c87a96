"""`dopusk power-cuts`: builds the disks that a power cut could leave, for every moment of an exam, and opens each."""

import json
from typing import Annotated

import typer

from dopusk.words import say, word


def power_cuts(
    seed: Annotated[int, typer.Option(help="Draws the subsets where they are too many to try all.")] = 7,
    drawn: Annotated[int, typer.Option(min=0, help="Subsets drawn for each moment with many open writes.")] = 6,
    every: Annotated[int, typer.Option(min=1, help="Cut after every so many operations; 1 is all of them.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Replay power cuts over a whole exam at the terminal and over the centre's intake before its receipts.

    What was synced is on each disk; of the rest anything may be: nothing, all, subsets, reordered, torn. Each disk must
    open, verify, and hold everything that had been shown as stored. Exit code 1 if one does not.
    """
    from dopusk.lab.torture.power_cut.replay import replay_centre, replay_terminal

    found = {
        "terminal": replay_terminal(seed=seed, drawn=drawn, every=every),
        "centre": replay_centre(seed=seed, drawn=drawn, every=every),
    }
    if as_json:
        print(json.dumps({name: one.as_fields() for name, one in found.items()}))
    else:
        for name, one in found.items():
            text = "{name}: {operations} writes and syncs, {promises} promises, {disks} disks tried"
            counts = {"operations": one.operations, "promises": one.promises, "disks": one.disks}
            print(say(text, name=word(name), **counts))
            print("  " + ", ".join(f"{variant} {times}" for variant, times in one.by_variant.items()))
            print(
                "  " + say("{count} are NOT in order" if one.faults else "all of them in order", count=len(one.faults))
            )
            for fault in one.faults[:20]:
                print(f"  {say('FAULT {what}', what=fault)}")
    raise typer.Exit(1 if any(one.faults for one in found.values()) else 0)
