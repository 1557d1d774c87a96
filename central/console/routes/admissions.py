"""The employer's page: workers admitted now, workers still to come, alerts. It shows no medical value.

GET /admissions takes `employer` (one of the account's), `department`, `page`, `state`, `query` (beginning of a
name or a personnel number, sealed by the POST; by hand plain as `q`),
`worker_id` (repeatable), `sort` and `sort_alerts`. POST /admissions takes `q` (a SNILS too), `state`, `sort` and `csrf`: 303 to
the address of who is meant; 422 with the page when it is nobody's or wrong. POST /admissions/alerts/{alert_id}/seen takes `csrf`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of, page
from central.console.employer_scope import scope_of
from central.console.guard import Guard, form_of
from central.console.paging import page_number, paging_of
from central.console.sorting import kept_order, sorting_of
from central.console.worker_search import address_pairs, find_worker, words_of
from central.core.rights import Right
from central.deciding.admissions import STATES, admission_page
from central.people.worker_query import WorkerQuery, has_snils_form
from central.store import alerts, notices
from central.store.admission_rows import AdmissionFilter
from central.store.alerts import Alert
from central.store.engine import reading, writing

router = APIRouter()


ORDERS = frozenset({"personnel_number", "full_name", "state", "exam_type", "decided_at", "valid_until", "department"})
"""By what the store sorts admissions."""
ON_A_PAGE = 100
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
    console = console_of(request)
    typed, state = str(form.get("q", "")).strip(), str(form.get("state", ""))
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor, str(form.get("employer", "")))
    query = find_worker(request, visitor, typed)
    if query.worker_ids:
        wanted = AdmissionFilter(worker_ids=query.worker_ids)
        with reading(console.engine) as connection:
            found = admission_page(connection, scope.ids, console.clock(), wanted)
        own = {item.worker_id for item in found.rows}
        # Whether another employer has somebody of that number is not told.
        query = replace(query, worker_ids=tuple(one for one in query.worker_ids if one in own))
        if not query.worker_ids:
            query = replace(query, fault="snils_unknown" if has_snils_form(typed) else "number_unknown")
    if query.fault:
        return _page(request, visitor, 422, words=typed, state=state, fault=query.fault, chosen=scope.chosen)
    pairs = [*scope.pairs, *([("state", state)] if state else []), *address_pairs(request, query), *kept_order(form)]
    return RedirectResponse(f"/admissions?{urlencode(pairs)}" if pairs else "/admissions", status_code=303)


@router.post("/admissions/alerts/{alert_id}/seen")
def acknowledge(request: Request, alert_id: str, visitor: Reader) -> Response:
    """The employer's receipt for an alert."""
    console = console_of(request)
    with writing(console.engine) as connection:
        own = tuple(scope_of(connection, request, visitor).names)
        if alerts.mark_seen(connection, alert_id, own, visitor.account.account_id, console.clock()):
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
    chosen: str | None = None,
) -> Response:
    console = console_of(request)
    sort = sorting_of(request, ORDERS, path="/admissions", usual="full_name")
    department = request.query_params.get("department")
    wanted = AdmissionFilter(words, visitor.account.orgs, worker_ids, (state,) if state else (), department)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor, chosen)
        offset = (page_number(request) - 1) * ON_A_PAGE
        shown = admission_page(
            connection, scope.ids, console.clock(), wanted, sort.order, limit=ON_A_PAGE, offset=offset
        )
        told = alerts.of_employers(connection, scope.ids)
        unseen = alerts.unseen(connection, scope.ids)
        on_their_way = {item[0]: item for item in notices.of_alerts(connection, [entry.alert_id for entry in told])}
    note_seldom(request, visitor, "admissions.read")
    narrowing = [("department", department)] if department is not None else []
    sort_alerts = sorting_of(request, ALERT_ORDERS, table="alerts", path="/admissions", usual="-created_at")
    return page(
        request,
        template,
        visitor,
        status,
        scope=scope,
        rows=[] if fault else shown.rows,
        paging=paging_of(request, 0 if fault else shown.matching, ON_A_PAGE, "/admissions"),
        states=STATES,
        departments=shown.departments,
        department=department,
        sort=sort,
        sort_alerts=sort_alerts,
        query=words,
        narrowed=bool(worker_ids),
        fault=fault,
        of_whom=urlencode(scope.pairs),
        who=""
        if fault
        else urlencode(
            [*scope.pairs, *narrowing, *address_pairs(request, WorkerQuery(words, worker_ids)), *sort.pairs]
        ),
        counts=shown.counts,
        chosen=state,
        alerts=sort_alerts.rows(told, ALERT_ORDERS),
        unseen=unseen,
        notices=on_their_way,
    )
