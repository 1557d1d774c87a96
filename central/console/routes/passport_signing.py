"""The sanitary passport, signed by a medic: what the page showed, with the key in the centre or at the medic's workplace.

POST /workers/{worker_id}/passport/sign `seen` (hash of what the page showed), `csrf`: 303 to the page when signed, 303 to
/signature when the key is closed, 409 when the passport says something else by now, 403 when the register forbids signing. POST
/workers/{worker_id}/passport/signature `nonce`, `cms` (base64), `csrf`: the signature that the workplace has made. GET
/workers/{worker_id}/passport/signed/file: the paper as it was signed last, a PDF; 404 where there is none, 409 where its signature
does not verify.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.at_workplace import errand, reach_out
from central.console.closed_key import must_be_opened
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.passport_view import Chosen, content_of, passport, passport_paper, seen_of, signed_paper
from central.console.routes.consents import own_worker
from central.console.routes.passport import paper_answer, passport_page
from central.console.routes.waybills import signatory
from central.console.routes.workplace import awaited_of, cms_of
from central.core.days import day_of
from central.core.rights import Right
from central.deciding.medics import RegisterFault, check_register
from central.deciding.passport_signing import PassportRefused, passport_signed_by
from central.deciding.workplace import AwaitedSignature
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import RemoteKey
from central.store import accounts, passport_records
from central.store.engine import reading, writing

router = APIRouter()
Medic = Annotated[Visitor, Depends(Guard(Right.DECIDE))]
Form = Annotated[FormData, Depends(form_of)]


@router.post("/workers/{worker_id}/passport/sign")
def sign_passport(request: Request, worker_id: str, visitor: Medic, form: Form) -> Response:
    """Sign what the page showed, unless it says something else by now."""
    console = console_of(request)
    with reading(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        shown = passport(connection, worker, day_of(console.clock()), Chosen())
        content = content_of(passport_paper(connection, worker, shown, "", console.config.generation))
    if seen_of(content) != str(form.get("seen", "")):
        return passport_page(request, visitor, worker_id, 409, notice="passport.changed")

    def work() -> Response:
        medic_id = visitor.account.medic_id or ""
        with reading(console.engine) as connection:
            check_register(connection, medic_id, console.clock(), frmr_valid_days=console.frmr_valid_days)
        provider = console.vault.get(visitor.session.session_id, medic_id)
        if not isinstance(provider, RemoteKey):
            console.passports.sign(worker_id, content, signatory(visitor), provider)
            return RedirectResponse(f"/workers/{worker_id}/passport?signed=1", status_code=303)
        paper = console.passports.prepare(worker_id, content, signatory(visitor), provider)
        awaited = AwaitedSignature("decide", medic_id, paper.content, passport=paper)
        with writing(console.engine) as connection:
            # The page holds the whole record.
            note(connection, console, visitor, "passport.read", worker_id, org=worker["org"])
        answer = page(
            request,
            "sign.html",
            visitor,
            errand=errand(console, visitor, awaited, provider.holder, provider.certificate),
            answer_to=f"/workers/{worker_id}/passport/signature",
            back_to=f"/workers/{worker_id}/passport",
            title=False,
            paper="",
            passport=True,
            act="",
            name=worker["full_name"],
            port=console.config.signer.port,
        )
        return reach_out(console, answer, (provider.holder,))

    return _answered(request, visitor, worker_id, work)


@router.post("/workers/{worker_id}/passport/signature")
def take_signature(request: Request, worker_id: str, visitor: Medic, form: Form) -> Response:
    """The signature that was made at the workplace: verified over the exact record, then stored."""
    console = console_of(request)
    with reading(console.engine) as connection:
        own_worker(connection, visitor, worker_id)
    item = awaited_of(console, visitor, form)
    paper = item.passport if item is not None else None
    if paper is None or paper.worker_id != worker_id:
        return passport_page(request, visitor, worker_id, 409, notice="workplace.late")

    def work() -> Response:
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        console.passports.complete(paper, signatory(visitor), provider.certificate, cms_of(form))
        return RedirectResponse(f"/workers/{worker_id}/passport?signed=1", status_code=303)

    return _answered(request, visitor, worker_id, work)


@router.get("/workers/{worker_id}/passport/signed/file")
def print_signed(
    request: Request, worker_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))]
) -> Response:
    """The paper as it was signed last."""
    console = console_of(request)
    with writing(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
        item = passport_records.newest(connection, worker_id)
        if item is None:
            raise HTTPException(404)
        if passport_signed_by(item, console.trust) is None:
            raise HTTPException(409)
        code = console.outgoing.sign_worker_code(worker_id)
        content = signed_paper(item, code, visitor.look.zone)
        note(connection, console, visitor, "passport.print", worker_id, org=worker["org"])
    return paper_answer(content, f"passport-{item.record_id[-12:]}.pdf")


def _answered(request: Request, visitor: Visitor, worker_id: str, work: Callable[[], Response]) -> Response:
    """What `work` answers, or the page with what has kept the passport from being signed."""
    console = console_of(request)
    try:
        return work()
    except PassportRefused as error:
        raise HTTPException(404) from error
    except RegisterFault:
        return passport_page(request, visitor, worker_id, 403, notice="signature.cannot_sign")
    except SigningRefused as error:
        if not must_be_opened(console, visitor, error):
            return passport_page(request, visitor, worker_id, 403, notice="signature.cannot_sign")
        with writing(console.engine) as connection:
            draft = {"path": f"/workers/{worker_id}/passport", "fields": {}}
            accounts.set_draft(connection, visitor.session.session_id, draft)
        return RedirectResponse("/signature", status_code=303)
    except SignatureError as error:
        return passport_page(
            request, visitor, worker_id, 403, notice="conflict.signature_of_paper", notice_code=error.code
        )
