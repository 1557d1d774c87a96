"""Acts of a loss, of damage, of destruction, of an inventory: the list, one act, and the two signatures of two people.

GET /conclusions/acts takes `kind`. POST /conclusions/acts drafts one: `kind` (loss | damage | inventory), `reason`, `basis`,
`lines` (one thing a line), `of_org` where the account has several organisations, `csrf`: 303 to the act, 422 with what is at
fault. POST /conclusions/acts/{act_id}/sign `seen` (hash of the act as the page showed it), `csrf`: 303 to the act when signed,
303 to /signature when the key is closed, 409 when the act cannot be signed (changed, withdrawn, complete, signed by the same
person), 403 when the register forbids signing. POST …/signature `nonce`, `cms` (base64), `csrf`: the signature that the
workplace has made. POST …/withdrawal `reason`, `csrf`: takes a draft back. GET …/file: the act, a PDF. GET …/parts/{name}:
record.json, signature-1.cms, signature-2.cms, for `openssl cms -verify`.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.act_view import ShownAct, act_paper, act_title, lines_of, signature_words
from central.console.at_workplace import errand, reach_out
from central.console.closed_key import must_be_opened
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.passport import paper_answer
from central.console.routes.waybills import signatory
from central.console.routes.workplace import awaited_of, cms_of
from central.console.typed import Typed
from central.core.rights import Right
from central.core.text_cleaning import clean_line
from central.deciding.act_signing import ActDraft, ActRefused, act_signed_by, draft_act, seen_of
from central.deciding.medics import RegisterFault, check_register
from central.deciding.workplace import AwaitedSignature
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import RemoteKey
from central.store import accounts, acts, deletions, holds
from central.store.acts import KINDS, Act
from central.store.deletions import Deletion
from central.store.engine import reading, writing

router = APIRouter()
SHOWN = 300
"""So many acts stand on the page."""
ROWS_SHOWN = 500
"""So many lines of an act stand on its page; the paper has all of them."""
MOST_REASON_CHARS = 300
MOST_LINES = 200
DRAFTED = ("loss", "damage", "inventory")
"""Kinds that are drafted by hand; an act of destruction names files whose term is over."""
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONCLUSIONS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/conclusions/acts")
def show_acts(request: Request, visitor: Keeper, kind: str = "") -> Response:
    """All acts, the newest first."""
    return acts_page(request, visitor, kind)


def acts_page(
    request: Request,
    visitor: Visitor,
    kind: str = "",
    *,
    status: int = 200,
    typed: Typed | None = None,
    faults: dict[str, str] | None = None,
) -> Response:
    """The list, and the form of a new act."""
    console, orgs = console_of(request), visitor.account.orgs
    chosen = kind if kind in KINDS else ""
    with reading(console.engine) as connection:
        shown = _shown(connection, acts.listed(connection, orgs, SHOWN, chosen))
    for org in orgs or (None,):
        note_alone(console, visitor, "acts.read", org=org, detail={"rows": len(shown)})
    return page(
        request,
        "acts.html",
        visitor,
        status,
        acts=shown,
        kinds=KINDS,
        kind=chosen,
        drafted=DRAFTED,
        typed=typed or Typed({}),
        faults=faults or {},
        most=MOST_REASON_CHARS,
    )


@router.post("/conclusions/acts")
def draft(request: Request, visitor: Keeper, form: Form) -> Response:
    """Draw up an act of things that are named in words."""
    console, typed = console_of(request), Typed(typed_fields(form))
    org, kind = visitor.org_of(typed.one("of_org")), typed.one("kind")
    reason, basis = clean_line(typed.one("reason")), clean_line(typed.one("basis"))
    things = [line for line in map(clean_line, typed.one("lines").splitlines()) if line]
    faults = {} if kind in DRAFTED else {"kind": "choose"}
    faults |= {} if org is not None else {"of_org": "choose"}
    faults |= _too_long(reason, "reason") | (_too_long(basis, "basis") if basis else {})
    if not things or len(things) > MOST_LINES or any(len(one) > MOST_REASON_CHARS for one in things):
        faults["lines"] = "needed" if not things else "too_long"
    if faults or org is None:
        return acts_page(request, visitor, status=422, typed=typed, faults=faults)
    about = ActDraft(org, kind, ("what",), [{"what": one} for one in things], reason, basis)
    with writing(console.engine) as connection:
        item = draft_act(connection, about, visitor.account.account_id, console.clock(), visitor.look.zone)
        detail = {"number": item.number, "year": item.year}
        note(connection, console, visitor, "act.draft", item.act_id, org=org, detail=detail)
    return RedirectResponse(f"/conclusions/acts/{item.act_id}", status_code=303)


def _too_long(words: str, name: str) -> dict[str, str]:
    if not words:
        return {name: "needed"}
    return {name: "too_long"} if len(words) > MOST_REASON_CHARS else {}


@router.get("/conclusions/acts/{act_id}")
def show_act(request: Request, act_id: str, visitor: Keeper) -> Response:
    """One act."""
    return act_page(request, visitor, act_id)


@router.post("/conclusions/acts/{act_id}/sign")
def sign_act(request: Request, act_id: str, visitor: Keeper, form: Form) -> Response:
    """Sign what the page showed."""
    console, seen = console_of(request), str(form.get("seen", ""))

    def work() -> Response:
        medic_id = visitor.account.medic_id or ""
        with reading(console.engine) as connection:
            check_register(connection, medic_id, console.clock(), frmr_valid_days=console.frmr_valid_days)
            item = own_or_404(visitor, acts.find(connection, act_id))
        provider = console.vault.get(visitor.session.session_id, medic_id)
        if not isinstance(provider, RemoteKey):
            console.acts.sign(act_id, seen, signatory(visitor), provider)
            return _signed(request, act_id)
        paper = console.acts.prepare(act_id, seen, signatory(visitor), provider)
        awaited = AwaitedSignature("decide", medic_id, paper.content, act=paper)
        note_alone(console, visitor, "act.read", act_id, org=item.org)
        answer = page(
            request,
            "sign.html",
            visitor,
            errand=errand(console, visitor, awaited, provider.holder, provider.certificate),
            answer_to=f"/conclusions/acts/{act_id}/signature",
            back_to=f"/conclusions/acts/{act_id}",
            title=False,
            paper="",
            passport=False,
            act=act_title(item, visitor.look.language),
            port=console.config.signer.port,
        )
        return reach_out(console, answer, (provider.holder,))

    return _answered(request, visitor, act_id, work)


@router.post("/conclusions/acts/{act_id}/signature")
def take_act_signature(request: Request, act_id: str, visitor: Keeper, form: Form) -> Response:
    """The signature that was made at the workplace: verified over the exact record, then stored."""
    console = console_of(request)
    with reading(console.engine) as connection:
        own_or_404(visitor, acts.find(connection, act_id))
    item = awaited_of(console, visitor, form)
    paper = item.act if item is not None else None
    if paper is None or paper.act_id != act_id:
        return act_page(request, visitor, act_id, 409, notice="workplace.late")

    def work() -> Response:
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        console.acts.complete(paper, signatory(visitor), provider.certificate, cms_of(form))
        return _signed(request, act_id)

    return _answered(request, visitor, act_id, work)


@router.post("/conclusions/acts/{act_id}/withdrawal")
def withdraw_act(request: Request, act_id: str, visitor: Keeper, form: Form) -> Response:
    """Take a draft back."""
    console, reason = console_of(request), clean_line(str(form.get("reason", "")))
    with reading(console.engine) as connection:
        own_or_404(visitor, acts.find(connection, act_id))
    if faults := _too_long(reason, "reason"):
        return act_page(request, visitor, act_id, 422, faults=faults)
    try:
        console.acts.withdraw(act_id, reason, signatory(visitor))
    except ActRefused as error:
        return act_page(request, visitor, act_id, 409, notice=f"acts.cannot.{error.code}")
    return RedirectResponse(f"/conclusions/acts/{act_id}", status_code=303)


@router.get("/conclusions/acts/{act_id}/file")
def print_act(request: Request, act_id: str, visitor: Keeper) -> Response:
    """The act on paper. 409 where a signature does not hold."""
    console = console_of(request)
    with reading(console.engine) as connection:
        (shown,) = _shown(connection, [own_or_404(visitor, acts.find(connection, act_id))])
    if any(act_signed_by(shown.item, one, console.trust) is None for one in shown.signatures):
        raise HTTPException(409)
    content = act_paper(shown, console.config.generation, visitor.look.zone)
    note_alone(console, visitor, "act.print", act_id, org=shown.item.org)
    return paper_answer(content, f"act-{shown.item.number}-{shown.item.year}.pdf")


@router.get("/conclusions/acts/{act_id}/parts/{name}")
def download_part(request: Request, act_id: str, name: str, visitor: Keeper) -> Response:
    """The signed bytes, or one of the signatures over them."""
    console = console_of(request)
    with reading(console.engine) as connection:
        (shown,) = _shown(connection, [own_or_404(visitor, acts.find(connection, act_id))])
    parts = {"record.json": shown.item.record}
    parts |= {f"signature-{one.place}.cms": one.cms for one in shown.signatures}
    if name not in parts:
        raise HTTPException(404)
    note_alone(console, visitor, "act.print", act_id, org=shown.item.org)
    kind = "application/json" if name == "record.json" else "application/cms"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(parts[name], media_type=kind, headers=headers)


def act_page(
    request: Request,
    visitor: Visitor,
    act_id: str,
    status: int = 200,
    *,
    notice: str = "",
    notice_code: str = "",
    faults: dict[str, str] | None = None,
) -> Response:
    """The act, with the button that signs it for whoever still may."""
    console, look = console_of(request), visitor.look
    path = f"/conclusions/acts/{act_id}"
    with reading(console.engine) as connection:
        (shown,) = _shown(connection, [own_or_404(visitor, acts.find(connection, act_id))])
        draft = accounts.get_draft(connection, visitor.session.session_id)
        drafter = accounts.by_id(connection, shown.item.drafted_by)
        became = deletions.of_act(connection, act_id)
        kept = [one for one in became if one.result == "held"][:ROWS_SHOWN]
        placed = {one.hold_id: holds.find(connection, one.hold_id) for one in kept}
    if draft is not None and draft["path"] == path:
        # The key was opened for this.
        with writing(console.engine) as connection:
            accounts.set_draft(connection, visitor.session.session_id, None)
    note_alone(console, visitor, "act.read", act_id, org=shown.item.org)
    headings, rows = lines_of(shown, look.language)
    mine = {visitor.account.account_id, visitor.account.medic_id}
    return page(
        request,
        "act.html",
        visitor,
        status,
        shown=shown,
        content=shown.content,
        title=act_title(shown.item, look.language),
        path=path,
        headings=headings,
        rows=rows[:ROWS_SHOWN],
        carried_out=_carried_out(shown, became),
        held=[(one, hold.basis if (hold := placed[one.hold_id]) is not None else "—") for one in kept],
        seen=seen_of(shown.item),
        signed=[signature_words(one, look.language, look.zone) for one in shown.signatures],
        is_open=shown.state in {"draft", "half_signed"},
        is_mine=any({one.account_id, one.medic_id} & mine for one in shown.signatures),
        has_key=visitor.account.medic_id is not None,
        drafter=drafter.full_name if drafter is not None else "—",
        notice=notice,
        notice_code=notice_code,
        faults=faults or {},
        most=MOST_REASON_CHARS,
    )


def _carried_out(shown: ShownAct, became: list[Deletion]) -> dict[str, int]:
    """How many files went, were kept, were not there, and still wait; empty for other acts and those without force."""
    if shown.kind != "destruction" or shown.state != "in_force":
        return {}
    counts = {name: sum(one.result == name for one in became) for name in deletions.RESULTS}
    return {name: count for name, count in (counts | {"waiting": shown.rows - len(became)}).items() if count}


def _shown(connection: Connection, items: list[Act]) -> list[ShownAct]:
    ids = [one.act_id for one in items]
    signatures, withdrawals = acts.signatures_of(connection, ids), acts.withdrawals_of(connection, ids)
    return [ShownAct(one, tuple(signatures.get(one.act_id, ())), withdrawals.get(one.act_id)) for one in items]


def _signed(request: Request, act_id: str) -> Response:
    console_of(request).wake()
    return RedirectResponse(f"/conclusions/acts/{act_id}", status_code=303)


def _answered(request: Request, visitor: Visitor, act_id: str, work: Callable[[], Response]) -> Response:
    """What `work` answers, or the act with what has kept it from being signed."""
    console = console_of(request)
    try:
        return work()
    except ActRefused as error:
        if error.code == "unknown":
            raise HTTPException(404) from error
        return act_page(request, visitor, act_id, 409, notice=f"acts.cannot.{error.code}")
    except RegisterFault:
        return act_page(request, visitor, act_id, 403, notice="signature.cannot_sign")
    except SigningRefused as error:
        if not must_be_opened(console, visitor, error):
            return act_page(request, visitor, act_id, 403, notice="signature.cannot_sign")
        with writing(console.engine) as connection:
            draft = {"path": f"/conclusions/acts/{act_id}", "fields": {}}
            accounts.set_draft(connection, visitor.session.session_id, draft)
        return RedirectResponse("/signature", status_code=303)
    except SignatureError as error:
        return act_page(request, visitor, act_id, 403, notice="acts.signature_wrong", notice_code=error.code)
