"""What an exam says of breath for papers and pages: the highest value, both limits, when the second breath came. Pure."""

from collections.abc import Mapping
from typing import Any

from central.papers.written import Breath
from central.words import wording
from central.words.texts import text
from sync.contract.limits import ALCOHOL
from sync.contract.second_breath import EARLIEST_MIN, LATEST_MIN, second_breath


def breath_of(payload: Mapping[str, Any], examination: float) -> Breath:
    """`examination`: the limit of a medical examination, mg/L. The limit of admission is the one that the exam was judged with."""
    values = [value for _, value in _breaths(payload)]
    return Breath(max(values, default=None), _admission(payload), examination)


def interval_words(payload: Mapping[str, Any], language: str) -> str:
    """Whether the second breath came in its time; empty where there was no reason for one, or none came."""
    found = second_breath(_breaths(payload), _admission(payload))
    if found is None:
        return ""
    return text(
        language,
        f"written.second_breath.{found.state}",
        minutes=found.minutes,
        earliest=EARLIEST_MIN,
        latest=LATEST_MIN,
    )


def between_limits(payload: Mapping[str, Any], examination: float, language: str) -> str:
    """What the highest breath means to each of the two limits; empty where none is above that of admission."""
    breath = breath_of(payload, examination)
    if breath.highest is None or breath.highest <= breath.admission:
        return ""

    def shown(value: float) -> str:
        return wording.quantity(ALCOHOL, value, language)

    code = "above" if breath.highest > examination else "below"
    return text(
        language,
        f"written.two_limits.{code}",
        value=shown(breath.highest),
        admission=shown(breath.admission),
        examination=shown(examination),
    )


def _breaths(payload: Mapping[str, Any]) -> list[tuple[Any, float]]:
    taken = [item for item in payload.get("measurements", ()) if item["step"] == "breath"]
    numbers = [(wording.parse(item["at"]), item["values"].get(ALCOHOL)) for item in taken]
    return sorted((at, float(value)) for at, value in numbers if isinstance(value, int | float))


def _admission(payload: Mapping[str, Any]) -> float:
    limit = next((one for one in payload.get("limits", ()) if one["parameter"] == ALCOHOL), None)
    return float(limit["high"]) if limit is not None and limit.get("high") is not None else 0.0
