"""Certificates and sobriety protocols: filled in and signed by a medic on a decision in force; printing is `routes.papers`.

GET /exams/{exam_id}/certificate and /exams/{exam_id}/protocol show the form: empty, or as it was written last. POST takes the
fields of `central.papers.written.FIELDS`, `decision_id` and `corrects` (as the page showed them), `csrf`. Answers: 303 to the exam
when signed, 303 to /signature when the key is closed (what was typed is kept), 422 with the page and what is at fault, 409 when
decision or paper have changed or there is none, 403 when the register forbids signing.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.books import reading as books
from central.books.codes import is_offered
from central.console.access_log import note
from central.console.closed_key import must_be_opened
from central.console.context import Console, Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.routes.decide import sign_page
from central.console.routes.exam import find_exam
from central.console.routes.waybills import signatory
from central.console.typed import Typed
from central.core.days import day_of
from central.core.rights import Right
from central.deciding.conclusions import may_find_signs
from central.deciding.medics import RegisterFault, check_register
from central.deciding.paper_signing import PaperRefused, Written
from central.deciding.workplace import AwaitedSignature
from central.papers.breaths import between_limits, breath_of, interval_words
from central.papers.issuing import has_breath
from central.papers.wording import kinds_for
from central.papers.written import (
    CLINICAL_SIGNS,
    CONCLUDES,
    FIELDS,
    FORM_OF,
    MOST_CHARS,
    PAPER_CHOICES,
    SIGNS_NEEDED,
    PaperField,
    choices,
    read,
    typed_again,
)
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import RemoteKey
from central.store import accounts, medics, paper_records
from central.store.engine import reading, writing
from central.store.medics import MedicEntry
from central.words import exam_view
from sync.contract.books import BookItem

router = APIRouter()

Medic = Annotated[Visitor, Depends(Guard(Right.DECIDE))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/exams/{exam_id}/certificate")
def show_certificate(request: Request, exam_id: str, visitor: Medic) -> Response:
    """The form of the certificate."""
    return written_page(request, visitor, exam_id, "refusal")


@router.get("/exams/{exam_id}/protocol")
def show_protocol(request: Request, exam_id: str, visitor: Medic) -> Response:
    """The form of the sobriety protocol."""
    return written_page(request, visitor, exam_id, "sobriety")


@router.post("/exams/{exam_id}/certificate")
def write_certificate(request: Request, exam_id: str, visitor: Medic, form: Form) -> Response:
    """Sign a certificate."""
    return _write(request, visitor, exam_id, "refusal", form)


@router.post("/exams/{exam_id}/protocol")
def write_protocol(request: Request, exam_id: str, visitor: Medic, form: Form) -> Response:
    """Sign a protocol."""
    return _write(request, visitor, exam_id, "sobriety", form)


def _write(request: Request, visitor: Visitor, exam_id: str, kind: str, form: FormData) -> Response:
    console, typed = console_of(request), typed_fields(form)
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
        book = books.in_force(connection, PAPER_CHOICES, item.org, day_of(console.clock()))
        medic = medics.find(connection, visitor.account.medic_id or "")
    mid_level_may = console.config.decisions.mid_level_finds_signs
    finds_signs = medic is None or may_find_signs(medic, mid_level_may=mid_level_may)
    offered = [one for one in book.items if is_offered(one, day_of(console.clock()))]
    breath = breath_of(item.payload, console.config.decisions.breath_examination_mg_per_l)
    content, faults = read(kind, typed, offered, breath, finds_signs=finds_signs)
    if faults:
        return written_page(request, visitor, exam_id, kind, status=422, typed=typed, faults=faults)
    seen = Typed(typed)
    written = Written(kind, exam_id, seen.one("decision_id"), seen.one("corrects") or None, content, book.version)

    def work() -> Response:
        # First: whoever may not sign is told so, and not to open a key that will not do.
        medic_id = visitor.account.medic_id or ""
        with reading(console.engine) as connection:
            check_register(connection, medic_id, console.clock(), frmr_valid_days=console.frmr_valid_days)
        provider = console.vault.get(visitor.session.session_id, medic_id)
        if isinstance(provider, RemoteKey):
            paper = console.papers.prepare(written, signatory(visitor), provider)
            with writing(console.engine) as connection:
                accounts.set_draft(connection, visitor.session.session_id, _draft(exam_id, kind, typed))
            awaited = AwaitedSignature("decide", medic_id, paper.content, paper=paper)
            return sign_page(request, visitor, exam_id, awaited, provider, item.outcome or "")
        console.papers.sign(written, signatory(visitor), provider)
        return RedirectResponse(f"/exams/{exam_id}", status_code=303)

    return paper_answered(request, visitor, exam_id, kind, typed, work)


def paper_answered(
    request: Request,
    visitor: Visitor,
    exam_id: str,
    kind: str,
    typed: dict[str, list[str]] | None,
    work: Callable[[], Response],
) -> Response:
    """What `work` answers, or the form with what has kept the paper from being signed. `typed` None: it is kept."""
    try:
        return work()
    except PaperRefused as error:
        return written_page(request, visitor, exam_id, kind, status=409, notice=f"written.cannot.{error.code}")
    except RegisterFault:
        return written_page(request, visitor, exam_id, kind, status=403, typed=typed, notice="signature.cannot_sign")
    except SigningRefused as error:
        if must_be_opened(console_of(request), visitor, error):
            with writing(console_of(request).engine) as connection:
                accounts.set_draft(connection, visitor.session.session_id, _draft(exam_id, kind, typed or {}))
            return RedirectResponse("/signature", status_code=303)
        return written_page(request, visitor, exam_id, kind, status=403, typed=typed, notice="signature.cannot_sign")
    except SignatureError as error:
        return written_page(
            request,
            visitor,
            exam_id,
            kind,
            status=403,
            typed=typed,
            notice="conflict.signature",
            notice_code=error.code,
        )


def written_page(
    request: Request,
    visitor: Visitor,
    exam_id: str,
    kind: str,
    *,
    status: int = 200,
    typed: dict[str, list[str]] | None = None,
    faults: dict[str, str] | None = None,
    notice: str = "",
    notice_code: str = "",
) -> Response:
    """The form with what was typed, else as it was written last. 404 where the exam has no such paper."""
    console, look = console_of(request), visitor.look
    path = f"/exams/{exam_id}/{FORM_OF[kind]}"
    restored = False
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
        if item.state != "decided" or kind not in kinds_for(item.outcome or "", has_breath(item.payload)):
            raise HTTPException(404)
        before = paper_records.in_force(connection, item.decision_id or "", kind)
        book = books.in_force(connection, PAPER_CHOICES, item.org, day_of(console.clock()))
        medic = medics.find(connection, visitor.account.medic_id or "")
        draft = accounts.get_draft(connection, visitor.session.session_id)
        if typed is None and draft is not None and draft["path"] == path:
            typed, restored = draft["fields"], True
    if typed is None and before is not None:
        typed = typed_again(json.loads(before.record)["paper"]["content"])
    with writing(console.engine) as connection:
        if restored:
            accounts.set_draft(connection, visitor.session.session_id, None)
        note(connection, console, visitor, "exam.read", exam_id, org=item.org)
    shown = Typed(typed or {})
    examination = console.config.decisions.breath_examination_mg_per_l
    return page(
        request,
        "written.html",
        visitor,
        status,
        exam=item,
        kind=kind,
        path=path,
        before=before,
        groups=_groups(kind, book.items, shown, day_of(console.clock()), look.language),
        typed=shown,
        faults=faults or {},
        notice=notice,
        notice_code=notice_code,
        restored=restored,
        most=MOST_CHARS,
        complaints=exam_view.complaint_lines(item.payload, look.language),
        steps=[step for step in exam_view.steps(item.payload, look.language, look.zone) if step.attempts],
        two_limits=between_limits(item.payload, examination, look.language),
        second_breath=interval_words(item.payload, look.language),
        counted=len(shown.fields.get("clinical_sign", ())),
        all_signs=CLINICAL_SIGNS,
        kept_back=_kept_back(console, medic, book.items) if kind == "sobriety" else frozenset(),
        signs_needed=SIGNS_NEEDED,
    )


def _kept_back(console: Console, medic: MedicEntry | None, items: Sequence[BookItem]) -> frozenset[str]:
    """Conclusions that this medic may not sign, by code: those that somebody is intoxicated, without the right to it."""
    if medic is None or may_find_signs(medic, mid_level_may=console.config.decisions.mid_level_finds_signs):
        return frozenset()
    return frozenset(one.code for one in choices(items, "conclusion") if one.attrs.get("means") in CONCLUDES)


def _draft(exam_id: str, kind: str, typed: dict[str, list[str]]) -> dict[str, object]:
    return {"path": f"/exams/{exam_id}/{FORM_OF[kind]}", "fields": typed}


def _groups(
    kind: str, items: Sequence[BookItem], typed: Typed, today: date, language: str
) -> list[tuple[int, list[tuple[PaperField, list[tuple[str, str]]]]]]:
    """The fields by item of the paper, each with its choices. What was chosen stays offered."""
    found: dict[int, list[tuple[PaperField, list[tuple[str, str]]]]] = {}
    for field in FIELDS[kind]:
        pairs = [
            (one.code, one.words(language))
            for one in choices(items, field.name)
            if is_offered(one, today) or typed.has(field.name, one.code)
        ]
        found.setdefault(field.item, []).append((field, pairs))
    return list(found.items())
