"""Typed or marked input that was not yet sent. It exists on the screen only: not stored, not logged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

MOST_DIGITS = 14
"""Longer than any personnel number and than the 11 digits of a SNILS."""
MOST_PIN_DIGITS = 12
MOST_REMARK = 500
SHEETS = frozenset({"help", "exit", "consent_full", "complaints_some", "complaints_other", "service"})
"""Buttons that only draw a sheet over the page, under their own name."""
_ONE_BACK = {"complaints_other": "complaints_some"}
"""Sheets that lie on another sheet."""
TABS = frozenset({"service_devices", "service_terminal"})
CLOSING = frozenset({"close", "stay", "complaints_back", "remark_done"})


@dataclass(frozen=True, slots=True)
class Draft:
    """`sheet` names what is drawn over the page, empty for nothing."""

    typed: str = ""
    pin: str = ""
    entered: tuple[str, ...] = ()
    """Values of an instrument without a cable that are typed already."""
    chosen: tuple[str, ...] = ()
    remark: str = ""
    sheet: str = ""
    page: int = 0
    """Which of the pages of employers is shown, from 0; after the last one the first comes again."""
    tab: str = "service_devices"
    """Which half of the service screen is shown."""


def pressed(draft: Draft, name: str) -> Draft:
    """The draft after a touch on the button of that object name; the same draft if the button does not concern it."""
    if name == "employer_more":
        return replace(draft, page=draft.page + 1)
    if name in TABS:
        return replace(draft, tab=name)
    if name in SHEETS:
        return replace(draft, sheet=name, pin="")
    if name in CLOSING:
        return replace(draft, sheet=_ONE_BACK.get(draft.sheet, ""), pin="")
    kind, _, rest = name.partition("_")
    match kind:
        case "key" if rest == "erase":
            return _erased(draft)
        case "key" if len(rest) == 1 and rest.isdigit():
            return _typed(draft, rest)
        case "key" if rest == "comma":
            return draft if "," in draft.typed or not draft.typed else replace(draft, typed=draft.typed + ",")
        case "letter" if len(rest) == 1:
            return replace(draft, remark=(draft.remark + rest)[:MOST_REMARK])
        case "complaint":
            return _toggled(draft, rest)
        case _:
            return draft


def with_value(
    draft: Draft, fields: Sequence[str], may_stay_empty: Collection[str]
) -> tuple[Draft, dict[str, str] | None]:
    """The draft after the value that stands there was confirmed; after the last one, all values by their field."""
    if len(draft.entered) >= len(fields) or (not draft.typed and fields[len(draft.entered)] not in may_stay_empty):
        return draft, None
    entered = (*draft.entered, draft.typed)
    if len(entered) < len(fields):
        return replace(draft, entered=entered, typed=""), None
    values = {field: text for field, text in zip(fields, entered, strict=True) if text}
    return replace(draft, entered=(), typed=""), values


def _erased(draft: Draft) -> Draft:
    match draft.sheet:
        case "service":
            return replace(draft, pin=draft.pin[:-1])
        case "complaints_other":
            return replace(draft, remark=draft.remark[:-1])
        case _:
            if not draft.typed and draft.entered:  # back to the value before
                return replace(draft, typed=draft.entered[-1], entered=draft.entered[:-1])
            return replace(draft, typed=draft.typed[:-1])


def _typed(draft: Draft, digit: str) -> Draft:
    if draft.sheet == "service":
        return replace(draft, pin=(draft.pin + digit)[:MOST_PIN_DIGITS])
    return replace(draft, typed=(draft.typed + digit)[:MOST_DIGITS])


def _toggled(draft: Draft, code: str) -> Draft:
    if code in draft.chosen:
        return replace(draft, chosen=tuple(other for other in draft.chosen if other != code))
    return replace(draft, chosen=(*draft.chosen, code))
