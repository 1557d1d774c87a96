"""What every page of a worker's own record shares: whose it is, and which exams are the worker's."""

from typing import Annotated

from fastapi import Depends, HTTPException
from sqlalchemy import Connection

from central.console.context import Visitor
from central.console.guard import Guard
from central.core.rights import Right
from central.store import worklist
from central.store.worklist import ListedExam

Owner = Annotated[Visitor, Depends(Guard(Right.SEE_OWN_RECORD))]
MOST_EXAMS = 200
"""So many of the newest exams stand in the list; all of them are in the archive of the medical organisation."""


def person_of(visitor: Visitor) -> str:
    """Whose record this is. 404 for an account of nobody."""
    if visitor.account.person_id is None:
        raise HTTPException(404)
    return visitor.account.person_id


def own_exam(connection: Connection, visitor: Visitor, exam_id: str) -> ListedExam:
    """An exam of the visitor's own. 404 for any other, and for one that nobody has: ids of others cannot be probed."""
    found = worklist.one_of_person(connection, person_of(visitor), exam_id)
    if found is None:
        raise HTTPException(404)
    return found
