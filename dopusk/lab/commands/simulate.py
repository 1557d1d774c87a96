"""`dopusk simulate`: one simulated device on a real line, for any program to be tried against."""

import json
import signal
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from dopusk.commands.choices import one_of
from dopusk.told import told
from dopusk.words import say
from simulators.bench import Bench
from simulators.catalogue import catalogue
from simulators.control import Control
from simulators.lines import SITUATIONS


def simulate(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Name of a driver; `list` shows all with scenarios.")],
    scenario: Annotated[str, typer.Option(help="Named situation of the device or of its line.")] = "normal",
    transport: Annotated[str, typer.Option(help="pty (pseudo-terminal) or tcp.")] = "pty",
    speed: Annotated[float, typer.Option(help="How many times faster than real.")] = 1.0,
    folder: Annotated[Path | None, typer.Option(help="Where to put the link to the pseudo-terminal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Run a simulated device until it is interrupted; the first line of output is the port to use."""
    if device == "list":
        _list(as_json)
        return
    one_of(device, catalogue(), "DEVICE")
    one_of(scenario, [*sorted(catalogue()[device].SCENARIOS), *SITUATIONS], "--scenario")
    one_of(transport, ("pty", "tcp"), "--transport")
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dopusk-simulate-")))
        try:
            bench = stack.enter_context(Bench(place, speed))
            bench.add(device, device, scenario=scenario, transport=transport)
        except ValueError as error:
            typer.echo(told(str(error)), err=True)
            raise typer.Exit(2) from error
        _run(bench, device, place / f"{device}.control", as_json)


def _run(bench: Bench, device: str, control_path: Path, as_json: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    control = Control(bench, control_path)
    bench.start()
    control.start()
    if as_json:
        print(json.dumps({"port": bench.port(device), "control": str(control.path)}), flush=True)
    else:
        print(bench.port(device), flush=True)
        print(say("control: {path}", path=control.path), flush=True)
    stop.wait()
    control.close()


def _list(as_json: bool) -> None:
    known = {name: sorted(model.SCENARIOS) for name, model in catalogue().items()}
    if as_json:
        print(json.dumps({"devices": known, "lines": list(SITUATIONS)}))
        return
    for name, scenarios in known.items():
        print(f"{name}: {', '.join(scenarios)}")
    print(say("every line: {names}", names=f"{', '.join(SITUATIONS)}, unplug"))
