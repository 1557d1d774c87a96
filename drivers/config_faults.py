"""Faults of a configuration in words: one plain line each; an unknown key gets the nearest known one.

`central.core.config_faults` does the same on the side of the centre: the import contracts give the two no room in common.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_SECRET = ("pin_hash",)
"""Values that may be a secret are not repeated."""
_DEVICES = "there is no such table; devices are written as [[device]], each with its id"


def faults_of(error: ValidationError) -> list[str]:
    """One plain line per fault of a pydantic error: the place in dots, what is wrong, and what stands there now."""
    return [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}{_given(fault)}" for fault in error.errors()
    ]


def words_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """As `faults_of`; for an unknown key also which one may be meant."""
    lines = faults_of(error)
    for number, fault in enumerate(error.errors()):
        if fault["type"] == "extra_forbidden":
            place = [str(part) for part in fault["loc"]]
            lines[number] = f"{'.'.join(place)}: {_unknown(place, _keys_at(model, place[:-1]))}"
    return lines


def _unknown(place: list[str], known: list[str]) -> str:
    close = get_close_matches(place[-1], known, n=1, cutoff=0.6)
    if len(place) == 1 and close == ["device"]:
        return _DEVICES
    return (
        f"there is no such key; did you mean {close[0]}?"
        if close
        else f"there is no such key; there are: {', '.join(known)}"
    )


def _given(fault: ErrorDetails) -> str:
    if any(str(part) in _SECRET for part in fault["loc"]):
        return ""
    given = fault["input"]
    return f" (given: {given!r})" if isinstance(given, str | int | float) and len(str(given)) <= 60 else ""


def _keys_at(model: type[BaseModel], place: list[str]) -> list[str]:
    for part in place:
        if part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
