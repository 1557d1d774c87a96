"""Plays a golden transcript back to a driver: what was received comes again, in the order of the recording."""

import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers import errors
from drivers.ports import Instrument, RegisterBlock
from drivers.registry import driver
from tests.unit.drivers.virtual_line import Clock, VirtualDeadline, VirtualRun

_SILENT_READ_S = 0.1
_MOST_EXTRA_READS = 50


@dataclass
class Transcript:
    """A recording: who, how, what passed, what came of it."""

    head: dict[str, Any]
    exchanges: deque[dict[str, Any]]
    outcome: dict[str, Any]

    @staticmethod
    def load(path: Path) -> "Transcript":
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return Transcript(lines[0], deque(lines[1:-1]), lines[-1]["outcome"])


@dataclass
class Replay:
    """A stream and a bus at once. A driver that sends something else than in the recording fails the test."""

    exchanges: deque[dict[str, Any]]
    clock: Clock = field(default_factory=Clock)
    extra_reads: int = 0

    def read(self, size: int = 256) -> bytes:
        one = self._head()
        if "received" not in one:
            # The driver was a little earlier or later in its pauses than on that day.
            self._silence()
            return b""
        self.exchanges.popleft()
        received = bytes.fromhex(one["received"])
        if len(received) > size:
            self.exchanges.appendleft({"received": received[size:].hex()})
        return received[:size]

    def _silence(self) -> None:
        self.clock.now_s += _SILENT_READ_S
        self.extra_reads += 1
        if self.exchanges[0].get("silent_reads", 0) > 0:
            self.exchanges[0]["silent_reads"] -= 1
            self.extra_reads = 0
        assert self.extra_reads < _MOST_EXTRA_READS, f"the recording goes on with {self.exchanges[0]}"

    def write(self, data: bytes) -> None:
        sent = self._next("sent")["sent"]
        assert sent == data.hex(), f"the recording sent {sent}, the driver sends {data.hex()}"

    def discard_input(self) -> None:
        self._next("discarded")

    def read_registers(
        self, unit: int, address: int, count: int, *, function: int = 3, timeout_s: float = 0.5
    ) -> RegisterBlock:
        one = self._asked([unit, function, address, count])
        return RegisterBlock(address, tuple(one["registers"]), b"", bytes.fromhex(one["reply"]))

    def write_register(self, unit: int, address: int, value: int, *, timeout_s: float = 0.5) -> None:
        self._asked([unit, 6, address, value])

    def _asked(self, asked: list[int]) -> dict[str, Any]:
        one = self._next("asked")
        assert one["asked"] == asked
        self.clock.now_s = max(self.clock.now_s, one["at_s"])
        if "failed" in one:
            kind, code = one["failed"]
            raise getattr(errors, kind)("as recorded", code=code)
        return one

    def _head(self) -> dict[str, Any]:
        """The next exchange, past notes and used-up silence."""
        while self.exchanges and (
            {"progress", "identified"} & self.exchanges[0].keys() or self.exchanges[0].get("silent_reads") == 0
        ):
            self.exchanges.popleft()
        if not self.exchanges:
            raise errors.NoResponse("the recording is over")
        return self.exchanges[0]

    def _next(self, kind: str) -> dict[str, Any]:
        while "silent_reads" in self._head():
            self.exchanges.popleft()
        one = self.exchanges.popleft()
        assert kind in one, f"the recording has {one}, the driver wants {kind}"
        self.extra_reads = 0
        return one


def replay(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outcome that the driver comes to now, and the recorded one."""
    transcript = Transcript.load(path)
    played = Replay(transcript.exchanges)
    options = transcript.head["options"]
    spec = driver(transcript.head["driver"], options)
    instrument: Instrument
    if spec.make_serial is not None:
        instrument = spec.make_serial(played, options)
    else:
        assert spec.make_modbus is not None
        instrument = spec.make_modbus(played, transcript.head["unit"], options)
    deadline = VirtualDeadline(played.clock, transcript.head["timeout_s"])
    try:
        instrument.identify(deadline)
        reading = instrument.measure(VirtualRun(deadline, options))
    except errors.DeviceError as error:
        return {"failed": type(error).__name__, "code": error.code}, transcript.outcome
    found = {"values": dict(reading.values), "raw": reading.raw.hex(), "device": dict(reading.device)}
    return found, transcript.outcome
