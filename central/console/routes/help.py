"""The manuals: that of the reader's role, and others that they may need.

GET /help; GET /help/{topic}; GET /help/images/{picture}. Nothing in them is secret: every account may read each.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import FileResponse

from central.console.context import Visitor, console_of, page
from central.console.guard import Guard
from central.console.terms_in_force import terms_in_force
from central.core.rights import Right, Role
from central.words.manual_pages import OF_ROLE, manual, picture_file, with_terms

router = APIRouter()


@router.get("/help")
def show_own(request: Request, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """The manual of the reader's role."""
    return _show(request, visitor, OF_ROLE[Role(visitor.account.role)][0])


@router.get("/help/images/{picture}")
def show_picture(picture: str, _visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]) -> Response:
    """A picture that some manual shows; nothing else can be asked for."""
    try:
        return FileResponse(picture_file(picture), media_type="image/png")
    except KeyError:
        raise HTTPException(404) from None


@router.get("/help/{topic}")
def show_manual(
    request: Request, topic: str, visitor: Annotated[Visitor, Depends(Guard(Right.OWN_ACCOUNT))]
) -> Response:
    """Any manual."""
    return _show(request, visitor, topic)


def _show(request: Request, visitor: Visitor, name: str) -> Response:
    try:
        shown = with_terms(manual(name), terms_in_force(console_of(request).config))
    except KeyError:
        raise HTTPException(404) from None
    listed = OF_ROLE[Role(visitor.account.role)]
    return page(request, "help.html", visitor, manual=shown, listed=listed)
