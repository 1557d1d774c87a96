"""The employer's page: workers admitted now, workers still to come, alerts. It shows no medical value.

GET /admissions takes `state`, `query` (beginning of a name or a personnel number, sealed by the POST; by hand plain as `q`),
`worker_id` (repeatable), `sort` and `sort_alerts`. POST /admissions takes `q` (a SNILS too), `state`, `sort` and `csrf`: 303 to
the address of who is meant; 422 with the page when it is nobody's or wrong. POST /admissions/alerts/{alert_id}/seen takes `csrf`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.sorting import kept_order, sorting_of
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core.name_folding import fold_name
from central.core.rights import Right
from central.deciding.admissions import Admission, admissions
from central.people.worker_query import WorkerQuery, has_snils_form
from central.store import alerts, notices, registry
from central.store.alerts import Alert
from central.store.engine import reading, writing

router = APIRouter()


ORDERS: Mapping[str, Callable[[Admission], Any]] = {
    name: attrgetter(name)
    for name in ("personnel_number", "full_name", "state", "exam_type", "decided_at", "valid_until")
}
ALERT_ORDERS: Mapping[str, Callable[[Alert], Any]] = {
    name: attrgetter(name) for name in ("created_at", "full_name", "kind", "delivered_at", "seen_at")
}
Reader = Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS))]


@router.get("/admissions")
def show_admissions(request: Request, visitor: Reader, state: str = "") -> Response:
    """The workers of the visitor's own employer."""
    words, fault = words_of(request, request.query_params, "q")
    ids = tuple(request.query_params.getlist("worker_id"))
    return _page(request, visitor, 422 if fault else 200, words=words, worker_ids=ids, state=state, fault=fault)


@router.get("/admissions/rows")
def show_again(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.SEE_ADMISSIONS, by_itself=True))],
    state: str = "",
) -> Response:
    """What the open page shows of the same address, for its own script. It keeps no session alive."""
    words, fault = words_of(request, request.query_params, "q")
    ids = tuple(request.query_params.getlist("worker_id"))
    return _page(
        request, visitor, template="admissions_now.html", words=words, worker_ids=ids, state=state, fault=fault
    )


@router.post("/admissions")
def find_in_admissions(request: Request, visitor: Reader, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Lead to the address of who is meant. A form by POST: what is typed names a person (adr/0075)."""
    console, employer_id = console_of(request), own_employer(visitor)
    typed, state = str(form.get("q", "")).strip(), str(form.get("state", ""))
    query = find_worker(request, visitor, typed)
    if query.worker_ids:
        with reading(console.engine) as connection:
            own = {item.worker_id for item in admissions(connection, employer_id, console.clock())}
        # Whether another employer has somebody of that number is not told.
        query = replace(query, worker_ids=tuple(one for one in query.worker_ids if one in own))
        if not query.worker_ids:
            query = replace(query, fault="snils_unknown" if has_snils_form(typed) else "number_unknown")
    if query.fault:
        return _page(request, visitor, 422, words=typed, state=state, fault=query.fault)
    pairs = ([("state", state)] if state else []) + address_pairs(request, query) + kept_order(form)
    return RedirectResponse(f"/admissions?{urlencode(pairs)}" if pairs else "/admissions", status_code=303)


@router.post("/admissions/alerts/{alert_id}/seen")
def acknowledge(request: Request, alert_id: str, visitor: Reader) -> Response:
    """The employer's receipt for an alert."""
    console = console_of(request)
    with writing(console.engine) as connection:
        if alerts.mark_seen(connection, alert_id, own_employer(visitor), visitor.account.account_id, console.clock()):
            note(connection, console, visitor, "alert.seen", alert_id)
    return RedirectResponse("/admissions", status_code=303)


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    *,
    template: str = "admissions.html",
    words: str = "",
    worker_ids: tuple[str, ...] = (),
    state: str = "",
    fault: str = "",
) -> Response:
    console = console_of(request)
    employer_id = own_employer(visitor)
    note_seldom(request, visitor, "admissions.read")
    with reading(console.engine) as connection:
        everybody = admissions(connection, employer_id, console.clock())
        told = alerts.of_employer(connection, employer_id)
        unseen = alerts.unseen(connection, employer_id)
        on_their_way = {item[0]: item for item in notices.of_alerts(connection, [entry.alert_id for entry in told])}
        employer = registry.get_employer(connection, employer_id)
    meant = [] if fault else [item for item in everybody if _is_meant(item, words, worker_ids)]
    sort = sorting_of(request, ORDERS, path="/admissions", usual="full_name")
    sort_alerts = sorting_of(request, ALERT_ORDERS, table="alerts", path="/admissions", usual="-created_at")
    return page(
        request,
        template,
        visitor,
        status,
        employer=employer,
        rows=sort.rows([item for item in meant if not state or item.state == state], ORDERS),
        sort=sort,
        sort_alerts=sort_alerts,
        query=words,
        narrowed=bool(worker_ids),
        fault=fault,
        who="" if fault else urlencode([*address_pairs(request, WorkerQuery(words, worker_ids)), *sort.pairs]),
        counts=Counter(item.state for item in everybody),
        chosen=state,
        alerts=sort_alerts.rows(told, ALERT_ORDERS),
        unseen=unseen,
        notices=on_their_way,
    )


def _is_meant(item: Admission, words: str, worker_ids: tuple[str, ...]) -> bool:
    if worker_ids:
        return item.worker_id in worker_ids
    wanted = fold_name(words)
    return not wanted or fold_name(item.full_name).startswith(wanted) or fold_name(item.personnel_number) == wanted


def own_employer(visitor: Visitor) -> str:
    """The employer of the visitor's account; 404 for an account of none."""
    if not visitor.account.employer_id:
        raise HTTPException(404)
    return visitor.account.employer_id
