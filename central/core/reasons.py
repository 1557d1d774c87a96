"""The reference book of reasons for a decision: versioned data beside this module."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `group` is what follows from it: `intoxication` alerts the employer."""

    code: str
    group: str
    ru: str
    en: str
    offered: bool
    found_by: tuple[str, ...] = ()
    """Findings of the rules that this reason matches, as `parameter code`: it is then proposed, never chosen."""

    def text(self, language: str) -> str:
        """The words of the reason in that language."""
        return self.en if language == "en" else self.ru


@cache
def reasons() -> dict[str, Reason]:
    """All reasons by code, in the order of the book."""
    book = tomllib.loads(resources.files("central.core").joinpath("reasons.toml").read_text(encoding="utf-8"))
    return {
        item["code"]: Reason(
            code=item["code"],
            group=item["class"],
            ru=item["ru"],
            en=item["en"],
            offered=item.get("offered", True),
            found_by=tuple(item.get("found_by", ())),
        )
        for item in book["reason"]
    }


def is_intoxication(codes: tuple[str, ...]) -> bool:
    """Whether the employer has to be told at once (order 266n)."""
    book = reasons()
    return any(code in book and book[code].group == "intoxication" for code in codes)
