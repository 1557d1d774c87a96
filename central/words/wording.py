"""Formats values, times and names for pages, in Russian and in English. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from central.words.texts import text, text_or

DECIMALS: dict[str, int] = {
    "temperature_celsius": 1,
    "breath_alcohol_mg_per_l": 3,
    "perfusion_index_percent": 1,
}
ORDER = (
    "temperature_celsius",
    "systolic_mmhg",
    "diastolic_mmhg",
    "mean_mmhg",
    "pulse_bpm",
    "spo2_percent",
    "breath_alcohol_mg_per_l",
    "breath_test",
)
"""In which order medics read quantities: wire records are sorted by name."""
STEPS = ("temperature", "pressure", "breath", "oximetry")


def number(value: float | int | str, decimals: int, language: str) -> str:
    """A number with so many decimals and the language's decimal mark; words stay as they are."""
    if isinstance(value, str):
        return value
    shown = f"{value:.{decimals}f}"
    return shown.replace(".", ",") if language == "ru" else shown


def quantity(name: str, value: float | int | str, language: str) -> str:
    """A value in the form of its quantity, without unit."""
    return number(value, decimals(name, value), language)


def decimals(name: str, value: float | int | str) -> int:
    """How many decimals that quantity is shown with."""
    return DECIMALS.get(name, 0 if isinstance(value, int) or float_is_whole(value) else 1)


def float_is_whole(value: float | int | str) -> bool:
    """Whether a value has nothing after the point."""
    return not isinstance(value, float) or value.is_integer()


def place(name: str) -> tuple[int, str]:
    """Sort key of a quantity."""
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def quantity_name(name: str, language: str) -> str:
    """The name of a quantity in words."""
    return text_or(language, f"quantity.{name}", name)


def words_of(language: str, code: str, *groups: str) -> str:
    """A code in words, of the first group of texts that knows it. What only a newer terminal knows is said to be a code."""
    for group in groups:
        if found := text_or(language, f"{group}.{code}", ""):
            return found
    return text(language, "exam.other_code", code=code)


def unit(name: str, language: str) -> str:
    """The unit of a quantity as people write it."""
    return text_or(language, f"unit.{name}", "")


def moment(at: datetime, zone: tzinfo) -> str:
    """Day and minute in the medic's time zone."""
    return at.astimezone(zone).strftime("%d.%m.%Y %H:%M")


def moment_to_the_second(at: datetime, zone: tzinfo) -> str:
    """Day and second: for records of who did what after whom."""
    return at.astimezone(zone).strftime("%d.%m.%Y %H:%M:%S")


def lately(at: datetime, now: datetime, zone: tzinfo, language: str) -> str:
    """Day and minute of something recent: `сегодня 17:38`, `вчера 22:10`, else the day as `moment` has it."""
    local = at.astimezone(zone)
    days = (now.astimezone(zone).date() - local.date()).days
    if days not in (0, 1):
        return moment(at, zone)
    return text(language, "span.today" if days == 0 else "span.yesterday", time=f"{local:%H:%M}")


def moment_with_offset(at: datetime, zone: tzinfo) -> str:
    """As `moment`, with the offset from UTC: for what is read elsewhere than where it was made, `22.11.2026 05:14 +03:00`."""
    local = at.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%d.%m.%Y %H:%M} {offset[:3]}:{offset[3:]}"


def zone_words(zone: tzinfo, at: datetime) -> str:
    """A time zone as tables name it once for all their times: `Europe/Moscow, UTC+03:00`. `at`: the day whose offset counts."""
    offset = at.astimezone(zone).strftime("%z")
    name = str(zone)
    return f"{name}, UTC{offset[:3]}:{offset[3:]}" if "/" in name else f"UTC{offset[:3]}:{offset[3:]}"


def clock_time(at: datetime, zone: tzinfo) -> str:
    """Time of the day with seconds."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def how_long(span: timedelta, language: str) -> str:
    """Whole minutes up to two hours, whole hours up to two days, then whole days."""
    if span < timedelta(hours=2):
        return text(language, "span.minutes", count=span // timedelta(minutes=1))
    if span < timedelta(days=2):
        return text(language, "span.hours", count=span // timedelta(hours=1))
    return text(language, "span.days", count=span.days)


def parse(moment_text: str) -> datetime:
    """A wire time."""
    return datetime.fromisoformat(moment_text)


def limit_range(limit: Mapping[str, Any], language: str) -> str:
    """The range of a limit: `90–140`, `до 140`, `от 50`."""
    low, high = limit.get("low"), limit.get("high")
    name = str(limit.get("parameter", ""))
    low_text = "" if low is None else quantity(name, low, language)
    high_text = "" if high is None else quantity(name, high, language)
    if low is not None and high is not None:
        return f"{low_text}–{high_text}"
    if high is not None:
        return text(language, "limit.up_to", value=high_text)
    return text(language, "limit.from", value=low_text) if low is not None else "—"
