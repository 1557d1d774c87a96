"""All benchmarks by name. Each reports figures one by one, so that a long run shows what it is at."""

from collections.abc import Callable, Mapping
from typing import Any

from dopusk.checkout import FOLDER, need_checkout
from dopusk.lab.bench import centre, click, console, devices, face, kiosk, roster, store
from dopusk.lab.bench.durable import durable_commit
from dopusk.lab.bench.fuzz import golden_frames

Report = Callable[[str, float, str], None]
Section = Callable[..., None]

FUZZED_FRAMES = 1_000_000
"""Damaged frames per driver."""
GOLDEN = FOLDER / "tests" / "golden" / "frames.toml"


def _devices(report: Report, *, long: bool) -> None:
    """Codecs against their lines, idle and streaming devices, last byte to committed event, a million damaged frames each."""
    frames = golden_frames(need_checkout(GOLDEN))
    for name, value in _flat(devices.codec_speed(frames)):
        if name.endswith("times_the_line"):
            report(f"devices.codec.{name}", value, "x")
    for name, value in _flat(devices.processor_share()):
        report(f"devices.processor_share.{name}", value, "of a core")
    with durable_commit() as commit:
        for name, value in _flat(devices.result_latency(commit=commit)):
            report(f"devices.last_byte_to_commit.{name}", value, "")
    for driver in sorted({frame.driver for frame in frames if frame.is_result}):
        own = [frame for frame in frames if frame.driver == driver]
        for fuzzed in devices.fuzz_all(own, FUZZED_FRAMES):
            report(f"devices.fuzz.{driver}.wrong_share", fuzzed.wrong_share, f"of {fuzzed.frames} damaged frames")


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    rows: list[tuple[str, float]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            rows.append((f"{prefix}{name}", float(value)))
    return rows


SECTIONS: dict[str, Section] = {
    "kiosk": kiosk.run,
    "devices": _devices,
    "face": face.run,
    "store": store.run,
    "centre": centre.run,
    "console": console.run,
    "click": click.run,
    "roster": roster.run,
}
