"""Puts our codes into a partner's. Pure. What has no mapping is said, place by place, and nothing is guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Binding(Protocol):
    """A code of a partner's that stands for one of ours."""

    @property
    def their_system(self) -> str:
        """OID or address of their dictionary."""
        ...

    @property
    def their_code(self) -> str:
        """Their code."""
        ...

    @property
    def their_display(self) -> str:
        """What they call it."""
        ...

    @property
    def is_bound(self) -> bool:
        """Whether there is a code of theirs to say."""
        ...


Bindings = Mapping[tuple[str, str], Binding]
"""By our book and our code."""


@dataclass(frozen=True, slots=True)
class TheirCode:
    """A partner's code, as it goes out."""

    system: str
    code: str
    display: str

    def plain(self) -> dict[str, str]:
        """As JSON has it."""
        return {"system": self.system, "code": self.code, "display": self.display}


class Unmapped(Exception):
    """Some codes have no mapping. `places`: `book/code`, in their order."""

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__(", ".join(places))
        self.places = places


def translate(bindings: Bindings, book: str, codes: Iterable[str]) -> list[TheirCode]:
    """Each code in the partner's words. Raises `Unmapped` with every code that has none."""
    found: list[TheirCode] = []
    missing: list[str] = []
    for code in codes:
        binding = bindings.get((book, code))
        if binding is None or not binding.is_bound:
            missing.append(f"{book}/{code}")
        else:
            found.append(TheirCode(binding.their_system, binding.their_code, binding.their_display))
    if missing:
        raise Unmapped(tuple(missing))
    return found
