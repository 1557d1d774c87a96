"""Deciding: one POST, one exam, one medic, one signature. Claiming and releasing.

Form fields of POST /exams/{exam_id}/decision: `outcome` (admitted | not_admitted | not_identified | repeat | refer),
`reasons` (code, repeatable), `comment`, `override_reason`, `released_text`, `repeat_step` (temperature | pressure |
breath), `visual_skin`, `visual_mucous`, `visual_behaviour`, `corrects` (id of the decision to correct),
`ground_reason.<rule>|<ground_id>` (why the worker is admitted although a rule of grounds asks),
`exam_message_id` (the revision on the screen; optional), `title_waybill`, `title_uuid`, `title_made_at`, `title_sha256`
(the title of a waybill as the page showed it; an admission signs it too), `then` (`next`: open the next exam that waits), `csrf`.
Answers: 303 to the queue or to the next exam when signed, 303 to /signature when the key is closed (nothing typed is lost), 409
with the page when the exam is already decided or claimed or has changed, and when the register forbids signing (a revoked
certificate among the reasons), 422 with the page when the form is incomplete.
POST /exams/{exam_id}/claim and /release: `csrf`.
"""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note
from central.console.at_workplace import errand, reach_out
from central.console.closed_key import must_be_opened
from central.console.context import Visitor, console_of, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.kept_queue import kept_filter
from central.console.routes.exam import RELIEVED_AFTER, exam_page, find_exam
from central.console.waybill_titles import title_of
from central.core.rights import Right
from central.deciding.decision_record import VISUAL_FIELDS, DecisionDraft, DecisionFaults
from central.deciding.decisions import Actor, DecisionConflict, PreparedDecision
from central.deciding.medics import CHANGED_MEANWHILE, RegisterFault, check_register
from central.deciding.workplace import AwaitedSignature
from central.signature.chain import SignatureError
from central.signature.provider import SigningRefused
from central.signature.remote import RemoteKey
from central.store import accounts, worklist
from central.store import decisions as store
from central.store.decisions import Claim
from central.store.engine import reading, writing
from sync.contract.decision_rules import AFTER_WORK

router = APIRouter()

CLAIM = timedelta(minutes=2)
"""How long a claim holds without being renewed by the open page."""
MAX_TEXT = 2000
GROUND_REASON = "ground_reason."
MOST_GROUND_REASONS = 200


