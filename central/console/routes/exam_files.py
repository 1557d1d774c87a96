"""The files of an exam: pictures and videos, the reference picture, what `openssl cms -verify` needs.

GET /exams/{exam_id}/media/{sha256}; GET /exams/{exam_id}/reference;
GET /exams/{exam_id}/decision/{decision_id}/decision.cms | record.json | ca.pem.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse

from central.console.access_log import note, note_seldom
from central.console.context import Visitor, console_of
from central.console.guard import Guard
from central.console.reference import reference_file
from central.console.routes.exam import find_exam
from central.core.media_files import MediaFiles
from central.core.rights import Right
from central.store import decisions
from central.store.engine import reading, writing
from central.store.workers import get_worker

router = APIRouter()
SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm"})
"""What a browser may show; anything else is only handed over as bytes."""


@router.get("/exams/{exam_id}/media/{sha256}")
def show_media(
    request: Request, exam_id: str, sha256: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))]
) -> Response:
    """A picture or video that the exam names; nothing else can be asked for."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
    named = [entry for entry in item.payload.get("media", ()) if entry["sha256"] == sha256]
    file = MediaFiles(console.config.media_dir).path(sha256)
    if not named or not file.is_file():
        raise HTTPException(404)
    note_seldom(request, visitor, "exam.media", exam_id, org=item.org)
    kind = named[0]["content_type"]
    shown = kind if kind in SHOWN_TYPES else "application/octet-stream"
    return FileResponse(file, media_type=shown)


@router.get("/exams/{exam_id}/reference")
def show_reference(
    request: Request, exam_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_EXAMS))]
) -> Response:
    """The worker's reference picture, to be compared by eye."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
        worker = get_worker(connection, item.worker_id) if item.worker_id else None
    file = reference_file(console, worker)
    if file is None:
        raise HTTPException(404)
    note_seldom(request, visitor, "exam.media", exam_id, org=item.org)
    return FileResponse(file, media_type="image/jpeg")


@router.get("/exams/{exam_id}/decision/{decision_id}/{name}")
def export_file(
    request: Request,
    exam_id: str,
    decision_id: str,
    name: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.EXPORT_DECISIONS))],
) -> Response:
    """One of the three files that `openssl cms -verify` needs."""
    console = console_of(request)
    with writing(console.engine) as connection:
        find_exam(connection, visitor, exam_id)
        item = decisions.find(connection, decision_id)
        if item is None or item.exam_id != exam_id:
            raise HTTPException(404)
        note(connection, console, visitor, "decision.export", exam_id, org=item.org, detail={"rows": 1})
    contents = {
        "decision.cms": (item.cms, "application/pkcs7-signature"),
        "record.json": (item.record, "application/json"),
        "ca.pem": (console.trust.anchors().root_pem, "application/x-pem-file"),
    }
    if name not in contents:
        raise HTTPException(404)
    content, kind = contents[name]
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
