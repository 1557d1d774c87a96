"""What an employer was billed: the statements that the medical organisation has issued, to be taken as files.

GET /employer/statements. GET /employer/statements/{statement_id}/xlsx and /docx: of the account's own employers, else 404.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.employer_scope import scope_of
from central.console.guard import Guard
from central.console.routes.statements import SHOWN, file_answer
from central.core.rights import Right
from central.store import statements
from central.store.engine import reading
from central.store.statements import Statement

router = APIRouter()
Employer = Annotated[Visitor, Depends(Guard(Right.SEE_STATEMENTS))]


@router.get("/employer/statements")
def show_own_statements(request: Request, visitor: Employer) -> Response:
    """Issued statements, the newest first."""
    console = console_of(request)
    with reading(console.engine) as connection:
        scope = scope_of(connection, request, visitor)
        issued = statements.listed(connection, visitor.account.orgs, SHOWN, scope.ids)
    for org in visitor.account.orgs or (None,):
        note_alone(console, visitor, "statements.read", org=org, detail={"rows": len(issued)})
    last = {(one.employer_id, one.month): one.version for one in reversed(issued)}
    return page(request, "employer_statements.html", visitor, issued=issued, scope=scope, last=last)


@router.get("/employer/statements/{statement_id}/xlsx")
def own_workbook(request: Request, visitor: Employer, statement_id: str) -> Response:
    """The workbook of one version."""
    return file_answer(request, visitor, _own(request, visitor, statement_id), "xlsx")


@router.get("/employer/statements/{statement_id}/docx")
def own_act(request: Request, visitor: Employer, statement_id: str) -> Response:
    """The act of services of one version."""
    return file_answer(request, visitor, _own(request, visitor, statement_id), "docx")


def _own(request: Request, visitor: Visitor, statement_id: str) -> Statement:
    with reading(console_of(request).engine) as connection:
        found = own_or_404(visitor, statements.find(connection, statement_id))
        scope_of(connection, request, visitor).of(found.employer_id)
    return found
