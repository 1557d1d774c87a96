"""The printed journal of a period, signed by the medic whose key is open.

POST /journal/signed takes the journal's query in its address (both `since` and `until` are needed) and `csrf`. The answer
is a ZIP of `journal.pdf`, `journal.cms` (detached CMS over its exact bytes, DER) and `ca.pem`. 303 to /signature when the
key is closed or the register forbids signing, 422 with the journal when the period is not named or has too many exams, and
while another print is under way; 503 with the journal and what happened when the process that prints was killed or failed.
"""

import logging
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.background import BackgroundTask

from central.console.access_log import note
from central.console.context import Console, Visitor, console_of
from central.console.guard import Guard
from central.console.routes.journal import PDF_ROWS, Asked, asked_of, journal_page, title_of, with_period
from central.core.job_order import Order
from central.core.rights import Right
from central.deciding.medics import check_register
from central.jobs.child import Busy, WorkFailed, run_at_once
from central.jobs.kinds import JOURNAL_EXPORT
from central.journal.export import export_order
from central.journal.print_layout import ORDER
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.remote import RemoteKey
from central.signature.verification import verify_detached
from central.store import journal, seals
from central.store.engine import reading, writing
from central.words.no_force import file_name
from central.words.texts import text

router = APIRouter()
log = logging.getLogger(__name__)


@router.post("/journal/signed")
def sign_journal(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.SIGN_JOURNAL))]) -> Response:
    """Print the filtered journal of a period and sign the print."""
    console = console_of(request)
    asked = asked_of(request, visitor)
    now = console.clock()
    if not asked.faults and not (asked.query.get("since") and asked.query.get("until")):
        return journal_page(request, visitor, with_period(request, visitor, asked), 422, period_needed=True)
    if asked.faults:
        return journal_page(request, visitor, asked)
    try:
        provider = _provider(console, visitor, now)
    except SigningRefused as error:
        if error.code == "at_workplace":
            asked.faults["until"] = "key_at_workplace"
            return journal_page(request, visitor, asked)
        # That page says what is missing, and opens the key.
        return RedirectResponse("/signature", status_code=303)
    with reading(console.engine) as connection:
        if journal.count_up_to(connection, asked.wanted, PDF_ROWS + 1) > PDF_ROWS:
            asked.faults["until"] = "too_many_to_sign"
            return journal_page(request, visitor, asked)
    with tempfile.TemporaryDirectory(prefix="dopusk-journal-") as folder:
        order = _order(console, visitor, asked, Path(folder))
        try:
            rows = run_at_once(order)
        except Busy:
            asked.faults["until"] = "print_under_way"
            return journal_page(request, visitor, asked)
        except WorkFailed as error:
            log.warning("a journal was not printed for its signature: %s", error)
            return journal_page(request, visitor, asked, 503, not_printed=error)
        try:
            archive = _signed(console, provider, order.made, now)
        except SigningRefused as error:
            if error.code == "no_time_stamp":
                raise HTTPException(503) from error
            return RedirectResponse("/signature", status_code=303)
    detail = {"rows": rows, "since": asked.query["since"], "until": asked.query["until"]}
    try:
        with writing(console.engine) as connection:
            # A print takes its time: who was revoked or put away meanwhile has signed nothing.
            medic_id, days = visitor.account.medic_id, console.frmr_valid_days
            check_register(connection, medic_id, now, signed_by=provider.certificate, frmr_valid_days=days)
            note(connection, console, visitor, "journal.sign", detail=detail)
    except SigningRefused:
        archive.unlink(missing_ok=True)
        return RedirectResponse("/signature", status_code=303)
    return FileResponse(
        archive,
        media_type="application/zip",
        filename=file_name(console.config.generation, f"journal-{asked.query['since']}-{asked.query['until']}.zip"),
        background=BackgroundTask(archive.unlink, missing_ok=True),
    )


def _provider(console: Console, visitor: Visitor, now: datetime) -> SignatureProvider:
    """The visitor's opened key. Raises `SigningRefused`, the faults of the register among them."""
    with reading(console.engine) as connection:
        days = console.frmr_valid_days
        medic = check_register(connection, visitor.account.medic_id, now, frmr_valid_days=days)
    provider = console.vault.get(visitor.session.session_id, medic.medic_id)
    if isinstance(provider, RemoteKey):
        raise SigningRefused("at_workplace", "a print is signed by a key at the centre alone")
    return provider


def _order(console: Console, visitor: Visitor, asked: Asked, folder: Path) -> Order:
    """The print as the work of a process of its own: a long one would slow every page."""
    keys = asked.columns if asked.query.getlist("columns") else ORDER
    look, title = visitor.look, [*title_of(console, visitor, asked), _seal_line(console, visitor)]
    return Order(
        kind=JOURNAL_EXPORT,
        params=export_order(asked.wanted, keys, "pdf", title, look.language, look.zone, whole=True),
        asked_at=console.clock(),
        given=folder / "given",
        folder=folder,
        config=console.config,
    )


def _seal_line(console: Console, visitor: Visitor) -> str:
    """How far the centre's seals had come: whoever keeps the signed print can tell later whether their end was cut off."""
    with reading(console.engine) as connection:
        head = seals.noted_head(connection)
    if head is None:
        return text(visitor.look.language, "journal.no_seal")
    return text(visitor.look.language, "journal.seal_head", number=head.seal_no, sha256=head.sha256)


def _signed(console: Console, provider: SignatureProvider, pdf: Path, now: datetime) -> Path:
    """The archive. The fresh signature is verified before it leaves.

    Raises `SignatureError`, and `SigningRefused` where the key, or a time stamp that is demanded, cannot be had.
    """
    content = pdf.read_bytes()
    signature = provider.sign_detached(content)
    anchors = console.trust.anchors()
    verify_detached(signature, content, anchors.roots, at=now, revocation_lists=anchors.revocation_lists)
    signature, _ = console.stamping.apply(signature, now)
    with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr("journal.pdf", content)
        archive.writestr("journal.cms", signature)
        archive.writestr("ca.pem", anchors.root_pem)
    return Path(file.name)
