"""Takes a carrier's file: reads it, checks its signature, finds carrier and driver in the registers. One file, one transaction.

What is wrong with a file is written beside it, and the file is kept: `refused` for what will never be right, `parked` for what
waits for the register or for another file and is looked at again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography import x509
from sqlalchemy import Connection

from central.core.waybill_config import OperatorConfig
from central.partners.driver_match import SnilsHash, match_driver
from central.partners.operators import IncomingFile
from central.partners.waybill_files import CarrierFile, Driver, read_carrier_file
from central.partners.waybill_xml import WaybillFault
from central.signature.chain import SignatureError
from central.signature.verification import verify_detached
from central.store import registry, waybills
from central.store.waybills import Waybill
from sync.contract.canonical import new_id, sha256_hex

_TITLES_OF = {"T1": ("before", "both"), "T5": ("after", "both")}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a file leads. `state`: `waiting`, `parked` or `not_needed`."""

    employer_id: str | None
    worker_id: str | None
    state: str
    fault: str = ""
    detail: str = ""


def take_file(
    connection: Connection,
    operator: OperatorConfig,
    roots: Sequence[x509.Certificate],
    file: IncomingFile,
    now: datetime,
    snils_hash: SnilsHash,
) -> list[Waybill]:
    """Keep a file once; returns its new rows, none for one that came before. Nothing is raised for what the file says."""
    digest = sha256_hex(file.content)
    name = file.name.removesuffix(".xml")[:255]
    if waybills.is_known(connection, operator.name, name, digest):
        return []
    row = Waybill(
        *(new_id(), operator.org, operator.name, "", name, 0, digest, "", "", None, None, None, None),
        file.content,
        file.signature,
        now,
        "refused",
    )
    try:
        read = read_carrier_file(file.content, file.name)
        if not file.signature:
            raise WaybillFault("unsigned")
        try:
            verify_detached(file.signature, file.content, roots, at=now)
        except SignatureError as error:
            raise WaybillFault("signature", error.code) from error
        if waybills.is_named(connection, operator.name, read.file_id):
            raise WaybillFault("twice")
    except WaybillFault as fault:
        refused = replace(row, fault=fault.code, detail=fault.detail[:200])
        waybills.add(connection, [refused])
        return [refused]
    kept = replace(row, kind=read.kind, waybill_uid=read.waybill_uid, number=read.number)
    kept = replace(kept, valid_from=read.valid_from, valid_until=read.valid_until)
    drivers = read.drivers or _drivers_before(connection, operator, read)
    rows = [
        replace(
            _with(kept, find_out(connection, operator, read, driver, snils_hash)), waybill_id=new_id(), driver_no=place
        )
        for place, driver in enumerate(drivers, start=1)
    ] or [replace(kept, state="parked", fault="no_waybill", driver_no=1)]
    waybills.add(connection, rows)
    return rows


def look_again(connection: Connection, operator: OperatorConfig, snils_hash: SnilsHash) -> int:
    """Try parked files anew: registers change, and a return may come before its waybill. Returns how many go on."""
    done = 0
    for row in waybills.parked(connection, operator.name):
        read = read_carrier_file(row.content, f"{row.file_id}.xml")
        drivers = read.drivers or _drivers_before(connection, operator, read)
        if row.driver_no > len(drivers):
            continue
        found = find_out(connection, operator, read, drivers[row.driver_no - 1], snils_hash)
        if (found.state, found.fault, found.detail) == (row.state, row.fault, row.detail):
            continue
        changed = {"employer_id": found.employer_id, "worker_id": found.worker_id}
        waybills.settle(
            connection, row.waybill_id, state=found.state, fault=found.fault, detail=found.detail, **changed
        )
        if row.fault == "no_waybill" and len(drivers) > 1:
            more = [
                replace(
                    _with(row, find_out(connection, operator, read, driver, snils_hash)),
                    waybill_id=new_id(),
                    driver_no=place,
                )
                for place, driver in enumerate(drivers[1:], start=2)
            ]
            waybills.add(connection, more)
        done += 1
    return done


def find_out(
    connection: Connection, operator: OperatorConfig, read: CarrierFile, driver: Driver, snils_hash: SnilsHash
) -> Found:
    """Carrier by its ИНН, driver by what the file says of the person (`match_driver`)."""
    first = read if read.kind == "T1" else _waybill_of(connection, operator, read)
    if first is None:
        return Found(None, None, "parked", "no_waybill")
    if not first.carrier_inn:
        return Found(None, None, "parked", "carrier_without_inn")
    employers = [row for row in registry.list_employers(connection, operator.org) if row["inn"] == first.carrier_inn]
    if not employers or employers[0]["waybill_operator"] != operator.name:
        return Found(None, None, "parked", "unknown_carrier", first.carrier_inn)
    employer = employers[0]
    employer_id = str(employer["employer_id"])
    if employer["waybill_titles"] not in _TITLES_OF[read.kind]:
        return Found(employer_id, None, "not_needed")
    if read.kind == "T5" and not first.needs_exam_after:
        return Found(employer_id, None, "not_needed")
    try:
        row = match_driver(connection, operator.org, employer_id, driver, snils_hash)
    except WaybillFault as fault:
        return Found(employer_id, None, "parked", fault.code)
    return Found(employer_id, str(row["worker_id"]), "waiting")


def _with(row: Waybill, found: Found) -> Waybill:
    return replace(
        row,
        employer_id=found.employer_id,
        worker_id=found.worker_id,
        state=found.state,
        fault=found.fault,
        detail=found.detail,
    )


def _waybill_of(connection: Connection, operator: OperatorConfig, read: CarrierFile) -> CarrierFile | None:
    rows = waybills.of_uid(connection, operator.name, read.waybill_uid, "T1")
    return read_carrier_file(rows[0].content, f"{rows[0].file_id}.xml") if rows else None


def _drivers_before(connection: Connection, operator: OperatorConfig, read: CarrierFile) -> tuple[Driver, ...]:
    """A return names no driver: they are those of its waybill."""
    first = _waybill_of(connection, operator, read)
    return first.drivers if first is not None else ()
