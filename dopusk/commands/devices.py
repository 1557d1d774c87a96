"""`dopusk devices` and `dopusk decode`: which drivers there are, and what captured bytes mean to them.

Each prints for people, or JSON with `--json`. What needs a port stands in `dopusk.commands.terminal_devices`.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import reduce
from operator import xor
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from dopusk.told import told
from dopusk.words import say, word
from drivers.config import ConfigError
from drivers.findings import Finding, FrameBroken, to_json
from drivers.modbus_adu import answer_adu, crc16
from drivers.registry import complete_options, driver, drivers, ledger
from drivers.spec import DriverSpec, Transport

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
OptionPairs = Annotated[
    list[str] | None, typer.Option("--option", help="Option of the driver as key=value; may be repeated.")
]
BAD_INPUT = 2
WIDE = 150
"""Columns of a terminal window from which the table shows everything."""


def devices(as_json: AsJson = False) -> None:
    """List the registered drivers: maker, model, what they measure, transport, source, ledger."""
    rows = [_driver_row(name) for name in drivers()]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    console = Console()
    is_wide = console.width >= WIDE
    headings = ["name", "maker", "model", "measures", "line", "medical", *(["to do", "source"] if is_wide else [])]
    table = Table(*map(word, headings), box=None)
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(
            row["name"],
            row["maker"],
            row["model"],
            ", ".join(map(word, row["measures"])),
            word(row["transport"]),
            word("yes" if row["medical_device"] else "no"),
            *([_to_do(row["ledger"]), row["source"]] if is_wide else []),
        )
    console.print(table)
    if not is_wide:
        console.print(say("A wider window also shows what is to do and the sources; --json shows everything."))


def _to_do(rules: Mapping[str, str]) -> str:
    return ", ".join(rule for rule, verdict in rules.items() if verdict.startswith("todo")) or "–"


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
    checksums: Annotated[
        bool, typer.Option("--checksums", help="Print the usual checksums of these bytes instead, for golden frames.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Feed captured bytes to a driver's codec and print what it makes of them, in order, one line each.

    Exit code 0 when every byte was accounted for, 1 when some were no frame, 2 for bad input.
    """
    try:
        given = {**pairs_of(option or []), "session": "yes" if session else "no"}
        spec = driver(name, given)
        options, faults = complete_options(spec, given)
        if faults:
            raise ConfigError(name, faults)
        text = sys.stdin.read() if registers is None and hex_bytes == "-" else hex_bytes
        captured = _bytes_of(text) if registers is None else answer_adu(_words_of(registers))
        if checksums:
            _print_checksums(captured)
            return
        codec = spec.make_codec(options)
    except (ConfigError, ValueError) as error:
        refuse(error)
    findings = codec.feed(captured) + codec.close()
    for finding in findings:
        print(json.dumps(_published(finding, spec), ensure_ascii=False) if as_json else _line(finding))
    if any(isinstance(finding, FrameBroken) for finding in findings):
        raise typer.Exit(1)


def _print_checksums(captured: bytes) -> None:
    """In the order in which they travel; a sum and its complement to 256, both in one byte."""
    total, either = sum(captured) & 0xFF, reduce(xor, captured, 0)
    print(f"CRC-16/MODBUS  {crc16(captured).hex(' ')}")
    print(f"SUM-8          {total:02x}   256 - SUM-8  {-total & 0xFF:02x}")
    print(f"XOR            {either:02x}")


def _published(finding: Finding, spec: DriverSpec) -> dict[str, Any]:
    """The finding as JSON; a measurement names maker and model of the driver where the frame does not."""
    fields: dict[str, Any] = to_json(finding)
    if fields["kind"] == "measurement":
        fields["device"] = {"maker": spec.maker, "model": spec.model, **fields["device"]}
    return fields


def pairs_of(texts: Iterable[str]) -> dict[str, str]:
    """Options from `key=value`. Raises `ValueError` for what is none."""
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
        raise ValueError(f"--hex: {text[:60]!r} is not hexadecimal") from error


def _words_of(text: str) -> list[int]:
    try:
        words = [int(part, 0) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ValueError(f"--registers: {text[:60]!r} is no number") from error
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


def refuse(error: Exception) -> NoReturn:
    """Tell what is wrong with the input, one fault a line, and end with exit code 2."""
    for fault in error.faults if isinstance(error, ConfigError) else [str(error)]:
        print(told(fault), file=sys.stderr)
    raise typer.Exit(BAD_INPUT)
