"""Mutation fuzzing of codecs: one fault of a line per frame, an intact frame behind it.

A checksum of one byte cannot find every storm of faults, but it finds each single one: a flipped bit, a wrong, lost or
doubled byte, a frame that stops in the middle. So with one fault per frame no other value may ever come out where the
protocol has a checksum; where it has none, the share that slips through is counted and printed.
"""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.findings import MeasurementFound, Rejected
from drivers.model import Value
from drivers.registry import complete_options, driver

FAULTS = ("flip", "wrong", "lost", "inserted", "cut", "twice", "garbage")


@dataclass(frozen=True, slots=True)
class GoldenFrame:
    """A published frame and what it means."""

    driver: str
    data: bytes
    options: dict[str, str]
    finds: list[dict[str, Any]]
    is_result: bool


@dataclass
class Fuzzed:
    """What became of the mutated frames of one driver."""

    driver: str
    frames: int = 0
    unchanged: int = 0
    """Mutated frames that still gave the true value: the fault did not touch it."""
    refused: int = 0
    wrong: int = 0
    """Other values that were accepted."""
    examples: list[str] = field(default_factory=list)

    @property
    def wrong_share(self) -> float:
        return self.wrong / self.frames if self.frames else 0.0


def golden_frames(path: Path) -> list[GoldenFrame]:
    """Read `frames.toml`."""
    return [
        GoldenFrame(
            driver=one["driver"],
            data=one["text"].encode("ascii") if "text" in one else bytes.fromhex(one["hex"]),
            options=one.get("options", {}),
            finds=one["finds"],
            is_result=one.get("result", False),
        )
        for one in tomllib.loads(path.read_text("utf-8"))["frame"]
    ]


def mutate(frame: bytes, fault: str, chance: random.Random) -> bytes:
    """The frame with one fault of a line."""
    at = chance.randrange(len(frame))
    match fault:
        case "flip":
            return frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]
        case "wrong":
            return frame[:at] + bytes([(frame[at] + chance.randrange(1, 256)) % 256]) + frame[at + 1 :]
        case "lost":
            return frame[:at] + frame[at + 1 :]
        case "inserted":
            return frame[:at] + chance.randbytes(1) + frame[at:]
        case "cut":
            return frame[:at]
        case "twice":
            return frame + frame
        case "garbage":
            return chance.randbytes(chance.randrange(1, 8)) + frame
        case unknown:
            raise ValueError(f"unknown fault {unknown!r}")


def fuzz(frames: Sequence[GoldenFrame], count: int, seed: int) -> Fuzzed:
    """Feed `count` mutated frames of one driver, each to a fresh codec, an intact frame behind it."""
    chance = random.Random(seed)  # noqa: S311 (faults of a line need no secrecy)
    result = Fuzzed(frames[0].driver)
    for number in range(count):
        golden = frames[number % len(frames)]
        spec = driver(golden.driver)
        options, _ = complete_options(spec, golden.options)
        codec = spec.make_codec(options)
        damaged = mutate(golden.data, FAULTS[number % len(FAULTS)], chance)
        findings = codec.feed(damaged) + codec.feed(golden.data) + codec.close()
        values = [dict(one.reading.values) for one in findings if isinstance(one, MeasurementFound)]
        _count(result, values, golden, damaged, refused=any(isinstance(one, Rejected) for one in findings))
    return result


def _count(
    result: Fuzzed, values: list[dict[str, Value]], golden: GoldenFrame, damaged: bytes, *, refused: bool
) -> None:
    true_values = golden.finds[0]
    result.frames += 1
    others = [one for one in values if one != true_values]
    if others:
        result.wrong += 1
        if len(result.examples) < 5:
            result.examples.append(f"{damaged.hex(' ')} -> {others[0]}")
    elif len(values) > 1:
        result.unchanged += 1
    elif refused or len(values) <= 1:
        result.refused += 1
