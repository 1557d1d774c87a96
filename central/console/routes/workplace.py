"""Keys at the medics' workplaces: proofs that they are there, certificates that medics offer, signatures that come back.

Form fields: POST /signature/errand `purpose` (open | enrol), `holder` (workplace | plugin), `csrf`: JSON for the page's script.
POST /signature/proof and POST /exams/{exam_id}/signature `nonce`, `cms` (base64), `csrf`.
POST /registers/medics/{entry_id}/offer `action` (accept | decline), `certificate` (its SHA-256, as shown), `csrf`.
GET /signature/plugin.js: the operator's copy of the plug-in's script.
"""

import base64
import binascii
from dataclasses import asdict, replace
from typing import Annotated

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.at_workplace import proof_errand
from central.console.context import Console, Visitor, console_of, own_or_404
from central.console.guard import Guard, form_of
from central.console.routes.account import register_entry, signature_page
from central.console.routes.decide import after, answered, sign_page
from central.console.routes.exam import exam_page
from central.console.routes.waybills import signatory, title_answered
from central.console.routes.written import paper_answered
from central.core.rights import Right
from central.deciding.medics import take_offered_key
from central.deciding.paper_to_sign import PaperToSign
from central.deciding.title_to_sign import TitleToSign
from central.deciding.workplace import AwaitedSignature, check_name, proved_certificate
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import REMOTE, WORKPLACE, RemoteKey
from central.store import accounts, key_offers, medics, register_changes
from central.store.engine import reading, writing
from central.store.key_offers import KeyOffer
from central.store.register_changes import Author

router = APIRouter()

MAX_CMS_CHARS = 60_000
Form = Annotated[FormData, Depends(form_of)]
Medic = Annotated[Visitor, Depends(Guard(Right.DECIDE))]


@router.post("/signature/errand")
def ask_for_proof(request: Request, visitor: Medic, form: Form) -> Response:
    """Words for the key to sign, to show that it is there."""
    console = console_of(request)
    purpose, holder = str(form.get("purpose", "")), str(form.get("holder", ""))
    if purpose not in {"open", "enrol"} or holder not in holders_of(console):
        raise HTTPException(404)
    with reading(console.engine) as connection:
        entry, faults = register_entry(connection, visitor, console.clock(), console.frmr_valid_days)
    # A certificate that has ended or is missing is what a new one is offered for.
    if entry is None or (faults and purpose == "open"):
        return JSONResponse({"error": "register"}, status_code=403)
    if purpose == "open" and entry.key_provider != holder:
        raise HTTPException(404)
    return JSONResponse(asdict(proof_errand(console, visitor, entry, holder, enrols=purpose == "enrol")))


@router.post("/signature/proof")
def prove(request: Request, visitor: Medic, form: Form) -> Response:
    """Open the key of this session, or offer its certificate to the register."""
    console = console_of(request)
    item = awaited_of(console, visitor, form)
    if item is None or item.purpose == "decide":
        return _refused(request, visitor, "late")
    now = console.clock()
    with reading(console.engine) as connection:
        entry, faults = register_entry(connection, visitor, now, console.frmr_valid_days)
    if entry is None or entry.medic_id != item.medic_id or (faults and item.purpose == "open"):
        return _refused(request, visitor, "register")
    try:
        certificate = proved_certificate(cms_of(form), item.content, console.trust.anchors(), now)
        if item.purpose == "open" and certificate != x509.load_pem_x509_certificate(entry.certificate_pem):
            return _refused(request, visitor, "wrong_certificate")
        check_name(certificate, entry.full_name)
    except SignatureError as error:
        return _refused(request, visitor, "other_name" if error.code == "wrong_signer" else "not_proved", error.code)
    holder = str(form.get("holder", ""))
    if item.purpose == "open":
        console.vault.put(visitor.session.session_id, entry.medic_id, RemoteKey(certificate, entry.key_provider))
        note_alone(console, visitor, "signature.open", entry.medic_id, detail={"by": entry.key_provider})
        with reading(console.engine) as connection:
            draft = accounts.get_draft(connection, visitor.session.session_id)
        return RedirectResponse(draft["path"].removesuffix("/decision") if draft else "/queue", status_code=303)
    if holder not in holders_of(console):
        raise HTTPException(404)
    pem = certificate.public_bytes(Encoding.PEM)
    with writing(console.engine) as connection:
        key_offers.put(connection, KeyOffer(entry.medic_id, pem, holder, now, visitor.account.account_id))
        note(connection, console, visitor, "signature.offer", entry.medic_id, org=entry.org)
    return RedirectResponse("/signature?offered=1", status_code=303)


