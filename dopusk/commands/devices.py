"""Commands around devices for the service engineer: list, decode, check, find, record.

The functions are registered by `dopusk.cli`; each prints for people, or JSON with `--json`.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from drivers.config import ConfigError, DeviceConfig, load_devices
from drivers.discovery import discover
from drivers.errors import DeviceError
from drivers.findings import Finding, FrameBroken, to_json
from drivers.inspection import Inspected, inspect
from drivers.modbus_adu import answer_adu
from drivers.recorder import record as record_session
from drivers.registry import attach, complete_options, driver, drivers, ledger
from drivers.spec import Transport
from drivers.transport.ports import present_ports

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
OptionPairs = Annotated[
    list[str] | None, typer.Option("--option", help="Option of the driver as key=value; may be repeated.")
]
_BAD_INPUT = 2


def devices(as_json: AsJson = False) -> None:
    """List the registered drivers: maker, model, what they measure, transport, source, ledger."""
    rows = [_driver_row(name) for name in drivers()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("name", "maker", "model", "measures", "transport", "medical", "to do", "source", box=None)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(
            row["name"],
            row["maker"],
            row["model"],
            ", ".join(row["measures"]),
            row["transport"],
            "yes" if row["medical_device"] else "no",
            ", ".join(rule for rule, verdict in row["ledger"].items() if verdict.startswith("todo")) or "–",
            row["source"],
        )
    Console().print(table)


def _driver_row(name: str) -> dict[str, Any]:
    spec = driver(name)
    return {
        "name": spec.name,
        "maker": spec.maker,
        "model": spec.model,
        "measures": [str(one) for one in spec.measures],
        "transport": str(spec.transport),
        "source": spec.source,
        "medical_device": spec.medical_device,
        "line": asdict(spec.line) if spec.transport is not Transport.MANUAL else None,
        "options": {key: asdict(option) for key, option in spec.options.items()},
        "ledger": dict(ledger(name)),
    }


def decode(
    name: Annotated[str, typer.Argument(metavar="DRIVER", help="Name of a driver, see `dopusk devices`.")],
    hex_bytes: Annotated[
        str,
        typer.Option("--hex", metavar="BYTES", help="Captured bytes in hexadecimal; - reads them from standard input."),
    ] = "-",
    registers: Annotated[
        str | None, typer.Option(help="Register values of one Modbus answer instead of bytes, decimal or 0x….")
    ] = None,
    option: OptionPairs = None,
    session: Annotated[
        bool, typer.Option("--session/--no-session", help="Whether the bytes answer a start of ours.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Feed captured bytes to a driver's codec and print what it makes of them, in order, one line each.

    Exit code 0 when every byte was accounted for, 1 when some were no frame, 2 for bad input.
    """
    try:
        given = {**_pairs(option or []), "session": "yes" if session else "no"}
        spec = driver(name, given)
        options, faults = complete_options(spec, given)
        if faults:
            raise ConfigError(name, faults)
        text = sys.stdin.read() if registers is None and hex_bytes == "-" else hex_bytes
        captured = _bytes_of(text) if registers is None else answer_adu(_words_of(registers))
        codec = spec.make_codec(options)
    except (ConfigError, ValueError) as error:
        _refuse(error)
    findings = codec.feed(captured) + codec.close()
    for finding in findings:
        print(json.dumps(to_json(finding), ensure_ascii=False) if as_json else _line(finding))
    if any(isinstance(finding, FrameBroken) for finding in findings):
        raise typer.Exit(1)


def check(
    config: Annotated[Path, typer.Option(help="The configuration of devices.")] = Path("devices.toml"),
    as_json: AsJson = False,
) -> None:
    """Check each configured device: found, identity, self-test, verification. Measures nobody.

    Exit code 0 when all may measure, 1 otherwise, 2 for a configuration that must not start.
    """
    sick = False
    rows: list[dict[str, Any]] = []
    today = datetime.now(UTC).astimezone().date()
    try:
        configured = load_devices(config)
        for number, found in enumerate(inspect(configured, today), start=1):
            sick = sick or bool(found.problem)
            rows.append(asdict(found))
            if not as_json:
                print(f"[{number}/{len(configured)}] {_inspected_line(found)}", flush=True)
    except ConfigError as error:
        _refuse(error)
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    if sick:
        raise typer.Exit(1)


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
            print(f"{one.url}: {one.description}, USB {one.usb_id or '–'}, serial {one.serial_number or '–'}")
    rows: list[dict[str, Any]] = []
    for found in discover(ports, only or (), units=unit or (1,)):
        rows.append(asdict(found))
        if not as_json:
            who = found.problem if found.identity is None else f"{found.identity.maker} {found.identity.model}"
            print(f"{found.port}: {found.driver}: {who}", flush=True)
    if as_json:
        print(json.dumps({"ports": [asdict(one) for one in present], "found": rows}, ensure_ascii=False, indent=2))
    elif not rows:
        print("No device answered. Devices that only talk while somebody measures cannot be asked.")


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
        spec = driver(name, _pairs(option or []))
        config = DeviceConfig(
            id="recorded", driver=name, measures=spec.measures[0], port=port, unit=unit, options=_pairs(option or [])
        )
        out.parent.mkdir(parents=True, exist_ok=True)
        outcome = record_session(attach([config])[0], out, timeout_s, {})
    except (ConfigError, ValueError, DeviceError, FileExistsError) as error:
        _refuse(error)
    print(json.dumps(outcome, ensure_ascii=False))


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    wrong = [key for key, equals, _ in pairs if not equals]
    if wrong:
        raise ValueError(f"--option {wrong[0]}: write it as key=value")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _bytes_of(text: str) -> bytes:
    """Bytes from hexadecimal text; spaces, line ends, commas, colons and 0x are allowed."""
    plain = text.replace("0x", " ").replace("0X", " ").replace(",", " ").replace(":", " ")
    try:
        return bytes.fromhex("".join(part.zfill(2) if len(part) == 1 else part for part in plain.split()))
    except ValueError as error:
        raise ValueError(f"--hex: {text[:60]!r} is not hexadecimal ({error})") from error


def _words_of(text: str) -> list[int]:
    try:
        words = [int(part, 0) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ValueError(f"--registers: {error}") from error
    if not words or not all(0 <= word <= 0xFFFF for word in words):
        raise ValueError("--registers: needs values from 0 to 65535")
    return words


def _line(finding: Finding) -> str:
    form = to_json(finding)
    kind = form.pop("kind")
    parts: list[str] = []
    for key, value in form.items():
        if isinstance(value, dict):
            parts += [f"{name}={one}" for name, one in value.items()]
        else:
            parts.append(f"{key}={value}")
    return f"{kind}: {', '.join(parts)}"


def _inspected_line(found: Inspected) -> str:
    who = "not found"
    if found.identity is not None:
        serial = found.identity.serial_number or "unknown"
        who = f"{found.identity.maker} {found.identity.model}, serial {serial} (from {found.identity.serial_source})"
    left = found.verification_days_left
    verified = "no verification date" if left is None else f"verified until {found.verified_until} ({left} days left)"
    verdict = "ready" if not found.problem else f"{found.code}: {found.problem} [{found.act} must act]"
    return (
        f"{found.device_id} ({found.driver}) on {found.port}: {who}; self-test {found.self_test}; {verified}; {verdict}"
    )


def _refuse(error: Exception) -> NoReturn:
    faults = error.faults if isinstance(error, ConfigError) else [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    raise typer.Exit(_BAD_INPUT)
