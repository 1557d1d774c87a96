"""Key carriers: the hand-over sheet, the certificates on one, and their revocation when it is lost.

GET /registers/carriers/{carrier_id}/sheet: a PDF, A4, in Russian; 500 with the page of the carrier where the machine lacks
the fonts. POST /registers/carriers/{carrier_id}/certificates: `certificate` (ids, all that are on it), `csrf`. POST
/registers/carriers/{carrier_id}/revoke, of a lost one: `certificate` (ids), `note`, `csrf`; all of them in one transaction. 303
to the carrier, 422 with the page and a fault at the field.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from central.console.access_log import note, note_alone
from central.console.context import Visitor, console_of, own_or_404
from central.console.guard import Guard, form_of
from central.console.routes.certificates import close_gate
from central.console.routes.entries import entry_page
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.papers.fonts import FontsMissing
from central.registers.carrier_keys import LOST, name_on, named_on, revoke_lost
from central.registers.carrier_sheet import HandOver, sheet_of
from central.registers.carriers import CarrierForm, on_carrier
from central.store import medics, registry
from central.store.engine import hold_registers, reading, writing
from central.store.register_changes import Author
from central.words.no_force import band, file_name

router = APIRouter()
Changer = Annotated[Visitor, Depends(Guard(Right.CHANGE_REGISTERS))]
Form = Annotated[FormData, Depends(form_of)]


@router.get("/registers/carriers/{carrier_id}/sheet")
def hand_over_sheet(
    request: Request, carrier_id: str, visitor: Annotated[Visitor, Depends(Guard(Right.SEE_REGISTERS))]
) -> Response:
    """The sheet that giver and holder sign."""
    console = console_of(request)
    with reading(console.engine) as connection:
        row = own_or_404(visitor, CarrierForm().read(connection, carrier_id))
        organisation = registry.get_organisation(connection, row["org"])
        holder = medics.find(connection, row["holder_id"])
        what = HandOver(
            carrier=row,
            organisation=str(organisation["name"]) if organisation else row["org"],
            position=holder.position if holder else "",
            serials=tuple(
                one.serial for one in named_on(connection, carrier_id) or on_carrier(connection, row["holder_id"])
            ),
            band=band(console.config.generation, "ru"),
        )
    try:
        content = sheet_of(what)
    except FontsMissing:
        return entry_page(request, visitor, CarrierForm(), carrier_id, status=500, faults={"": InputFault("no_fonts")})
    note_alone(console, visitor, "carrier.sheet", carrier_id, org=row["org"])
    name = file_name(console.config.generation, "carrier.pdf")
    return Response(
        content, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@router.post("/registers/carriers/{carrier_id}/certificates")
def name_certificates(request: Request, carrier_id: str, visitor: Changer, sent: Form) -> Response:
    """Say which certificates are on it."""
    console = console_of(request)
    with writing(console.engine) as connection:
        row = own_or_404(visitor, CarrierForm().read(connection, carrier_id))
        hold_registers(connection, row["org"])
        author = Author(visitor.account.account_id, console.clock())
        faults = name_on(connection, row, _chosen(sent), author)
        if not faults:
            note(connection, console, visitor, "carrier.save", carrier_id, org=row["org"])
    if faults:
        return entry_page(request, visitor, CarrierForm(), carrier_id, status=422, faults=faults)
    return RedirectResponse(f"/registers/carriers/{carrier_id}?saved=1", status_code=303)


@router.post("/registers/carriers/{carrier_id}/revoke")
def revoke_certificates(
    request: Request,
    carrier_id: str,
    visitor: Annotated[Visitor, Depends(Guard(Right.REVOKE_CERTIFICATES))],
    sent: Form,
) -> Response:
    """Revoke the certificates of a lost carrier in one act: the gate closes for all of them with this transaction."""
    console = console_of(request)
    with writing(console.engine) as connection:
        row = own_or_404(visitor, CarrierForm().read(connection, carrier_id))
        author = Author(visitor.account.account_id, console.clock())
        done, faults = revoke_lost(connection, row, _chosen(sent), str(sent.get("note", "")), author)
        for one in done:
            detail = {"serial": one.serial, "reason": LOST}
            note(connection, console, visitor, "medic.revoke", one.owner, org=one.org, detail=detail)
    if faults:
        return entry_page(request, visitor, CarrierForm(), carrier_id, status=422, faults=faults)
    close_gate(console, {one.owner for one in done})
    return RedirectResponse(f"/registers/carriers/{carrier_id}?saved=1", status_code=303)


def _chosen(sent: FormData) -> list[str]:
    return [str(one) for one in sent.getlist("certificate")]
