"""Faults of `central.toml` in words: one plain line each; an unknown key gets the nearest known one.

`drivers.config_faults` does the same on the side of the terminal: the import contracts give the two no room in common.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError


def words_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """The place in dots and what is wrong with it. Values are not repeated: some are secrets."""
    lines = []
    for fault in error.errors():
        place = [str(part) for part in fault["loc"]]
        is_unknown = fault["type"] == "extra_forbidden"
        lines.append(
            f"{'.'.join(place)}: {_unknown(place, _keys_at(model, place[:-1])) if is_unknown else fault['msg']}"
        )
    return lines


def _unknown(place: list[str], known: list[str]) -> str:
    close = get_close_matches(place[-1], known, n=1, cutoff=0.6)
    return (
        f"there is no such key; did you mean {close[0]}?"
        if close
        else f"there is no such key; there are: {', '.join(known)}"
    )


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
