"""The medic's signing key and the browser's preferences.

Form fields: POST /signature `passphrase`, `password` (after wrong ones), `csrf`; POST /signature/close `csrf`;
POST /preferences `language`, `theme`, `back`, `csrf`.
"""

from datetime import datetime
from typing import Annotated

from cryptography import x509
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.access.directory import DirectoryOutage
from central.console.access_log import note_alone
from central.console.at_workplace import origin_of, reach_out
from central.console.context import LANGUAGE_COOKIE, THEME_COOKIE, YEAR_S, Console, Visitor, console_of, page
from central.console.guard import Guard, form_of
from central.console.tried_secrets import TriesOver, Try, begin_passphrase, end_try, needs_proof, take_back_try
from central.core.rights import Right
from central.deciding.medics import RegisterFault, register_faults, register_warnings
from central.signature.gost import open_gost_key
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.remote import REMOTE
from central.signature.software import open_key
from central.signature.token import open_token
from central.signature.vault import UNLOCKED_S
from central.store import accounts as store
from central.store import key_offers, medics, registry
from central.store.engine import reading
from central.store.medics import MedicEntry
from central.words.texts import LANGUAGES

router = APIRouter()


@router.get("/signature")
def show_signature(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))]) -> Response:
    """State of the key and of the register entry."""
    return signature_page(request, visitor)


@router.post("/signature")
def unlock(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Open the key for this session; the register is checked first."""
    console = console_of(request)
    now, medic_id = console.clock(), visitor.account.medic_id or ""
    tried: Try | None = None
    try:
        with reading(console.engine) as connection:
            entry, faults = register_entry(connection, visitor, now, console.frmr_valid_days)
        if entry is None or faults:
            raise RegisterFault(faults)
        if entry.key_provider in REMOTE:
            raise SigningRefused("at_workplace", "the key lies at the medic's workplace")
        tried = begin_passphrase(console, visitor, entry, str(form.get("password", "")))
        if tried is None:
            raise SigningRefused("proof_needed", "the password of the account does not stand beside the passphrase")
        provider = _opened(console, entry, str(form.get("passphrase", "")))
    except TriesOver:
        note_alone(console, visitor, "signature.refused", medic_id, detail={"code": "too_many_tries"})
        return signature_page(request, visitor, status=429, code="too_many_tries")
    except DirectoryOutage:
        note_alone(console, visitor, "signature.refused", medic_id, detail={"code": "directory_outage"})
        return signature_page(request, visitor, status=503, code="directory_outage")
    except SigningRefused as error:
        if tried is not None and error.code == "token_absent":
            take_back_try(console, tried)
        note_alone(console, visitor, "signature.refused", medic_id, detail={"code": error.code})
        return signature_page(request, visitor, status=403, code=error.code)
    end_try(console, tried)
    console.vault.put(visitor.session.session_id, entry.medic_id, provider)
    note_alone(console, visitor, "signature.open", medic_id)
    with reading(console.engine) as connection:
        draft = store.get_draft(connection, visitor.session.session_id)
    target = draft["path"].removesuffix("/decision") if draft else "/queue"
    return RedirectResponse(target, status_code=303)


@router.post("/signature/close")
def lock(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))]) -> Response:
    """Forget the key before its time is over."""
    console = console_of(request)
    console.vault.close(visitor.session.session_id)
    note_alone(console, visitor, "signature.close", visitor.account.medic_id or "")
    return RedirectResponse("/signature", status_code=303)


@router.post("/preferences")
def set_preferences(
    request: Request,
    _visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Language and look, kept in this browser."""
    back = str(form.get("back", "/"))
    response = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", status_code=303)
    secure = console_of(request).secure
    for name, field, allowed in (
        (LANGUAGE_COOKIE, "language", LANGUAGES),
        (THEME_COOKIE, "theme", ("dark", "light")),
    ):
        value = str(form.get(field, ""))
        if value in allowed:
            response.set_cookie(name, value, max_age=YEAR_S, path="/", secure=secure, samesite="lax")
    return response


def signature_page(request: Request, visitor: Visitor, status: int = 200, code: str = "") -> Response:
    """The key's page, with what keeps the medic from signing."""
    console = console_of(request)
    now = console.clock()
    with reading(console.engine) as connection:
        entry, faults = register_entry(connection, visitor, now, console.frmr_valid_days)
        draft = store.get_draft(connection, visitor.session.session_id)
        offer = key_offers.find(connection, entry.medic_id) if entry is not None else None
    has_certificate = entry is not None and entry.certificate_pem
    certificate = x509.load_pem_x509_certificate(entry.certificate_pem) if entry and has_certificate else None
    shown = page(
        request,
        "signature.html",
        visitor,
        status,
        code=code,
        faults=faults,
        warnings=register_warnings(entry, now, frmr_valid_days=console.frmr_valid_days) if entry else {},
        entry=entry,
        certificate=certificate,
        days_left=(certificate.not_valid_after_utc - now).days if certificate else None,
        is_open=bool(entry) and console.vault.is_open(visitor.session.session_id, entry.medic_id if entry else ""),
        needs_proof=entry is not None and needs_proof(console, entry),
        has_draft=draft is not None,
        hours=int(UNLOCKED_S // 3600),
        offer=offer,
        offered=request.query_params.get("offered") == "1",
        port=console.config.signer.port,
        plugin=console.config.signer.plugin_script_file is not None,
        origin=origin_of(console),
        centre_key=console.outgoing.public_key,
    )
    return reach_out(console, shown, REMOTE)


def register_entry(
    connection: Connection, visitor: Visitor, at: datetime, days: int
) -> tuple[MedicEntry | None, list[str]]:
    """The visitor's entry in the register and what forbids signing. A medic of another organisation is nobody here."""
    entry = medics.find(connection, visitor.account.medic_id) if visitor.account.medic_id else None
    if entry is None or not visitor.owns(entry.org):
        return None, ["not_registered"]
    return entry, register_faults(entry, registry.get_organisation(connection, entry.org), at, frmr_valid_days=days)


def _opened(console: Console, entry: MedicEntry, passphrase: str) -> SignatureProvider:
    """The medic's key, wherever the register says that it is. Raises `SigningRefused`."""
    if entry.key_provider == "pkcs11":
        library = console.config.keys.pkcs11_library
        if library is None or not entry.token_label:
            raise SigningRefused("token_absent", "keys.pkcs11_library or the token's label is missing")
        return open_token(str(library), entry.token_label, entry.certificate_pem, passphrase)
    if entry.encrypted_key is None:
        raise SigningRefused("no_key", "the register holds no software key of this medic")
    if entry.key_provider == "gost":
        return open_gost_key(entry.certificate_pem, entry.encrypted_key, passphrase)
    return open_key(entry.certificate_pem, entry.encrypted_key, passphrase)
