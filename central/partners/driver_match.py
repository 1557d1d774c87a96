"""Which worker of an employer a waybill's driver is: by ИНН, SNILS, driving licence or personnel number, never by the name alone.

Everything that the file says counts: what leads to different workers leads to nobody. The name must be the register's in any case.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, RowMapping

from central.core.name_folding import fold_licence, fold_name
from central.core.snils import parse_snils
from central.partners.waybill_files import Driver
from central.partners.waybill_xml import WaybillFault
from central.store import workers

SnilsHash = Callable[[str], str]
"""The keyed hash of the 11 digits, as the register keeps it."""


def match_driver(
    connection: Connection, org: str, employer_id: str, driver: Driver, snils_hash: SnilsHash
) -> RowMapping:
    """The worker's row. Raises `WaybillFault` with a word for a file that names nobody, several, or two at once."""
    said = list(_said(connection, org, employer_id, driver, snils_hash))
    if not said:
        raise WaybillFault("driver_without_inn")
    found = [{row["worker_id"]: row for row in rows} for rows in said if rows]
    if not found:
        raise WaybillFault("unknown_driver")
    meant = set.intersection(*(set(rows) for rows in found))
    if not meant:
        raise WaybillFault("two_drivers")
    if len(meant) > 1:
        raise WaybillFault("several_drivers")
    row = found[0][meant.pop()]
    if driver.inn is not None and row["inn"] not in {None, "", driver.inn}:
        raise WaybillFault("other_driver")
    if fold_name(row["full_name"]) != fold_name(driver.name.full):
        raise WaybillFault("other_driver")
    return row


def _said(
    connection: Connection, org: str, employer_id: str, driver: Driver, snils_hash: SnilsHash
) -> Iterator[list[RowMapping]]:
    """For each thing that the file says of its driver: the workers whom it leads to."""
    if driver.inn is not None:
        yield list(workers.with_inn(connection, employer_id, driver.inn))
    if driver.licence is not None:
        asked = fold_licence(driver.licence.series + driver.licence.number)
        known = workers.with_licences(connection, employer_id)
        yield [row for row in known if fold_licence(row["driving_licence"]) == asked]
    if driver.snils is not None:
        try:
            hashed = snils_hash(parse_snils(driver.snils))
        except ValueError:
            yield []
        else:
            yield list(workers.with_snils(connection, employer_id, hashed))
    if driver.personnel_number is not None:
        numbered = workers.workers_with_number(connection, org, driver.personnel_number)
        yield [row for row in numbered if row["employer_id"] == employer_id]
