"""Contracts with employers: what an exam of each kind costs from which day on.

GET /contracts: the list, with the form of a new one. POST /contracts: `of_org`, `employer_id`, `number`, `since_day`, `until_day`,
`vat_note`, `csrf`: 303, 422 with what is at fault. GET /contracts/{contract_id}. POST /contracts/{contract_id}/prices: `exam_type`,
`first_day`, `price` (roubles), `csrf`. POST /contracts/{contract_id}/end: `last_day`, `basis`, `csrf`; 409 when it is
ended already.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404, page
from central.console.guard import Guard, form_of, typed_fields
from central.console.typed import Typed
from central.contracts.billing import terms_of
from central.contracts.terms import EXAM_TYPES, MOST_CHARS, Faults, end_contract, make_contract, set_price
from central.core.days import day_of
from central.core.rights import Right
from central.store import accounts, contracts, registry
from central.store.contracts import Contract, ContractEnd, ContractPrice, EndedAlready
from central.store.engine import reading, writing

router = APIRouter()
Keeper = Annotated[Visitor, Depends(Guard(Right.KEEP_CONTRACTS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/contracts")
def show_contracts(request: Request, visitor: Keeper) -> Response:
    """All contracts, and the form of a new one."""
    return contracts_page(request, visitor)


@router.post("/contracts")
def add_contract(request: Request, visitor: Keeper, form: Form) -> Response:
    """Enter a contract."""
    console, typed = console_of(request), Typed(typed_fields(form))
    fields = {name: typed.one(name) for name in ("employer_id", "number", "since_day", "until_day", "vat_note")}
    with writing(console.engine) as connection:
        org = visitor.org_of(typed.one("of_org"))
        made = make_contract(connection, org, fields, console.clock(), visitor.account.account_id)
        if isinstance(made, Contract):
            detail = {"number": made.number}
            note(connection, console, visitor, "contract.add", made.contract_id, org=made.org, detail=detail)
    if not isinstance(made, Contract):
        return contracts_page(request, visitor, 422, typed=typed, faults=made)
    return RedirectResponse(f"/contracts/{made.contract_id}", 303)


@router.get("/contracts/{contract_id}")
def show_contract(request: Request, visitor: Keeper, contract_id: str) -> Response:
    """One contract with its prices."""
    return contract_page(request, visitor, contract_id)


@router.post("/contracts/{contract_id}/prices")
def add_price(request: Request, visitor: Keeper, contract_id: str, form: Form) -> Response:
    """Enter a price from a day on."""
    console, typed = console_of(request), Typed(typed_fields(form))
    fields = {name: typed.one(name) for name in ("exam_type", "first_day", "price")}
    with writing(console.engine) as connection:
        item = own_or_404(visitor, contracts.find(connection, contract_id))
        made = set_price(connection, item, fields, console.clock(), visitor.account.account_id)
        if isinstance(made, ContractPrice):
            detail = {"exam_type": made.exam_type, "first_day": f"{made.first_day}", "kopecks": made.kopecks}
            note(connection, console, visitor, "contract.price", contract_id, org=item.org, detail=detail)
    if not isinstance(made, ContractPrice):
        return contract_page(request, visitor, contract_id, 422, typed=typed, faults=made)
    return RedirectResponse(f"/contracts/{contract_id}", 303)


@router.post("/contracts/{contract_id}/end")
def end(request: Request, visitor: Keeper, contract_id: str, form: Form) -> Response:
    """End a contract before its term."""
    console, typed = console_of(request), Typed(typed_fields(form))
    fields = {name: typed.one(name) for name in ("last_day", "basis")}
    try:
        with writing(console.engine) as connection:
            item = own_or_404(visitor, contracts.find(connection, contract_id))
            made = end_contract(connection, item, fields, console.clock(), visitor.account.account_id)
            if isinstance(made, ContractEnd):
                detail = {"basis": made.basis, "last_day": f"{made.last_day}"}
                note(connection, console, visitor, "contract.end", contract_id, org=item.org, detail=detail)
    except EndedAlready as error:
        raise HTTPException(409) from error
    if not isinstance(made, ContractEnd):
        return contract_page(request, visitor, contract_id, 422, typed=typed, faults=made)
    return RedirectResponse(f"/contracts/{contract_id}", 303)


def contracts_page(
    request: Request, visitor: Visitor, status: int = 200, *, typed: Typed | None = None, faults: Faults | None = None
) -> Response:
    """The list and the form."""
    console, orgs = console_of(request), visitor.account.orgs
    today = day_of(console.clock())
    with reading(console.engine) as connection:
        found = contracts.listed(connection, orgs)
        ids = [one.contract_id for one in found]
        terms = terms_of(found, contracts.ends_of(connection, ids), contracts.prices_of(connection, ids))
        known = [row for org in orgs for row in registry.list_employers(connection, org)]
        names = _employer_names(connection, visitor)
    rows = [
        (one, names.get(one.contract.employer_id, "—"), {kind: one.price_on(kind, today) for kind in EXAM_TYPES})
        for one in terms
    ]
    _note_reading(request, visitor, len(rows))
    return page(
        request,
        "contracts.html",
        visitor,
        status,
        rows=rows,
        employers=known,
        kinds=EXAM_TYPES,
        today=today,
        typed=typed or Typed({}),
        faults=faults or {},
        most=MOST_CHARS,
    )


def contract_page(
    request: Request,
    visitor: Visitor,
    contract_id: str,
    status: int = 200,
    *,
    typed: Typed | None = None,
    faults: Faults | None = None,
) -> Response:
    """One contract with the forms of prices and of its end."""
    console = console_of(request)
    with reading(console.engine) as connection:
        item = own_or_404(visitor, contracts.find(connection, contract_id))
        (terms,) = terms_of(
            [item], contracts.ends_of(connection, [contract_id]), contracts.prices_of(connection, [contract_id])
        )
        employer = registry.get_employer(connection, item.employer_id)
        who = {one.account_id: one.full_name for one in accounts.all_accounts(connection)}
    replaced = {
        one.price_id
        for place, one in enumerate(terms.prices)
        if any(
            (one.exam_type, one.first_day) == (other.exam_type, other.first_day) for other in terms.prices[place + 1 :]
        )
    }
    note_alone(console, visitor, "contract.read", contract_id, org=item.org)
    return page(
        request,
        "contract.html",
        visitor,
        status,
        terms=terms,
        item=item,
        employer=employer["name"] if employer is not None else "—",
        replaced=replaced,
        who=who,
        kinds=EXAM_TYPES,
        today=day_of(console.clock()),
        typed=typed or Typed({}),
        faults=faults or {},
        most=MOST_CHARS,
    )


def _employer_names(connection: Connection, visitor: Visitor) -> dict[str, str]:
    """Names of employers, those of the archive too."""
    rows = [
        row
        for org in visitor.account.orgs
        for archived in (False, True)
        for row in registry.list_employers(connection, org, archived=archived)
    ]
    return {row["employer_id"]: row["name"] for row in rows}


def _note_reading(request: Request, visitor: Visitor, rows: int) -> None:
    for org in visitor.account.orgs or (None,):
        note_alone(console_of(request), visitor, "contracts.read", org=org, detail={"rows": rows})
