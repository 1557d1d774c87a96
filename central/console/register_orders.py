"""The orders of the lists of the registers. The store sorts workers (`central.store.workers.ORDERS`)."""

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

Keys = Mapping[str, Callable[[Any], Any]]

USUAL = {
    "workers": "full_name",
    "employers": "name",
    "medics": "full_name",
    "devices": "verified_until",
    "rooms": "name",
    "carriers": "",
    "organisations": "",
}
"""The order in which the store gives each of them."""


def _plain(*names: str) -> dict[str, Callable[[Any], Any]]:
    return {name: itemgetter(name) for name in names}


def _model(row: Any) -> str:
    return f"{row['maker']} {row['model']}"


def keys_of(kind: str, places: Mapping[str, Any]) -> Keys:
    """The columns of a register's list, each with the value that it is sorted by. `places`: terminals by id."""

    def place(row: Any) -> str:
        found = places.get(row["terminal_id"])
        return f"{found['name']}, {found['place']}" if found else ""

    columns: Mapping[str, Keys] = {
        "employers": _plain("name", "inn", "okved", "region_code", "alert_contact"),
        "rooms": _plain("name", "place"),
        "organisations": _plain("name", "licence", "oid"),
        "carriers": _plain("number", "carrier_kind", "holder", "issued_at", "returned_at", "lost_at"),
        "medics": {
            "full_name": lambda row: row[0].full_name,
            "position": lambda row: row[0].position,
            "accreditation_until": lambda row: row[0].accreditation_until,
            "training_at": lambda row: row[0].training_at,
            "federal_register_at": lambda row: row[0].federal_register_at,
            "may_sign": lambda row: len(row[1]),
        },
        "devices": {
            **_plain("serial", "measures", "registration_number", "verified_until"),
            "model": _model,
            "place": place,
        },
    }
    return columns.get(kind, {})


REPORTED: Keys = {
    "place": lambda row: f"{row[0]['name']}, {row[0]['place']}",
    "model": lambda row: _model(row[1]),
    "serial": lambda row: row[1]["serial"],
    "verified_until": lambda row: row[1]["verified_until"],
}
"""Of the devices that terminals report and the register does not know."""
