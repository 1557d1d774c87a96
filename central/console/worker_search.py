"""Searches for workers by the words of a form. The access log records that a number was searched, never the number.

Names and personnel numbers stand sealed in addresses (`query`), as nobody but this centre can read them.
"""

from fastapi import Request
from starlette.datastructures import QueryParams

from central.console.access_log import note
from central.console.context import Visitor, console_of
from central.people.worker_query import MOST_CHARS, WorkerQuery, find_workers, has_snils_form, is_private
from central.store.engine import reading, writing


def find_worker(request: Request, visitor: Visitor, typed: str) -> WorkerQuery:
    """The workers of the visitor's organisations that the words mean."""
    console = console_of(request)
    with reading(console.engine) as connection:
        query = find_workers(connection, visitor.account.orgs, typed, console.registry.snils_hash)
    if is_private(typed):
        with writing(console.engine) as connection:
            note(
                connection,
                console,
                visitor,
                "worker.find",
                query.worker_ids[0] if len(query.worker_ids) == 1 else "",
                detail={"found": len(query.worker_ids)},
            )
    return query


def words_of(request: Request, query: QueryParams, field: str) -> tuple[str, str]:
    """The words that an address asks for, and what is wrong with them (a key under `fault_code`; then there are none).

    Somebody may have written them into the address by hand, under the name of the field; no page of ours does.
    """
    plain, sealed = query.get(field, "").strip()[:MOST_CHARS], query.get("sought", "")
    if has_snils_form(plain):
        return "", "snils_in_address"
    if plain or not sealed:
        return plain, ""
    words = console_of(request).words_seal.open(sealed)
    return (words, "") if words is not None else ("", "search_again")


def address_pairs(request: Request, query: WorkerQuery) -> list[tuple[str, str]]:
    """How whom the words mean stands in an address."""
    pairs = [("sought", console_of(request).words_seal.seal(query.words))] if query.words else []
    return pairs + [("worker_id", one) for one in query.worker_ids]
