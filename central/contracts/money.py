"""Money in whole kopecks: how a person types it and how it is shown. Pure; no floats anywhere."""

import re

_TYPED = re.compile(r"(\d{1,7})(?:[.,](\d{2}))?")
MOST_KOPECKS = 1_000_000_00
"""The highest price of one exam that a form takes: one million roubles."""


def parse_kopecks(typed: str) -> int | None:
    """Roubles as people type them (`150`, `150,50`, `1 150.00`) in kopecks, 0 to `MOST_KOPECKS`; None for anything else."""
    found = _TYPED.fullmatch("".join(typed.split()))
    if found is None:
        return None
    kopecks = int(found[1]) * 100 + int(found[2] or 0)
    return kopecks if kopecks <= MOST_KOPECKS else None


def roubles(kopecks: int, language: str) -> str:
    """Kopecks as roubles with two decimals: `1 250,50` in Russian, `1 250.50` in English; spaces do not break."""
    sign, whole = "−" if kopecks < 0 else "", abs(kopecks)
    grouped = f"{whole // 100:,}".replace(",", "\u00a0")
    return f"{sign}{grouped}{',' if language == 'ru' else '.'}{whole % 100:02d}"
