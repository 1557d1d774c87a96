"""What an inspector sees: exams of the days that an order of inspection opens, their papers with copies, and dossiers. All by GET.

GET /inspection takes `day`. GET /inspection/exams/{exam_id}: one exam. GET /inspection/exams/{exam_id}/dossier: a ZIP with
everything that proves it. 404 for an exam that no inspection in force opens; each look stands in the access log.
"""

import shutil
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy import Connection

from central.conclusions.dossier import vouchers_of, write_dossier
from central.console.access_log import note_alone
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard
from central.core.days import day_of, parse_day
from central.core.rights import Right
from central.grounds.document_files import DocumentFiles
from central.link.outgoing import load_signing_key
from central.store import copies, decisions, deletions, exams, inspections, media, papers, worklist
from central.store.engine import reading
from central.store.inspections import Inspection
from central.store.sealing import Sealer
from central.store.worklist import ListedExam
from central.words import exam_view

router = APIRouter()
SHOWN = 500
"""So many exams stand on the page; a day chooses others."""
Inspector = Annotated[Visitor, Depends(Guard(Right.INSPECT))]


@router.get("/inspection")
def show_inspection(request: Request, visitor: Inspector, day: str = "") -> Response:
    """Every inspection in force with its exams."""
    console = console_of(request)
    chosen = parse_day(day) if day else None
    opened = []
    with reading(console.engine) as connection:
        for item in _in_force(connection, console, visitor):
            since, until = _span(item, chosen)
            found = worklist.between(connection, item.org, since, until, SHOWN)
            opened.append((item, [one for one in found if _opens(item, one)]))
    for item, rows in opened:
        detail = {"rows": len(rows)}
        note_alone(console, visitor, "inspection.list", item.inspection_id, org=item.org, detail=detail)
    faults = {"day": "not_a_day"} if day and chosen is None else {}
    return page(
        request, "inspection.html", visitor, 422 if faults else 200, opened=opened, asked=day, faults=faults, most=SHOWN
    )


@router.get("/inspection/exams/{exam_id}")
def show_inspected(request: Request, exam_id: str, visitor: Inspector) -> Response:
    """One exam: what was measured, decided, written and kept of it."""
    console, look = console_of(request), visitor.look
    with reading(console.engine) as connection:
        item, exam = _opened(connection, console, visitor, exam_id)
        given = decisions.of_exam(connection, exam_id)
        issued = papers.of_exam(connection, exam_id)
        made = copies.of_papers(connection, [one.paper_id for one in issued])
        files = media.media_of_exam(connection, exam_id)
        gone = deletions.acts_of_exam(connection, exam_id)
    note_alone(console, visitor, "exam.read", exam_id, org=exam.org, detail={"basis": item.basis})
    payload = exam_view.filled(exam.payload)
    return page(
        request,
        "inspected.html",
        visitor,
        exam=exam,
        inspection=item,
        steps=[step for step in exam_view.steps(payload, look.language, look.zone) if step.attempts],
        complaints=exam_view.complaint_lines(payload, look.language),
        findings=exam_view.finding_lines(payload, look.language),
        decisions=given,
        papers=[(one, len(made.get(one.paper_id, ()))) for one in issued],
        files=[(row["sha256"], row["content_type"], row["sha256"] in gone) for row in files],
    )


@router.get("/inspection/exams/{exam_id}/dossier")
def download_dossier(request: Request, exam_id: str, visitor: Inspector) -> Response:
    """Everything that proves the exam, for `sh check.sh`, without films and pictures."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item, exam = _opened(connection, console, visitor, exam_id)
    # Who takes it out is in the log, and sealed, before it is made: the dossier says so itself.
    note_alone(console, visitor, "exam.dossier", exam_id, org=exam.org, detail={"media": False, "basis": item.basis})
    Sealer(console.engine, load_signing_key(console.config.keys.centre_signing_key_file)).run()
    with tempfile.TemporaryDirectory(prefix="dopusk-dossier-") as made:
        folder = Path(made) / "dossier"
        with reading(console.engine) as connection:
            row = exams.get(connection, exam_id)
            if row is None:
                raise HTTPException(404)
            documents = DocumentFiles.from_config(console.config)
            write_dossier(connection, [row], vouchers_of(console.config), folder, None, documents, console.clock())
        content = Path(shutil.make_archive(str(folder), "zip", folder)).read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="dossier-{exam_id[-12:]}.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


def _in_force(connection: Connection, console: Console, visitor: Visitor) -> list[Inspection]:
    account = visitor.account
    return inspections.in_force(connection, account.account_id, account.orgs, day_of(console.clock()))


def _opened(connection: Connection, console: Console, visitor: Visitor, exam_id: str) -> tuple[Inspection, ListedExam]:
    """The exam and the inspection that opens it. 404 for any other."""
    exam = worklist.one(connection, exam_id)
    if exam is not None:
        for item in _in_force(connection, console, visitor):
            if _opens(item, exam):
                return item, exam
    raise HTTPException(404)


def _opens(item: Inspection, exam: ListedExam) -> bool:
    return exam.org == item.org and item.since_day <= day_of(exam.finished_at) <= item.until_day


def _span(item: Inspection, chosen: date | None) -> tuple[datetime, datetime]:
    """Moments around the days that are asked for; a day more on each side, for `_opens` judges by the centre's day."""
    since = max(item.since_day, chosen) if chosen else item.since_day
    until = min(item.until_day, chosen) if chosen else item.until_day
    zone = datetime.now().astimezone().tzinfo
    return datetime.combine(since, time(), zone), datetime.combine(until, time(), zone) + timedelta(days=1)
