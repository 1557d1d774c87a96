"""Terms of keeping, and what has passed its own: the page lists it, and drafts the act that two people sign.

GET /conclusions/retention takes `of_org` where the account has several organisations. POST drafts an act of destruction of what
is due now and no hold keeps: `of_org`, `csrf`: 303 to the act, 422 where nothing is due or no organisation is chosen.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.conclusions.terms import MOST_IN_ACT, Due, due_files
from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.core.rights import Right
from central.deciding.act_signing import ActDraft, draft_act
from central.store.engine import reading, writing
from central.words.texts import text

router = APIRouter()
SHOWN = 300
"""So many files stand on the page; the act has all of them."""
PAPER = "ru"
COLUMNS = ("kind", "sha256", "exam_id", "made_on", "due_on", "bytes")
"""Of an act of destruction: `acts.column.kind`, `acts.column.sha256`, `acts.column.exam_id`, `acts.column.made_on`,
`acts.column.due_on`, `acts.column.bytes`."""
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]


@router.get("/conclusions/retention")
def show_retention(request: Request, visitor: Keeper, of_org: str = "") -> Response:
    """Terms, what is due, what holds keep."""
    return retention_page(request, visitor, visitor.org_of(of_org) or next(iter(visitor.account.orgs), ""))


@router.post("/conclusions/retention")
def draft_destruction(request: Request, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Draft the act of what is due now."""
    console, org = console_of(request), visitor.org_of(str(form.get("of_org", "")))
    if org is None:
        own = next(iter(visitor.account.orgs), "")
        return retention_page(request, visitor, own, 422, faults={"of_org": "choose"})
    now = console.clock()
    with writing(console.engine) as connection:
        due = due_files(connection, org, now)
        if due.free:
            draft = _act_of(due, org)
            item = draft_act(connection, draft, visitor.account.account_id, now, visitor.look.zone)
            detail = {"number": item.number, "year": item.year, "rows": len(due.free)}
            note(connection, console, visitor, "act.draft", item.act_id, org=org, detail=detail)
    if not due.free:
        return retention_page(request, visitor, org, 422, notice="retention.nothing_due")
    return RedirectResponse(f"/conclusions/acts/{item.act_id}", status_code=303)


def _act_of(due: Due, org: str) -> ActDraft:
    kinds = sorted({one.kind for one in due.free})
    basis = "; ".join(f"{due.terms[kind].item.ru}: {due.terms[kind].basis}" for kind in kinds)
    rows: list[dict[str, str | int]] = [
        {
            "kind": one.kind,
            "sha256": one.file.sha256,
            "exam_id": one.file.exam_id,
            "made_on": one.made_on.isoformat(),
            "due_on": one.due_on.isoformat(),
            "bytes": one.file.size_bytes,
        }
        for one in due.free
    ]
    reason = text(PAPER, "retention.reason")
    return ActDraft(
        org, "destruction", COLUMNS, rows, reason, text(PAPER, "retention.basis", version=due.version, terms=basis)
    )


def retention_page(
    request: Request,
    visitor: Visitor,
    org: str,
    status: int = 200,
    *,
    notice: str = "",
    faults: dict[str, str] | None = None,
) -> Response:
    """The page of one organisation."""
    console = console_of(request)
    with reading(console.engine) as connection:
        due = due_files(connection, org, console.clock())
    detail = {"rows": len(due.free)}
    note_alone(console, visitor, "retention.read", org=org or None, detail=detail)
    return page(
        request,
        "retention.html",
        visitor,
        status,
        org=org,
        due=due,
        rows=due.free[:SHOWN],
        held=due.held[:SHOWN],
        size_bytes=sum(one.file.size_bytes for one in due.free),
        is_full=len(due.free) >= MOST_IN_ACT,
        notice=notice,
        faults=faults or {},
    )
