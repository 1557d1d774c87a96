"""One conclusion with its copies, and the making of the next copy.

GET /conclusions/{paper_id}. POST /conclusions/{paper_id}/copies takes `role`, `form`, `ground`, `csrf`: 303 to the conclusion, 422
with what is at fault, 409 for a paper whose decision was corrected.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.conclusions.copying import Copying, CopyRefused, CopyWish
from central.conclusions.norms import norm_of
from central.console.access_log import note, note_alone
from central.console.context import Console, Visitor, console_of, own_or_404, page
from central.console.copy_view import copy_lines, norms_of, standing
from central.console.guard import Guard, form_of, typed_fields
from central.console.typed import Typed
from central.core.copy_rules import (
    FORMS,
    MOST_WORDS,
    roles_for,
)
from central.core.rights import Right
from central.grounds.document_files import DocumentFiles
from central.papers.fonts import FontsMissing
from central.papers.issuing import Issuer, SignatureBroken
from central.papers.signed import KeyUnusable
from central.papers.wording import NoSuchPaper
from central.signature.provider import SigningRefused
from central.store import accounts, kept_papers, papers
from central.store.copies import Copy
from central.store.engine import reading
from central.store.kept_papers import KEPT_KINDS, KeptFilter
from central.store.papers import Paper

router = APIRouter()
_log = logging.getLogger(__name__)
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]


def copying_of(console: Console) -> Copying:
    """What makes and opens copies of this centre."""
    return Copying(console.engine, DocumentFiles.from_config(console.config), console.trust, console.signed_papers)


def issuer_of(console: Console, visitor: Visitor) -> Issuer:
    """The visitor as who issues papers and copies."""
    return Issuer(
        visitor.account.account_id,
        console.clock(),
        visitor.look.zone,
        console.config.http.public_url,
        console.config.generation,
        console.config.decisions.breath_examination_mg_per_l,
    )


def note_copy(connection: Connection, console: Console, visitor: Visitor, entry: Paper, item: Copy) -> None:
    """Write into the access log that a copy was made."""
    detail = {"kind": entry.kind, "number": entry.number, "year": entry.year, "copy": item.copy_no, "role": item.role}
    if item.ground:
        detail["beyond_norm"] = True
    note(connection, console, visitor, "copy.make", entry.exam_id, org=item.org, detail=detail)


@router.get("/conclusions/{paper_id}")
def show_conclusion(request: Request, paper_id: str, visitor: Keeper) -> Response:
    """One conclusion, its copies, and what the norm says."""
    return _conclusion_page(request, visitor, paper_id)


@router.post("/conclusions/{paper_id}/copies")
def make_copy(
    request: Request, paper_id: str, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]
) -> Response:
    """Make the next copy."""
    console, typed = console_of(request), Typed(typed_fields(form))
    with reading(console.engine) as connection:
        entry = kept(connection, visitor, paper_id)
    wish = CopyWish(typed.one("role"), typed.one("form"), typed.one("ground").strip())
    try:
        copying_of(console).make(
            entry,
            wish,
            issuer_of(console, visitor),
            lambda connection, item: note_copy(connection, console, visitor, entry, item),
        )
    except CopyRefused as error:
        if error.field:
            return _conclusion_page(request, visitor, paper_id, 422, typed, faults={error.field: error.code})
        return _conclusion_page(request, visitor, paper_id, 409, typed, notice=f"copy.fault.{error.code}")
    except NoSuchPaper as error:
        return _conclusion_page(request, visitor, paper_id, 409, typed, notice=f"paper.no_{error.code}")
    except SignatureBroken:
        return _conclusion_page(request, visitor, paper_id, 409, typed, notice="paper.broken")
    except KeyUnusable as error:
        _log.error("the organisation's key cannot sign: %s", error)
        return _conclusion_page(request, visitor, paper_id, 409, typed, notice="paper.no_key")
    except SigningRefused:
        return _conclusion_page(request, visitor, paper_id, 409, typed, notice="paper.no_stamp")
    except FontsMissing:
        return _conclusion_page(request, visitor, paper_id, 500, typed, notice="paper.no_fonts")
    return RedirectResponse(f"/conclusions/{paper_id}", 303)


def _conclusion_page(
    request: Request,
    visitor: Visitor,
    paper_id: str,
    status: int = 200,
    typed: Typed | None = None,
    *,
    faults: dict[str, str] | None = None,
    notice: str = "",
) -> Response:
    console, language = console_of(request), visitor.look.language
    with reading(console.engine) as connection:
        entry = kept(connection, visitor, paper_id)
        (item,) = kept_papers.listed(connection, KeptFilter((entry.org,), paper_id=paper_id))
        lines = copy_lines(connection, [paper_id]).get(paper_id, [])
        people = people_of(connection, {line.item.made_by for line in lines})
    note_alone(console, visitor, "exam.read", item.exam_id, org=item.org)
    return page(
        request,
        "conclusion.html",
        visitor,
        status,
        item=item,
        lines=[(line, line.where(language)) for line in lines],
        counts=standing(item.kind, lines, norms_of([item.org])[item.org]),
        norm=norm_of(item.org, item.kind),
        roles=roles_for(item.kind),
        forms=FORMS,
        people=people,
        typed=typed or Typed({}),
        faults=faults or {},
        notice=notice,
        most=MOST_WORDS,
    )


def kept(connection: Connection, visitor: Visitor, paper_id: str) -> Paper:
    """The paper, where it is the visitor's and one of those that are kept; else 404."""
    found = own_or_404(visitor, papers.find(connection, paper_id))
    if found.kind not in KEPT_KINDS:
        raise HTTPException(404)
    return found


def people_of(connection: Connection, account_ids: set[str]) -> dict[str, str]:
    """Names by account; an erased one has none."""
    known = [accounts.by_id(connection, one) for one in account_ids]
    return {one.account_id: one.full_name for one in known if one is not None}