@router.post("/exams/{exam_id}/decision")
def decide(
    request: Request,
    exam_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Sign and send one decision."""
    console = console_of(request)
    typed = typed_fields(form)
    draft = draft_of(exam_id, typed)
    too_long = {
        name: "too_long"
        for name in ("comment", "override_reason", "released_text")
        if len(getattr(draft, name)) > MAX_TEXT
    }
    if any(len(words) > MAX_TEXT for words in draft.ground_reasons.values()):
        too_long["ground_reasons"] = "too_long"
    if too_long:
        return exam_page(request, visitor, exam_id, status=422, typed=typed, faults=too_long)
    actor = Actor(
        account_id=visitor.account.account_id,
        medic_id=visitor.account.medic_id,
        orgs=visitor.account.orgs,
        address=visitor.address,
        session_started_at=visitor.session.created_at,
    )

    def with_title() -> DecisionDraft:
        if draft.outcome != "admitted" or draft.corrects is not None:
            return draft
        with reading(console.engine) as connection:
            return replace(draft, title=title_of(connection, console, visitor, exam_id, typed))

    def work() -> Response:
        # First: whoever may not sign is told so, and not to open a key that will not do.
        with reading(console.engine) as connection:
            medic_id = visitor.account.medic_id
            check_register(connection, medic_id, console.clock(), frmr_valid_days=console.frmr_valid_days)
        provider = console.vault.get(visitor.session.session_id, visitor.account.medic_id or "")
        to_next = typed.get("then") == ["next"]
        if isinstance(provider, RemoteKey):
            prepared = console.decisions.prepare(with_title(), actor, provider)
            return _ask_workplace(request, visitor, typed, prepared, provider)
        console.decisions.decide(with_title(), actor, provider)
        return RedirectResponse(after(request, visitor, draft, to_next=to_next), 303)

    return answered(request, visitor, exam_id, typed, work)


def answered(
    request: Request,
    visitor: Visitor,
    exam_id: str,
    typed: dict[str, list[str]] | None,
    work: Callable[[], Response],
) -> Response:
    """What `work` answers, or the page of the exam with what has kept the decision from being signed. `typed` None: it is kept."""
    try:
        return work()
    except DecisionFaults as error:
        return exam_page(request, visitor, exam_id, status=422, typed=typed, faults=error.faults)
    except DecisionConflict as error:
        return exam_page(request, visitor, exam_id, status=409, typed=typed, notice=f"conflict.{error.code}")
    except RegisterFault as error:
        # What has come to pass while the medic sat here is a conflict; what was wrong all along is simply forbidden.
        status = 409 if CHANGED_MEANWHILE & set(error.faults) else 403
        return exam_page(request, visitor, exam_id, status=status, typed=typed, notice="signature.cannot_sign")
    except SigningRefused as error:
        if must_be_opened(console_of(request), visitor, error):
            return _to_signature(request, visitor, typed or {})
        notice = "signature.no_time_stamp" if error.code == "no_time_stamp" else "signature.cannot_sign"
        return exam_page(request, visitor, exam_id, status=403, typed=typed, notice=notice)
    except SignatureError as error:
        return exam_page(
            request, visitor, exam_id, status=403, typed=typed, notice="conflict.signature", notice_code=error.code
        )


def _ask_workplace(
    request: Request,
    visitor: Visitor,
    typed: dict[str, list[str]],
    prepared: PreparedDecision,
    provider: RemoteKey,
) -> Response:
    """A page that carries the record to the key at the medic's workplace; what was typed is kept until it comes back."""
    console = console_of(request)
    draft = {"path": f"/exams/{prepared.draft.exam_id}/decision", "fields": typed}
    with writing(console.engine) as connection:
        accounts.set_draft(connection, visitor.session.session_id, draft)
    awaited = AwaitedSignature(
        "decide",
        visitor.account.medic_id or "",
        prepared.content,
        prepared,
        to_next=typed.get("then") == ["next"],
    )
    return sign_page(request, visitor, prepared.draft.exam_id, awaited, provider, prepared.draft.outcome)


def sign_page(
    request: Request, visitor: Visitor, exam_id: str, awaited: AwaitedSignature, provider: RemoteKey, outcome: str
) -> Response:
    """The page that carries what is awaited to the key at the workplace, and its signature back."""
    console, path = console_of(request), f"/exams/{exam_id}"
    with reading(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
    with writing(console.engine) as connection:
        # The page holds the whole record.
        note(connection, console, visitor, "exam.read", item.exam_id, org=item.org)
    shown = page(
        request,
        "sign.html",
        visitor,
        errand=errand(console, visitor, awaited, provider.holder, provider.certificate),
        answer_to=f"{path}/signature",
        back_to=path,
        outcome=outcome,
        after_work=item.exam_type in AFTER_WORK,
        title=awaited.title is not None or awaited.decision_signature is not None,
        paper=awaited.paper.kind if awaited.paper is not None else "",
        passport=False,
        act="",
        name=item.worker_name,
        port=console.config.signer.port,
    )
    return reach_out(console, shown, (provider.holder,))


def after(request: Request, visitor: Visitor, draft: DecisionDraft, *, to_next: bool) -> str:
    """Where a medic goes on: to the longest waiting exam that nobody else looks at, or to the queue."""
    if draft.corrects is not None:
        return f"/exams/{draft.exam_id}"
    if to_next:
        console = console_of(request)
        with reading(console.engine) as connection:
            claims = store.claims(connection, console.clock())
            all_ = worklist.waiting(connection, visitor.account.orgs)
        # In the order of the queue, whatever order the medic looks at it in: who has waited longest is next.
        wanted = kept_filter(request, visitor)
        waiting = [item.exam_id for item in all_ if wanted.shows(item)]
        free = (one for one in waiting if one not in claims or claims[one].account_id == visitor.account.account_id)
        if found := next(free, None):
            return f"/exams/{found}?decided={draft.exam_id}"
    return f"/queue?decided={draft.exam_id}"


@router.post("/exams/{exam_id}/claim")
def claim(
    request: Request,
    exam_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE, by_itself=True))],
    form: Annotated[FormData, Depends(form_of)],
) -> Response:
    """Say that I look at this exam; renewed by the open page. 409 when somebody else does.

    `take_over` takes it from somebody who has looked at it for `RELIEVED_AFTER`, which is written into the access log.
    """
    console = console_of(request)
    relieving = "take_over" in form
    now = console.clock()
    account = visitor.account
    with writing(console.engine) as connection:
        item = find_exam(connection, visitor, exam_id)
        before = store.claim_of(connection, exam_id, now)
        wanted = Claim(exam_id, account.account_id, account.full_name, now, now + CLAIM)
        relieve_since = now - RELIEVED_AFTER if relieving else None
        taken = item.state == "waiting" and store.take_claim(connection, wanted, now, relieve_since=relieve_since)
        if taken and before is not None and before.account_id != account.account_id:
            detail = {"relieved": before.account_id}
            note(connection, console, visitor, "exam.take_over", exam_id, org=item.org, detail=detail)
    if taken and (before is None or before.account_id != account.account_id):
        console.live.poke()
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"claimed": taken}, status_code=200 if taken else 409)
    return RedirectResponse(f"/exams/{exam_id}", status_code=303)


@router.post("/exams/{exam_id}/release")
def release(request: Request, exam_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.DECIDE))]) -> Response:
    """Give the exam back to the others."""
    console = console_of(request)
    with writing(console.engine) as connection:
        find_exam(connection, visitor, exam_id)
        store.release_claim(connection, exam_id, visitor.account.account_id)
    console.live.poke()
    return RedirectResponse("/queue", status_code=303)


def draft_of(exam_id: str, typed: dict[str, list[str]]) -> DecisionDraft:
    """The decision that a form asks for."""

    def one(name: str) -> str:
        return typed.get(name, [""])[-1].strip()

    return DecisionDraft(
        exam_id=exam_id,
        outcome=one("outcome"),
        reasons=tuple(dict.fromkeys(code for code in typed.get("reasons", ()) if code)),
        comment=one("comment"),
        override_reason=one("override_reason"),
        released_text=one("released_text"),
        repeat_step=one("repeat_step") or None,
        visual={name: one(f"visual_{name}")[:200] for name in VISUAL_FIELDS},
        ground_reasons={
            name.removeprefix(GROUND_REASON): one(name)
            for name in itertools.islice(
                (name for name in typed if name.startswith(GROUND_REASON)), MOST_GROUND_REASONS
            )
        },
        corrects=one("corrects") or None,
        exam_message_id=one("exam_message_id") or None,
    )


def _to_signature(request: Request, visitor: Visitor, typed: dict[str, list[str]]) -> Response:
    console = console_of(request)
    with writing(console.engine) as connection:
        accounts.set_draft(connection, visitor.session.session_id, {"path": request.url.path, "fields": typed})
    return RedirectResponse("/signature", status_code=303)
