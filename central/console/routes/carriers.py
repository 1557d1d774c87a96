"""The hand-over sheet of a key carrier.

GET /registers/carriers/{carrier_id}/sheet: a PDF, A4, in Russian; 500 with the page of the carrier where the machine lacks
the fonts.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central.console.access_log import note_alone
from central.console.context import Visitor, console_of, own_or_404
from central.console.guard import Guard
from central.console.routes.entries import entry_page
from central.core.input_fault import InputFault
from central.core.rights import Right
from central.papers.fonts import FontsMissing
from central.registers.carrier_sheet import HandOver, sheet_of
from central.registers.carriers import CarrierForm, on_carrier
from central.store import medics, registry
from central.store.engine import reading
from central.words.no_force import band, file_name

router = APIRouter()


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
            serials=tuple(one.serial for one in on_carrier(connection, row["holder_id"])),
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
