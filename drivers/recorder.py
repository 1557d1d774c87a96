"""Records a session with a real device as a golden transcript, which the contract suite replays without editing.

A transcript is a file of JSON lines: a head (driver, options, unit), the exchanges in their order, the outcome. Personal
fields are covered before anything is written; nothing of it is a log of the exam.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.deadline import MonotonicDeadline
from drivers.errors import DeviceError
from drivers.model import Reading
from drivers.ports import ByteStream, Progress, RegisterBlock, RegisterBus
from drivers.registry import Attached
from drivers.transport.modbus_bus import ModbusBus
from drivers.transport.serial_line import SerialLine

FORM = 1
"""Version of the form of transcripts."""


@dataclass
class Tape:
    """Exchanges in their order: `sent`, `received`, `discarded` for streams; `asked` with its answer for buses.

    Each `asked` says when it was over, in seconds since the beginning: polling is paced by it in a replay.
    """

    exchanges: list[dict[str, Any]] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)

    def note(self, **exchange: Any) -> None:
        if "asked" in exchange:
            exchange["at_s"] = round(time.monotonic() - self.began_s, 4)
        self.exchanges.append(exchange)


class RecordedStream:
    """A `ByteStream` that notes what passes."""

    def __init__(self, stream: ByteStream, tape: Tape) -> None:
        self._stream = stream
        self._tape = tape

    def read(self, size: int = 256) -> bytes:
        received = self._stream.read(size)
        self._tape.note(received=received.hex())
        return received

    def write(self, data: bytes) -> None:
        self._tape.note(sent=data.hex())
        self._stream.write(data)

    def discard_input(self) -> None:
        self._tape.note(discarded=True)
        self._stream.discard_input()


class RecordedBus:
    """A `RegisterBus` that notes requests and answers, failed ones too."""

    def __init__(self, bus: RegisterBus, tape: Tape) -> None:
        self._bus = bus
        self._tape = tape

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        asked = [unit, function, address, count]
        try:
            block = self._bus.read_registers(unit, address, count, function=function, timeout_s=timeout_s)
        except DeviceError as error:
            self._tape.note(asked=asked, failed=[type(error).__name__, error.code])
            raise
        self._tape.note(asked=asked, registers=list(block.registers), reply=block.reply.hex())
        return block

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        asked = [unit, 6, address, value]
        try:
            self._bus.write_register(unit, address, value, timeout_s=timeout_s)
        except DeviceError as error:
            self._tape.note(asked=asked, failed=[type(error).__name__, error.code])
            raise
        self._tape.note(asked=asked)


@dataclass
class _Session:
    """The run of a recording: nobody cancels it, progress is noted."""

    deadline: MonotonicDeadline
    options: Mapping[str, str]
    tape: Tape
    cancelled: bool = False

    def report(self, progress: Progress) -> None:
        self.tape.note(progress=progress.state)

    def pause(self, seconds: float) -> None:
        wait = self.deadline.within(seconds)
        while not wait.expired:
            time.sleep(min(wait.left_s, 0.1))


def record(device: Attached, path: Path, timeout_s: float, run_options: Mapping[str, str]) -> dict[str, Any]:
    """Identify and measure once with a real device and write the transcript; returns its outcome.

    A failed measurement is a transcript too. Raises `Unavailable` when the port cannot be opened, `ValueError` for a
    driver that has no line, `FileExistsError` when the file is there: a recording is never overwritten.
    """
    spec, config = device.spec, device.config
    tape = Tape()
    line: SerialLine | ModbusBus
    if spec.make_serial is not None:
        line = SerialLine(config.port, device.line)
        instrument = spec.make_serial(RecordedStream(line, tape), device.options)
    elif spec.make_modbus is not None:
        line = ModbusBus(config.port, device.line)
        instrument = spec.make_modbus(RecordedBus(line, tape), config.unit, device.options)
    else:
        raise ValueError(f"{spec.name} has no line to record")
    run = _Session(MonotonicDeadline(timeout_s), {**device.options, **run_options}, tape)
    try:
        instrument.identify(MonotonicDeadline(min(timeout_s, 5.0)))
        tape.note(identified=True)
        outcome = outcome_of(instrument.measure(run), device)
    except DeviceError as error:
        outcome = {"failed": type(error).__name__, "code": error.code}
    finally:
        line.close()
    head = {
        "form": FORM,
        "driver": spec.name,
        "unit": config.unit,
        "options": dict(run.options),
        "timeout_s": timeout_s,
    }
    lines = [head, *_covered(tape.exchanges, device), {"outcome": outcome}]
    with path.open("x", encoding="utf-8") as file:
        file.writelines(json.dumps(one) + "\n" for one in lines)
    return outcome


def outcome_of(reading: Reading, device: Attached) -> dict[str, Any]:
    """What a replay must come to again."""
    raw = device.spec.blank(reading.raw)
    return {"values": dict(reading.values), "raw": raw.hex(), "device": dict(reading.device)}


def _covered(exchanges: list[dict[str, Any]], device: Attached) -> list[dict[str, Any]]:
    """Cover personal fields, also those that two reads have cut in two; join empty reads to a count."""
    received = device.spec.blank(b"".join(bytes.fromhex(one["received"]) for one in exchanges if "received" in one))
    covered: list[dict[str, Any]] = []
    at = 0
    for one in exchanges:
        if "received" not in one:
            covered.append(one)
            continue
        size = len(one["received"]) // 2
        if size == 0 and covered and "silent_reads" in covered[-1]:
            covered[-1]["silent_reads"] += 1
        elif size == 0:
            covered.append({"silent_reads": 1})
        else:
            covered.append({"received": received[at : at + size].hex()})
            at += size
    return covered
