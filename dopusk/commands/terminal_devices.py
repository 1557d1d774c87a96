"""`dopusk terminal devices …`: the service engineer's tools that open ports. None of them measures anybody unasked."""

import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dopusk.commands.devices import AsJson, OptionPairs, pairs_of, refuse
from dopusk.commands.terminal import refuse as refuse_configuration
from dopusk.told import told
from dopusk.words import say, word
from drivers.config import ConfigError, DeviceConfig, load_devices
from drivers.discovery import discover
from drivers.errors import DeviceError
from drivers.inspection import Inspected, inspect
from drivers.recorder import record as record_session
from drivers.registry import attach, driver
from drivers.transport.ports import present_ports
from terminal.config import load_config

app = typer.Typer(no_args_is_help=True, help="The devices of this terminal: check, find, record.")


@app.command()
def check(
    config: Annotated[
        Path,
        typer.Option(
            "--config", "-c", help="terminal.toml, or a file of devices alone.", envvar="DOPUSK_TERMINAL_CONFIG"
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Check each configured device: found, identity, self-test, verification. Measures nobody.

    Exit code 0 when all may measure, 1 otherwise, 2 for a configuration that must not start.
    """
    sick = False
    rows: list[dict[str, Any]] = []
    today = datetime.now(UTC).astimezone().date()
    try:
        configured = _configured(config)
        for number, found in enumerate(inspect(configured, today), start=1):
            sick = sick or bool(found.problem)
            rows.append(asdict(found))
            if not as_json:
                print(f"[{number}/{len(configured)}] {_inspected_line(found)}", flush=True)
    except ConfigError as error:
        refuse_configuration(ConfigError(str(config), error.faults))
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    if sick:
        raise typer.Exit(1)


@app.command()
def find(
    port: Annotated[list[str] | None, typer.Option(help="Port to look at; default: all of this machine.")] = None,
    only: Annotated[list[str] | None, typer.Option("--driver", help="Ask with these drivers only.")] = None,
    unit: Annotated[list[int] | None, typer.Option(help="Modbus units to ask; default 1.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find out which device sits on which port, by harmless questions: nothing is ever started."""
    present = present_ports()
    ports = port or [one.url for one in present]
    if not as_json:
        for one in present:
            text = "{url}: {description}, USB {usb}, serial {serial}"
            print(
                say(
                    text,
                    url=one.url,
                    description=one.description,
                    usb=one.usb_id or "–",
                    serial=one.serial_number or "–",
                )
            )
    rows: list[dict[str, Any]] = []
    for name in only or ():
        driver(name)
    for found in discover(ports, only or (), units=unit or (1,)):
        rows.append(asdict(found))
        if not as_json:
            who = told(found.problem) if found.identity is None else f"{found.identity.maker} {found.identity.model}"
            print(f"{found.port}: {found.driver}: {who}", flush=True)
    if as_json:
        print(json.dumps({"ports": [asdict(one) for one in present], "found": rows}, ensure_ascii=False, indent=2))
    elif not rows:
        print(say("No device answered. Devices that only talk while somebody measures cannot be asked."))


@app.command()
def record(
    name: Annotated[str, typer.Argument(metavar="DRIVER", help="Name of a driver, see `dopusk devices`.")],
    port: Annotated[str, typer.Argument(help="Port of the device.")],
    out: Annotated[Path, typer.Option(help="File to write, for instance tests/golden/DRIVER/first-visit.jsonl.")],
    option: OptionPairs = None,
    unit: Annotated[int, typer.Option(help="Modbus unit.")] = 1,
    timeout_s: Annotated[float, typer.Option(help="Longest time of the measurement.")] = 180.0,
) -> None:
    """Measure once with a real device and write the session as a golden transcript, which becomes a test as it is."""
    try:
        spec = driver(name, pairs_of(option or []))
        config = DeviceConfig(
            id="recorded", driver=name, measures=spec.measures[0], port=port, unit=unit, options=pairs_of(option or [])
        )
        out.parent.mkdir(parents=True, exist_ok=True)
        outcome = record_session(attach([config])[0], out, timeout_s, {})
    except (ConfigError, ValueError, DeviceError, FileExistsError) as error:
        refuse(error)
    print(json.dumps(outcome, ensure_ascii=False))


def _configured(path: Path) -> Sequence[DeviceConfig]:
    """The devices of a terminal's configuration, or of a file that holds nothing but devices. Raises `ConfigError`."""
    try:
        names = set(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [str(error)]) from error
    return load_devices(path) if names <= {"device"} else load_config(path).device


def _inspected_line(found: Inspected) -> str:
    who = say("not found")
    if (identity := found.identity) is not None:
        text = "{maker} {model}, serial {serial} ({source})"
        serial, source = identity.serial_number or say("unknown"), word(f"from {identity.serial_source}")
        who = say(text, maker=identity.maker, model=identity.model, serial=serial, source=source)
    left, verified = found.verification_days_left, say("no verification date")
    if left is not None:
        text = "verified until {day} ({left} days left)" if left >= 0 else "verification ended on {day}"
        verified = say(text, day=found.verified_until, left=left)
    verdict = say("ready")
    if found.problem:
        verdict = f"{found.code}: {told(found.problem)} ({word(f'{found.act} must act')})"
    text = "{device} ({driver}) on {port}: {who}; self-test {tested}; {verified}; {verdict}"
    return say(
        text,
        device=found.device_id,
        driver=found.driver,
        port=found.port or "–",
        who=who,
        tested=word(found.self_test),
        verified=verified,
        verdict=verdict,
    )
