"""Small charts of a worker's last exams with the personal corridor, as geometry for SVG. Pure; nothing is made up:
an exam without a value leaves a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from central.console import exam_view, wording
from central.console.exam_view import Payload

WIDTH, HEIGHT, PAD = 220.0, 56.0, 6.0
MIN_FOR_CORRIDOR = 5
"""With fewer earlier values there is no corridor: it would say nothing about this worker."""
CHARTED = ("systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "temperature_celsius", "breath_alcohol_mg_per_l")


@dataclass(frozen=True, slots=True)
class Chart:
    """One quantity over time. Coordinates in the box `WIDTH` × `HEIGHT`; the last point is the present exam."""

    name: str
    label: str
    unit: str
    points: tuple[tuple[float, float], ...]
    lines: tuple[str, ...]
    corridor: tuple[float, float] | None
    corridor_text: tuple[str, str] | None
    limit_y: tuple[float, ...]
    last: str
    side: str
    count: int
    has_present: bool


def charts_of(before: Sequence[Payload], present: Payload, language: str) -> list[Chart]:
    """Charts of the quantities that occur at least twice, oldest exam first."""
    rows = [_last_values(payload) for payload in before] + [_last_values(present)]
    limits = exam_view.limits_by_parameter(present)
    made = [_chart(name, [row.get(name) for row in rows], limits.get(name), language) for name in CHARTED]
    return [chart for chart in made if chart is not None]


def corridor_of(values: Sequence[float]) -> tuple[float, float] | None:
    """Median ± 3 times the median absolute deviation of earlier values: one odd day does not move it. None when too few."""
    if len(values) < MIN_FOR_CORRIDOR:
        return None
    middle = float(median(values))
    spread = median(abs(value - middle) for value in values) * 1.4826
    return middle - 3 * spread, middle + 3 * spread


def _last_values(payload: Payload) -> dict[str, float]:
    found: dict[str, float] = {}
    for item in sorted(payload.get("measurements", ()), key=lambda entry: str(entry["at"])):
        found |= {name: float(value) for name, value in item["values"].items() if isinstance(value, int | float)}
    return found


def _chart(name: str, values: Sequence[float | None], limit: Any, language: str) -> Chart | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    corridor = corridor_of([value for value in values[:-1] if value is not None])
    if name == "breath_alcohol_mg_per_l":
        corridor = None
    bounds = [float(limit[end]) for end in ("low", "high") if limit and limit.get(end) is not None]
    low: float = min([*known, *bounds, *(corridor or ())])
    high: float = max([*known, *bounds, *(corridor or ())])
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return float(round(HEIGHT - PAD - (value - low) / span * (HEIGHT - 2 * PAD), 1))

    step = (WIDTH - 2 * PAD) / max(1, len(values) - 1)
    places = [None if value is None else (round(PAD + step * index, 1), y(value)) for index, value in enumerate(values)]
    present = values[-1]
    return Chart(
        name=name,
        label=wording.quantity_name(name, language),
        unit=wording.unit(name, language),
        points=tuple(place for place in places if place is not None),
        lines=tuple(_runs(places)),
        corridor=(y(corridor[1]), y(corridor[0])) if corridor else None,
        corridor_text=(
            (
                wording.quantity(name, _tidy(name, corridor[0]), language),
                wording.quantity(name, _tidy(name, corridor[1]), language),
            )
            if corridor
            else None
        ),
        limit_y=tuple(y(bound) for bound in bounds),
        last="—" if present is None else wording.quantity(name, _tidy(name, present), language),
        side="" if present is None else exam_view.side_of(present, limit),
        count=len(known),
        has_present=present is not None,
    )


def _tidy(name: str, value: float) -> float | int:
    return value if name in wording.DECIMALS else round(value)


def _runs(places: Sequence[tuple[float, float] | None]) -> list[str]:
    """Polylines of neighbouring points; a gap in the measurements is a gap in the line."""
    runs: list[list[str]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(f"{place[0]},{place[1]}")
    return [" ".join(run) for run in runs if len(run) > 1]
