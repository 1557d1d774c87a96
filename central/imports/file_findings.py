"""What a large file of medics, organisations or a book would do, before any of it is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection

from central.words.table_values import Value


@dataclass(frozen=True, slots=True)
class Found:
    """What a file would do. `faults`: `row`, `column` and `code` or `words` of each; `store` writes what was found."""

    counts: Mapping[str, int]
    faults: Sequence[Mapping[str, Any]]
    difference: Sequence[tuple[Value, str, str]]
    """Row or code, of whom or what, and what changes."""
    error_file: Callable[[], bytes] | None = None
    asks: bool = False
    """Whether somebody has to say first that it is meant."""
    store: Callable[[Connection], None] = lambda _connection: None
    action: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Work(Protocol):
    """One kind of file."""

    def look(self, connection: Connection) -> Found:
        """Judge the file; stores nothing. Raises `JobFault`."""
        ...
