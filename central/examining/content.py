"""What a page of the medical room holds before it is recorded: fields as they were typed, and results that were entered. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from sync.contract.exam import Failure, Measurement
from sync.contract.model import WireModel
from sync.contract.room import TypedWrong

LONGEST = 500
"""Characters that are kept of one field; what is longer is cut at the page already."""
_UNKEPT = frozenset({"csrf", "do", "version"})


class RoomContent(WireModel):
    """One exam that is being entered. `typed`: fields of the page by name; a box may have several values."""

    typed: dict[str, list[str]] = Field(default_factory=dict)
    measurements: tuple[Measurement, ...] = ()
    failures: tuple[Failure, ...] = ()
    typed_wrong: tuple[TypedWrong, ...] = ()
    terminals: tuple[str, ...] = ()
    """Terminals in the room that measured for it."""

    def one(self, name: str) -> str:
        """What stands in a field; empty when nothing does."""
        return self.typed.get(name, [""])[-1].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field with several."""
        return tuple(dict.fromkeys(value for value in self.typed.get(name, ()) if value))

    def taken(self, step: str) -> tuple[Measurement, ...]:
        """All attempts of a step that gave values, in order."""
        return tuple(item for item in self.measurements if item.step == step)

    def next_attempt(self, step: str) -> int:
        """The number of the next attempt of a step: none is used twice, whatever became of it."""
        used: list[tuple[str, int]] = [(item.step, item.attempt) for item in self.measurements]
        used += [(item.step, item.attempt) for item in self.failures]
        used += [(item.step, item.attempt) for item in self.typed_wrong]
        return max((attempt for of, attempt in used if of == step), default=0) + 1

    @property
    def holds_facts(self) -> bool:
        """Whether anything was entered that an exam consists of, and that must not go lost."""
        return bool(self.measurements or self.failures or self.typed_wrong or self.one("feels"))


def kept_fields(form: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The fields of a form as a draft keeps them. Of a document's number more than four digits are not kept at all."""
    kept = {name: [value[:LONGEST] for value in values] for name, values in form.items() if name not in _UNKEPT}
    if len("".join(kept.get("last_digits", ""))) > 4:
        kept["last_digits"] = [""]
    return kept


def content_of(stored: Mapping[str, Any]) -> RoomContent:
    """The content of a stored draft."""
    return RoomContent.model_validate(stored)
