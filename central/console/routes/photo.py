"""A worker's reference picture: shown, uploaded.

GET /workers/{worker_id}/photo: the picture. POST the same address: `file` (JPEG or PNG), `consent` (1: the worker's written
consent to keep the picture is on file), `reason` (why a senior medic keeps one that breaks rules), `csrf`. 303 to the worker's
page, 422 with the page and all that is wrong. Rules of form are judged here, those of the face by `Console.pictures`.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile

from central.console.access_log import note, note_seldom
from central.console.context import Console, Visitor, console_of
from central.console.guard import Guard, form_of
from central.console.routes.consents import own_worker, worker_page
from central.core.media_files import MediaFiles
from central.core.picture_look import LookUnavailable
from central.core.rights import Right
from central.people.reference_photo import MAX_BYTES, ReferencePhotoRefused, prepared, shape_problems
from central.store.engine import reading, writing

router = APIRouter()
log = logging.getLogger(__name__)
MOST_REASON_CHARS = 500

MOST_PHOTO_BYTES = 16 * 1024 * 1024
"""Of a form with a picture: what a camera makes is still told that it is too large, and by how much."""


@router.get("/workers/{worker_id}/photo")
def show_photo(
    request: Request, worker_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
) -> Response:
    """The picture that medics compare by eye."""
    console = console_of(request)
    with reading(console.engine) as connection:
        worker = own_worker(connection, visitor, worker_id)
    sha256 = worker["photo_sha256"]
    path = MediaFiles(console.config.media_dir).path(sha256) if sha256 else None
    if path is None or not path.exists():
        raise HTTPException(404)
    note_seldom(request, visitor, "worker.photo_read", worker_id, org=worker["org"])
    return FileResponse(path, media_type="image/jpeg")


@router.post("/workers/{worker_id}/photo")
def save_photo(
    request: Request,
    worker_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS, most_bytes=MOST_PHOTO_BYTES))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Keep a picture; the one before it is no longer shown, and terminals give up what they made of it."""
    console = console_of(request)
    upload = form.get("file")
    # One byte more than is allowed tells that there is more.
    content = upload.file.read(MAX_BYTES + 1) if isinstance(upload, UploadFile) else b""
    with reading(console.engine) as connection:
        org = own_worker(connection, visitor, worker_id)["org"]
    if form.get("consent") != "1":
        return worker_page(request, visitor, worker_id, 422, photo_fault="no_consent")
    try:
        picture = prepared(content)
    except ReferencePhotoRefused as error:
        return worker_page(request, visitor, worker_id, 422, photo_fault=error.code)
    problems, is_looked_at = _looked_at(console, content)
    reason = str(form.get("reason", "")).strip()[:MOST_REASON_CHARS]
    if problems and not (reason and visitor.may(Right.IMPORT_EXAMS)):
        return worker_page(request, visitor, worker_id, 422, photo_problems=problems)
    detail: dict[str, object] = {"face": "looked_at" if is_looked_at else "not_looked_at"}
    if problems:
        detail |= {"problems": " ".join(problems), "reason": reason}
    sha256 = MediaFiles(console.config.media_dir).keep(picture)
    with writing(console.engine) as connection:
        console.registry.set_photo(connection, org, worker_id, sha256)
        note(connection, console, visitor, "worker.photo", worker_id, org=org, detail={"sha256": sha256} | detail)
    console.wake()
    return RedirectResponse(f"/workers/{worker_id}?saved={'1' if is_looked_at else 'unseen'}", status_code=303)


def _looked_at(console: Console, content: bytes) -> tuple[tuple[str, ...], bool]:
    """What is to be changed, all of it at once; and whether the face was looked at."""
    problems = shape_problems(content)
    if console.pictures is None:
        return problems, False
    try:
        return (*problems, *console.pictures.portrait(content)), True
    except LookUnavailable as error:
        log.warning("a reference photo was not looked at: %s", error)
        return problems, False
