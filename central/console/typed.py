"""Keeps typed values of a form for showing its page again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields of a form."""

    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        """The value of a field; empty when nothing was typed."""
        return self.fields.get(name, [""])[-1]

    def has(self, name: str, value: str) -> bool:
        """Whether a choice was made."""
        return value in self.fields.get(name, ())

    def has_any(self, beginning: str) -> bool:
        """Whether anything stands in one of the fields whose names begin so."""
        return any(any(values) for name, values in self.fields.items() if name.startswith(beginning))
