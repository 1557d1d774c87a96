"""Reads the readable parts of a configuration: every section by itself, even if another one cannot be read."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


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


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation)
