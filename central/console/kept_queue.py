"""Keeps a medic's filters and order of the queue in their browser, so that they return to the same rows after an exam."""

from urllib.parse import parse_qsl

from fastapi import Request, Response

from central.console.context import Console, Visitor
from central.console.queue_filter import QueueFilter

COOKIE = "dopusk_queue"


def kept_filter(request: Request, visitor: Visitor) -> QueueFilter:
    """What this medic last asked of the queue in this browser."""
    whose, _, query = request.cookies.get(COOKIE, "").partition("|")
    return QueueFilter.read(parse_qsl(query)) if whose == visitor.account.account_id else QueueFilter()


def keep_filter(answer: Response, console: Console, visitor: Visitor, wanted: QueueFilter) -> None:
    """Let the way back from an exam lead to the same rows."""
    if wanted.query:
        value = f"{visitor.account.account_id}|{wanted.query}"
        answer.set_cookie(COOKIE, value, httponly=True, samesite="strict", secure=console.secure)
    else:
        answer.delete_cookie(COOKIE)
