"""A worker's reference picture: upload.

POST /registers/workers/photo, form fields `number` (personnel number), `file` (JPEG or PNG), `consent` (1: the worker's
written consent to keep the picture is on file), `csrf`. 303 to the worker's row, 422 with the page and what is wrong.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from central.console.context import Visitor, console_of
from central.console.guard import Guard, form_of
from central.console.routes.registers import own_org, register_page
from central.media_files import MediaFiles
from central.reference_photo import MAX_BYTES, PhotoRefused, prepared
from central.rights import Right
from central.store import audit, registry
from central.store.engine import reading, writing

router = APIRouter()


@router.post("/registers/workers/photo")
def save_photo(
    request: Request,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Keep a picture that medics compare by eye; the one before it is no longer shown."""
    console = console_of(request)
    org = own_org(visitor)
    number = str(form.get("number", "")).strip()
    upload = form.get("file")
    # One byte more than is allowed tells that there is more.
    content = upload.file.read(MAX_BYTES + 1) if isinstance(upload, UploadFile) else b""
    with reading(console.engine) as connection:
        worker_id = registry.worker_id_of(connection, org, number)
    if worker_id is None:
        return register_page(request, visitor, "workers", 422, photo_fault="unknown_worker")
    if form.get("consent") != "1":
        return register_page(request, visitor, "workers", 422, photo_fault="no_consent")
    try:
        picture = prepared(content)
    except PhotoRefused as error:
        return register_page(request, visitor, "workers", 422, photo_fault=error.code)
    sha256 = MediaFiles(console.config.media_dir).keep(picture)
    with writing(console.engine) as connection:
        console.registry.set_photo(connection, org, worker_id, sha256)
        audit.write(
            connection,
            at=console.clock(),
            account_id=visitor.account.account_id,
            address=visitor.address,
            action="worker.photo",
            subject=worker_id,
            org=org,
            detail={"sha256": sha256},
        )
    console.wake()
    return RedirectResponse(f"/registers/workers?q={number}", status_code=303)
