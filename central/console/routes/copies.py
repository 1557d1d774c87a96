"""One copy of a conclusion: what happened to it, what may happen next, its bytes.

GET /conclusions/copies/{copy_id} takes `kind`, the move whose form is shown. POST to it takes `kind` and the fields of `MoveDraft`:
303 (of a loss or of damage to the act that was drafted with it), 422 with what is at fault, 409 where that move is not possible.
GET /conclusions/copies/{copy_id}/file: the PDF.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.conclusions.moving import MoveFaults, Mover, move
from central.console.access_log import note, note_alone
from central.console.act_view import act_title
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.copy_view import copy_lines, open_act
from central.console.guard import form_of, typed_fields
from central.console.routes.conclusion import Keeper, copying_of, kept, people_of
from central.console.typed import Typed
from central.core.copy_rules import (
    MOST_NAME,
    MOST_PLACE,
    MOST_WORDS,
    RECEIPTS,
    RECEIVERS,
    WAYS,
    MoveDraft,
    MoveRefused,
    moves_from,
)
from central.core.days import day_of, parse_day
from central.grounds.document_files import DocumentLost
from central.store import acts, copies, kept_papers
from central.store.copies import NumberTaken
from central.store.engine import reading, writing
from central.store.kept_papers import KeptFilter

router = APIRouter()


@router.get("/conclusions/copies/{copy_id}")
def show_copy(request: Request, copy_id: str, visitor: Keeper) -> Response:
    """One copy, what happened to it, and what may happen next."""
    return _copy_page(request, visitor, copy_id)


@router.post("/conclusions/copies/{copy_id}")
def move_copy(request: Request, copy_id: str, visitor: Keeper, form: Annotated[FormData, Depends(form_of)]) -> Response:
    """Write down what happened to a copy."""
    console, typed = console_of(request), Typed(typed_fields(form))
    draft = _draft(typed)
    mover = Mover(visitor.account.account_id, console.clock(), visitor.look.zone, console.registry.seal_contact)
    try:
        with writing(console.engine) as connection:
            item = own_or_404(visitor, copies.find(connection, copy_id))
            made = move(connection, item, draft, mover)
            entry = kept(connection, visitor, item.paper_id)
            detail = {"number": entry.number, "year": entry.year, "copy": item.copy_no, "move": made.kind}
            note(connection, console, visitor, "copy.move", entry.exam_id, org=item.org, detail=detail)
            act = acts.find(connection, made.document_id) if made.document_id else None
            if act is not None:
                drafted = {"number": act.number, "year": act.year}
                note(connection, console, visitor, "act.draft", act.act_id, org=item.org, detail=drafted)
    except MoveFaults as error:
        return _copy_page(request, visitor, copy_id, 422, typed, faults=error.faults)
    except MoveRefused as error:
        return _copy_page(request, visitor, copy_id, 409, typed, notice=f"copy.refused.{error.code}")
    except NumberTaken:
        return _copy_page(request, visitor, copy_id, 409, typed, notice="copy.refused.meanwhile")
    # An act waits for its two signatures: it is what comes next.
    return RedirectResponse(f"/conclusions/acts/{act.act_id}" if act else f"/conclusions/copies/{copy_id}", 303)


@router.get("/conclusions/copies/{copy_id}/file")
def open_copy(request: Request, copy_id: str, visitor: Keeper) -> Response:
    """The PDF of a copy: the same bytes each time."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = own_or_404(visitor, copies.find(connection, copy_id))
        entry = kept(connection, visitor, item.paper_id)
    try:
        content = copying_of(console).open(item)
    except DocumentLost as error:
        raise HTTPException(410) from error
    detail = {"number": entry.number, "year": entry.year, "copy": item.copy_no}
    note_alone(console, visitor, "copy.open", entry.exam_id, org=item.org, detail=detail)
    name = f"{entry.kind}-{entry.year}-{entry.number}-{item.copy_no}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/conclusions/copies/{copy_id}/signature")
def copy_signature(request: Request, copy_id: str, visitor: Keeper) -> Response:
    """The organisation's signature that stands beside the PDF (.sig); 404 where it is inside."""
    with reading(console_of(request).engine) as connection:
        item = own_or_404(visitor, copies.find(connection, copy_id))
        entry = kept(connection, visitor, item.paper_id)
    if not item.signature:
        raise HTTPException(404)
    name = f"{entry.kind}-{entry.year}-{entry.number}-{item.copy_no}.pdf.sig"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(item.signature, media_type="application/pkcs7-signature", headers=headers)


def _draft(typed: Typed) -> MoveDraft:
    said = {
        name: typed.one(name).strip()
        for name in (
            "receiver_name",
            "receiver_kind",
            "way",
            "receipt",
            "document",
            "note",
            "inventory_no",
            "place",
            "keeper",
        )
    }
    kind = typed.one("kind")
    wanted = _FIELDS.get(kind, ())
    return MoveDraft(
        kind,
        parse_day(typed.one("on_day")),
        due_back=parse_day(typed.one("due_back")) if "due_back" in wanted else None,
        is_damaged=kind == "return" and typed.one("is_damaged") == "1",
        # A field of another move that the page keeps out of sight says nothing of this one.
        **{name: value for name, value in said.items() if name in (*wanted, "note", "document")},
    )


_RECEIVER = ("receiver_name", "receiver_kind", "way", "receipt", "due_back")
_FIELDS: dict[str, tuple[str, ...]] = {
    "issue": _RECEIVER,
    "transfer": _RECEIVER,
    "return": ("is_damaged",),
    "loss": (),
    "destroy": (),
    "archive_in": ("inventory_no", "place", "keeper"),
    "archive_out": _RECEIVER,
}
"""By move: its fields beside day, document and note."""


def _copy_page(
    request: Request,
    visitor: Visitor,
    copy_id: str,
    status: int = 200,
    typed: Typed | None = None,
    *,
    faults: dict[str, str] | None = None,
    notice: str = "",
) -> Response:
    console = console_of(request)
    with reading(console.engine) as connection:
        found = own_or_404(visitor, copies.find(connection, copy_id))
        kept(connection, visitor, found.paper_id)
        (item,) = kept_papers.listed(connection, KeptFilter((found.org,), paper_id=found.paper_id))
        line = next(one for one in copy_lines(connection, [found.paper_id])[found.paper_id] if one.item == found)
        people = people_of(connection, {found.made_by, *(one.account_id for one in line.moves)})
        found_again = open_act(connection, line.moves)
        drafted = {one.document_id: acts.find(connection, one.document_id) for one in line.moves if one.document_id}
    note_alone(console, visitor, "exam.read", item.exam_id, org=item.org)
    open_name = console.registry.open_contact
    possible = moves_from(line.state, found.form)
    asked = (typed.one("kind") if typed else "") or request.query_params.get("kind", "")
    return page(
        request,
        "copy.html",
        visitor,
        status,
        item=item,
        line=line,
        where=line.where(visitor.look.language),
        moves=[(one, open_name(one.receiver_sealed) if one.receiver_sealed else "") for one in line.moves],
        acts={name: act_title(one, visitor.look.language) for name, one in drafted.items() if one is not None},
        found_again=found_again,
        possible=possible,
        kind=asked if asked in possible else "",
        fields=_FIELDS,
        receivers=RECEIVERS,
        ways=WAYS,
        receipts=RECEIPTS,
        people=people,
        typed=typed or Typed({}),
        faults=faults or {},
        notice=notice,
        today=day_of(console.clock()),
        most=MOST_WORDS,
        most_name=MOST_NAME,
        most_place=MOST_PLACE,
    )
