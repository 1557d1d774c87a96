"""The title lines of an exported journal: what it is, of which organisation and period, and with which filter. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from central.words.texts import text


def title_lines(
    organisations: Iterable[Mapping[str, Any]], since: str, until: str, language: str, narrowed: Iterable[str] = ()
) -> list[str]:
    """What stands over the table. `since`, `until`: days as 2026-11-30, or empty; `narrowed`: each filter in words."""
    whose = "; ".join(f"{item['name']}, {item['licence']}" for item in organisations)
    period = " – ".join(f"{date.fromisoformat(day):%d.%m.%Y}" if day else "…" for day in (since, until))
    lines = [text(language, "journal.printed_title"), whose, text(language, "journal.period", period=period)]
    words = "; ".join(narrowed)
    return [*lines, text(language, "journal.filtered", filters=words)] if words else lines
