"""All benchmarks by name. Each reports figures one by one, so that a long run shows what it is at."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dopusk.bench import centre, devices, face, kiosk, store
from dopusk.bench.fuzz import golden_frames

Report = Callable[[str, float, str], None]
Section = Callable[..., None]

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden" / "frames.toml"


def _devices(report: Report, *, long: bool) -> None:
    """Codecs against their lines, idle and streaming devices, last byte to message, mutated frames."""
    frames = golden_frames(GOLDEN)
    for name, value in _flat(devices.run(frames, 1_000_000 if long else 20_000)):
        report(f"devices.{name}", value, "")


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
}
