"""What is wrong with a configuration, in words: every fault of every section, also where another section is beyond reading."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from drivers.config import faults_of


def words_of(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line per fault: the place in dots and what is wrong; for an unknown key also which one may be meant."""
    lines = faults_of(error)
    for number, fault in enumerate(error.errors()):
        if fault["type"] == "extra_forbidden":
            place = [str(part) for part in fault["loc"]]
            lines[number] = f"{'.'.join(place)}: there is no such key{_meant(place[-1], _keys_at(model, place[:-1]))}"
    return lines


def partly(model: type[BaseModel], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Every section that can be read by itself, defaults included."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        value = fields.get(name, field.get_default(call_default_factory=True))
        if value is PydanticUndefined:
            continue
        try:
            found[name] = _adapter(field).validate_python(value)
        except ValidationError:
            continue
    return found


def _meant(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(known)}"


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


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