@router.post("/exams/{exam_id}/signature")
def take_signature(request: Request, exam_id: str, visitor: Medic, form: Form) -> Response:
    """The signature of a decision, made at the workplace: verified over the exact record, then stored and sent in one act."""
    console = console_of(request)
    item = awaited_of(console, visitor, form)
    if item is not None and item.title is not None:
        return _take_title(request, visitor, exam_id, item.title, form)
    if item is not None and item.paper is not None and item.paper.exam_id == exam_id:
        return _take_paper(request, visitor, item.paper, form)
    if item is None or item.decision is None or item.decision.draft.exam_id != exam_id:
        note_alone(console, visitor, "signature.refused", exam_id, detail={"code": "late"})
        return exam_page(request, visitor, exam_id, status=409, notice="workplace.late")
    prepared = item.decision

    def work() -> Response:
        cms, record_cms = cms_of(form), item.decision_signature
        if prepared.title is not None and record_cms is None:
            # One press of the button, two signatures: the record's is here, the title's is fetched at once.
            provider = console.vault.get(visitor.session.session_id, item.medic_id)
            if not isinstance(provider, RemoteKey):
                raise SigningRefused("locked", "the key was closed meanwhile")
            awaited = replace(item, content=prepared.title.content, decision_signature=cms)
            return sign_page(request, visitor, exam_id, awaited, provider, prepared.draft.outcome)
        if record_cms is None:
            console.decisions.complete(prepared, cms)
        else:
            console.decisions.complete(prepared, record_cms, cms)
        with writing(console.engine) as connection:
            accounts.set_draft(connection, visitor.session.session_id, None)
        return RedirectResponse(after(request, visitor, prepared.draft, to_next=item.to_next), 303)

    return answered(request, visitor, exam_id, None, work)


def _take_title(request: Request, visitor: Visitor, exam_id: str, title: TitleToSign, form: FormData) -> Response:
    console = console_of(request)

    def work() -> Response:
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        console.titles.complete(exam_id, title, signatory(visitor), provider.certificate, cms_of(form))
        return RedirectResponse(f"/exams/{exam_id}", 303)

    return title_answered(request, visitor, exam_id, work)


def _take_paper(request: Request, visitor: Visitor, paper: PaperToSign, form: FormData) -> Response:
    console = console_of(request)

    def work() -> Response:
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        console.papers.complete(paper, signatory(visitor), provider.certificate, cms_of(form))
        with writing(console.engine) as connection:
            accounts.set_draft(connection, visitor.session.session_id, None)
        return RedirectResponse(f"/exams/{paper.exam_id}", 303)

    return paper_answered(request, visitor, paper.exam_id, paper.kind, None, work)


@router.get("/signature/plugin.js")
def plugin_script(request: Request, _visitor: Medic) -> Response:
    """The maker's script of the browser's plug-in, as the operator has put it here."""
    file = console_of(request).config.signer.plugin_script_file
    if file is None or not file.is_file():
        raise HTTPException(404)
    return FileResponse(file, media_type="text/javascript")


@router.post("/registers/medics/{entry_id}/offer")
def settle_offer(
    request: Request, entry_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_MEDICS))], form: Form
) -> Response:
    """Enter the certificate that a medic has offered, or decline it."""
    console = console_of(request)
    action = str(form.get("action", ""))
    if action not in {"accept", "decline"}:
        raise HTTPException(404)
    with writing(console.engine) as connection:
        entry = medics.find(connection, entry_id)
        own_or_404(visitor, None if entry is None else asdict(entry))
        offer = key_offers.take(connection, entry_id)
        if entry is None or offer is None or str(form.get("certificate", "")) != offer.certificate_sha256:
            raise HTTPException(404)
        if action == "accept":
            now = console.clock()
            after_ = take_offered_key(connection, entry, offer, now)
            author = Author(visitor.account.account_id, now)
            changes = [(entry_id, asdict(entry), after_)]
            register_changes.note(connection, author, "medics", entry.org, changes)
        note(
            connection,
            console,
            visitor,
            "medic.key" if action == "accept" else "medic.key_declined",
            entry_id,
            org=entry.org,
        )
    if action == "accept":
        console.vault.close_of(entry_id)
    return RedirectResponse(f"/registers/medics/{entry_id}?saved=1", status_code=303)


def holders_of(console: Console) -> tuple[str, ...]:
    """Holders of keys at workplaces that this centre knows."""
    return REMOTE if console.config.signer.plugin_script_file is not None else (WORKPLACE,)


def awaited_of(console: Console, visitor: Visitor, form: FormData) -> AwaitedSignature | None:
    """What this session and medic has asked for; it counts once."""
    item = console.awaited.take(str(form.get("nonce", "")), visitor.session.session_id)
    return item if item is not None and item.medic_id == visitor.account.medic_id else None


def cms_of(form: FormData) -> bytes:
    """The signature that came back. Raises `SignatureError`."""
    text = str(form.get("cms", ""))
    try:
        # Plug-ins break the lines.
        return base64.b64decode("".join(text.split()), validate=True) if len(text) <= MAX_CMS_CHARS else b""
    except binascii.Error as error:
        raise SignatureError("unreadable", "not base64") from error


def _refused(request: Request, visitor: Visitor, code: str, fault: str = "") -> Response:
    console = console_of(request)
    note_alone(console, visitor, "signature.refused", visitor.account.medic_id or "", detail={"code": fault or code})
    return signature_page(request, visitor, status=409 if code == "late" else 403, code=code)
