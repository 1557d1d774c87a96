"""Gates and the log of passages: who asked, what was answered, what became of it.

GET /gates takes `gate`, `answer` (open | closed | corrected), `since`, `until` (days, both included); 422 with the page for a
wrong day. An employer sees passages of the own workers (`employer`: of one of its employers); others those of their
organisations.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_seldom
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import is_bound, scope_of
from central.console.guard import Guard
from central.console.query import day_of
from central.core.rights import Right
from central.deciding.passages import employers_of
from central.store import gate_passages, registry, workers
from central.store.engine import reading
from central.store.gate_passages import PassageFilter

router = APIRouter()
ANSWERS = ("open", "closed", "corrected")


@router.get("/gates")
def show_gates(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_GATES))]) -> Response:
    """The gates with their last passage, and the newest rows of the log."""
    console, query, orgs = console_of(request), request.query_params, visitor.account.orgs
    note_seldom(request, visitor, "gates.read", orgs=orgs)
    faults: dict[str, str] = {}
    since = day_of(query, "since", visitor.look.zone, faults)
    until = day_of(query, "until", visitor.look.zone, faults)
    if since and until and since > until:
        faults["until"] = "before_since"
    asked = {name: query.get(name, "") for name in ("gate", "answer", "since", "until")}
    answer = asked["answer"] if asked["answer"] in ANSWERS else ""
    wanted = PassageFilter(asked["gate"], answer, since, until + timedelta(days=1) if until else None)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor) if is_bound(visitor) else None
        own = set(scope.ids) if scope is not None else None
        gates = [
            gate
            for gate in console.config.gates.gates
            if gate.org in orgs and (own is None or own & set(employers_of(connection, gate)))
        ]
        rows = [] if faults else gate_passages.listed(connection, orgs, wanted, employer_ids=own)
        last = gate_passages.last_of_gates(connection, orgs, employer_ids=own)
        names = workers.names_of(connection, [row.worker_id for row in rows if row.worker_id])
        employers = {
            row["employer_id"]: row["name"] for org in orgs for row in registry.list_employers(connection, org)
        }
    return page(
        request,
        "gates.html",
        visitor,
        422 if faults else 200,
        scope=scope,
        gates=gates,
        places={gate.name: gate.place for gate in gates},
        last=last,
        rows=rows,
        names=names,
        employers=employers,
        asked=asked,
        answers=ANSWERS,
        faults=faults,
        may_see_exams=visitor.may(Right.SEE_EXAMS),
    )
