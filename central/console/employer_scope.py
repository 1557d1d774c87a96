"""Whose workers an account of an employer sees: those of its employers, or of the one that the address has chosen (`employer`)."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import HTTPException, Request
from sqlalchemy import Connection

from central.console.context import Visitor
from central.core.rights import EMPLOYER_ROLES
from central.store import registry

FIELD = "employer"
"""Of addresses and forms."""


class EmployerClosed(Exception):
    """No employer of the account is served any more."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__("the account's employers are put away")
        self.visitor = visitor


@dataclass(frozen=True, slots=True)
class EmployerScope:
    """The employers of an account that are served, and which of them is meant."""

    names: Mapping[str, str]
    """By id, in the order of the names."""
    chosen: str = ""
    """Empty: all of them."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The employers that are meant."""
        return (self.chosen,) if self.chosen else tuple(self.names)

    @property
    def only(self) -> str:
        """The one that is meant; empty where somebody has to choose."""
        return self.ids[0] if len(self.ids) == 1 else ""

    @property
    def title(self) -> str:
        """What pages and files call those that are meant."""
        return ", ".join(self.names[one] for one in self.ids)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """How the choice stands in an address."""
        return [(FIELD, self.chosen)] if self.chosen else []

    def of(self, employer_id: str) -> str:
        """The employer, when it is one of the account's; 404 otherwise, so that ids of others cannot be probed."""
        if employer_id not in self.names:
            raise HTTPException(404)
        return employer_id


def scope_of(connection: Connection, request: Request, visitor: Visitor, chosen: str | None = None) -> EmployerScope:
    """The scope of this address, or of `chosen` where a form says it.

    404 for an account without employers and for somebody else's employer; raises `EmployerClosed` when none is served any more.
    """
    own = [registry.get_employer(connection, one) for one in visitor.account.employer_ids]
    rows = [row for row in own if row is not None and visitor.owns(row["org"])]
    if not rows:
        raise HTTPException(404)
    served = {row["employer_id"]: str(row["name"]) for row in rows if row["archived_at"] is None}
    if not served:
        raise EmployerClosed(visitor)
    scope = EmployerScope(dict(sorted(served.items(), key=lambda item: item[1])))
    wanted = request.query_params.get(FIELD, "") if chosen is None else chosen
    return EmployerScope(scope.names, scope.of(wanted)) if wanted else scope


def is_bound(visitor: Visitor) -> bool:
    """Whether the account is of an employer, and sees nothing of others."""
    return visitor.account.role in EMPLOYER_ROLES
