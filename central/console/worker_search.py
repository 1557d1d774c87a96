"""The search for a worker by what a form brought. That a number was looked for stands in the access log, the number does not."""

from fastapi import Request

from central.console.access_log import note
from central.console.context import Visitor, console_of
from central.sought import Sought, is_private, seek
from central.store.engine import reading, writing


def find_worker(request: Request, visitor: Visitor, typed: str) -> Sought:
    """Whom the words mean among the workers of the visitor's organisations."""
    console = console_of(request)
    with reading(console.engine) as connection:
        sought = seek(connection, visitor.account.orgs, typed, console.registry.snils_hash)
    if is_private(typed):
        with writing(console.engine) as connection:
            note(
                connection,
                console,
                visitor,
                "worker.find",
                sought.worker_ids[0] if len(sought.worker_ids) == 1 else "",
                detail={"found": len(sought.worker_ids)},
            )
    return sought
