"""Search for a worker: a name, a personnel number, or a SNILS.

A SNILS is found by its keyed hash and named by the worker's id from then on: addresses, logs and the access log carry ids. Of
words with so many digits that they may be a SNILS, also a mistyped one, nothing goes on but the workers that they mean.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from central.core.snils import SNILS_DIGITS, digits_in, parse_snils
from central.store.workers import workers_by_number

MOST_CHARS = 100
_NUMBER_FROM_DIGITS = 9
"""From so many digits on, words may be a SNILS with digits left out: nine come before the check number."""


@dataclass(frozen=True, slots=True)
class WorkerQuery:
    """What the words mean: `words` to be looked up as a name or number, or `worker_ids`, or a `fault` to be told.

    `fault`: `wrong_snils`, `snils_unknown`, `number_unknown`, keys of the texts under `fault_code`.
    """

    words: str = ""
    worker_ids: tuple[str, ...] = ()
    fault: str = ""


def is_private(text: str) -> bool:
    """Whether the text may hold a SNILS, whole or mistyped, and so belongs into no address."""
    return len(digits_in(text)) >= _NUMBER_FROM_DIGITS


def has_snils_form(text: str) -> bool:
    """Whether the text holds exactly as many digits as a SNILS."""
    return len(digits_in(text)) == SNILS_DIGITS


def find_workers(
    connection: Connection, orgs: tuple[str, ...], typed: str, snils_hash: Callable[[str], str]
) -> WorkerQuery:
    """The workers that the words mean, of these organisations, archived ones too. `snils_hash`: of the registry.

    A long personnel number is found like a SNILS: some employers use the one as the other.
    """
    words = " ".join(typed.split())[:MOST_CHARS]
    if not is_private(words):
        return WorkerQuery(words)
    digits = digits_in(words)
    try:
        hashed, fault = snils_hash(parse_snils(digits)), "snils_unknown"
    except ValueError:
        hashed, fault = None, "wrong_snils" if has_snils_form(words) else "number_unknown"
    found = workers_by_number(connection, orgs, (words, digits), hashed)
    return WorkerQuery(worker_ids=tuple(found)) if found else WorkerQuery(fault=fault)
