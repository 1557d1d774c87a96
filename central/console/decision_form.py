"""The medic's form beside an exam: reasons with their keys, those first that the exam itself proposes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.core.reasons import Reason

REASON_KEYS = "ASDFGHLZXCVBNMWETYUIOP"
"""Letters by their place on the keyboard. J, K, Q and R have their meaning on every page."""
MORE_KEYS = "56789"
"""For proposed reasons that have no letter any more; 1 to 4 choose outcomes, 0 takes all that is proposed."""


@dataclass(frozen=True, slots=True)
class OfferedReason:
    """One box of the form. `key` is what the keyboard shows, empty for none; `key_code` is its place, as browsers name it."""

    code: str
    words: str
    key: str
    key_code: str
    is_proposed: bool


def offered_reasons(book: Sequence[Reason], proposed: Sequence[str], language: str) -> list[OfferedReason]:
    """The offered reasons: first the proposed ones in their order, then the others in the book's.

    A reason keeps its letter whatever is proposed: fingers learn it.
    """
    offered = [reason for reason in book if reason.offered]
    keys = {reason.code: letter for reason, letter in zip(offered, REASON_KEYS, strict=False)}
    without = [code for code in proposed if code not in keys]
    keys |= dict(zip(without, MORE_KEYS, strict=False))
    places = {code: place for place, code in enumerate(proposed)}
    offered.sort(key=lambda reason: places.get(reason.code, len(places)))
    return [
        OfferedReason(
            code=reason.code,
            words=reason.text(language),
            key=keys.get(reason.code, ""),
            key_code=key_code(keys.get(reason.code, "")),
            is_proposed=reason.code in places,
        )
        for reason in offered
    ]


def key_code(key: str) -> str:
    """How browsers name the place of a key: `KeyA`, `Digit5`; empty for none."""
    return "" if not key else f"Digit{key}" if key.isdigit() else f"Key{key}"
