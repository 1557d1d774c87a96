"""Small charts of a worker's last exams with the personal corridor, as geometry for SVG. Pure; nothing is made up:
an exam without a value leaves a gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from statistics import median
from typing import Any

from central.words import exam_view, wording
from central.words.exam_view import Payload
from central.words.table_values import Side

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
    points: tuple[tuple[float, float, str], ...]
    """Place, and in words when it was measured, how much it was, and whether it lay outside the limits of its exam."""
    out: tuple[bool, ...]
    """Of each point: whether it lay outside the limits of its exam."""
    lines: tuple[str, ...]
    corridor: tuple[float, float] | None
    corridor_text: tuple[str, str] | None
    limit_y: tuple[float, ...]
    scale: tuple[str, str]
    """The values at the upper and the lower edge."""
    days: tuple[str, str]
    """The first day and the last."""
    last: str
    side: str
    count: int
    has_present: bool


def charts_of(before: Sequence[Payload], present: Payload, language: str, zone: tzinfo) -> list[Chart]:
    """Charts of the quantities that occur at least twice, oldest exam first."""
    rows = [_last_values(payload) for payload in before] + [_last_values(present)]
    limits = exam_view.limits_by_parameter(present)
    moments = [wording.moment(wording.parse(payload["finished_at"]), zone) for payload in (*before, present)]
    judged = [exam_view.limits_by_parameter(payload) for payload in (*before, present)]
    made = []
    for name in CHARTED:
        values = [row.get(name) for row in rows]
        sides: list[Side] = [
            "" if value is None else exam_view.side_of(value, limit.get(name))
            for value, limit in zip(values, judged, strict=True)
        ]
        made.append(_chart(name, values, sides, moments, limits.get(name), language))
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


def _chart(
    name: str,
    values: Sequence[float | None],
    sides: Sequence[Side],
    moments: Sequence[str],
    limit: Any,
    language: str,
) -> Chart | None:
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
    unit = wording.unit(name, language)

    def words(value: float) -> str:
        return wording.quantity(name, _tidy(name, value), language)

    measured = [at for at, value in zip(moments, values, strict=True) if value is not None]
    return Chart(
        name=name,
        label=wording.quantity_name(name, language),
        unit=unit,
        points=tuple(
            (*place, _said(f"{at}: {words(value)} {unit}".strip(), exam_view.side_words(name, side, language)))
            for place, at, value, side in zip(places, moments, values, sides, strict=True)
            if place is not None and value is not None
        ),
        out=tuple(bool(side) for value, side in zip(values, sides, strict=True) if value is not None),
        lines=tuple(_runs(places)),
        corridor=(y(corridor[1]), y(corridor[0])) if corridor else None,
        corridor_text=(words(corridor[0]), words(corridor[1])) if corridor else None,
        limit_y=tuple(y(bound) for bound in bounds),
        scale=("" if high == low else words(high), words(low)),
        days=(_day(measured[0]), _day(measured[-1])),
        last="—" if present is None else words(present),
        side="" if present is None else exam_view.side_of(present, limit),
        count=len(known),
        has_present=present is not None,
    )


def _said(measured: str, side: str) -> str:
    return f"{measured}, {side}" if side else measured


def _day(moment: str) -> str:
    """`19.11.26` of `19.11.2026 06:07`: there is little room."""
    return f"{moment[:6]}{moment[8:10]}"


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


BAR_WIDTH, BAR_HEIGHT = 320.0, 38.0
"""Of a picture of bars: its width, and the height of one bar with its label above it."""
MOST_BARS = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: its label, and how far the shorter and the longer span reach. Coordinates in a box of `BAR_WIDTH`."""

    label: str
    y: float
    median: float
    most: float


@dataclass(frozen=True, slots=True)
class Bars:
    """Spans of time beside each other on one scale. `longest_s`: what the full width stands for."""

    bars: tuple[Bar, ...]
    height: float
    longest_s: float


def bars_of(rows: Sequence[tuple[str, float | None, float | None]]) -> Bars | None:
    """Bars of label, median and 90th percentile in seconds, the first `MOST_BARS`; rows without values are left out."""
    known = [(label, low, high) for label, low, high in rows if low is not None and high is not None][:MOST_BARS]
    if not known:
        return None
    longest = max(high for _, _, high in known) or 1.0

    def width(value: float) -> float:
        return round(value / longest * BAR_WIDTH, 1)

    made = tuple(
        Bar(label, place * BAR_HEIGHT, width(low), width(high)) for place, (label, low, high) in enumerate(known)
    )
    return Bars(made, len(made) * BAR_HEIGHT, longest)
