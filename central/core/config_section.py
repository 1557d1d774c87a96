"""What every section of a configuration keeps to. Pure."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """Unknown keys are faults: a misspelt key would otherwise be a silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="after")
    @classmethod
    def _resolve_paths(cls, value: Any, info: ValidationInfo) -> Any:
        folder: Path = info.context["folder"] if info.context else Path()
        return folder / value if isinstance(value, Path) else value
