"""Counts each employer's exams by day and outcome while the journal is written, in memory that does not grow with rows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from central.journal.columns import Reading
from central.words.table_values import Value
from central.words.texts import text

OUTCOMES = ("admitted", "not_admitted", "not_identified", "refer", "repeat", "waiting", "unfinished")


class JournalTotals:
    """Counts readings as they pass. Days are those of the reader's zone, as in the journal."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._counts: Counter[tuple[date, str, str]] = Counter()

    def count(self, item: Reading) -> None:
        """Count one exam by day of its end, employer, and outcome; without an outcome by its state."""
        day = item.row.finished_at.astimezone(item.zone).date()
        self._counts[day, item.row.employer_name or "", item.row.outcome or item.row.state] += 1

    def headings(self) -> list[str]:
        """The head: day, employer, one column an outcome, their sum."""
        outcomes = [text(self._language, f"outcome.{name}") for name in OUTCOMES]
        return [
            text(self._language, "journal.total_day"),
            text(self._language, "journal.column.employer"),
            *outcomes,
            text(self._language, "journal.total"),
        ]

    def rows(self) -> Iterator[Sequence[Value]]:
        """A row for each day and employer, newest day first as in the journal, and one for all of them."""
        pairs = {(day, employer) for day, employer, _ in self._counts}
        for day, employer in sorted(pairs, key=lambda pair: (-pair[0].toordinal(), pair[1])):
            counts = [self._counts[day, employer, outcome] for outcome in OUTCOMES]
            yield [day, employer, *counts, sum(counts)]
        everything = [sum(n for (*_, name), n in self._counts.items() if name == outcome) for outcome in OUTCOMES]
        yield [text(self._language, "journal.total"), None, *everything, sum(everything)]
