"""`verify` of the reference books: does each published version still hold the items that its hash names?

The seals name the changed row; this names the version, also in the seconds before its rows were sealed.
"""

from sqlalchemy import Connection

from central.books.reading import item_of
from central.keeping.verify_report import Expected, StoreReport
from central.store import books
from sync.contract.books import items_digest


def check_books(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    """Every version against its hash."""
    for row in books.every_version(connection):
        items = [item_of(item) for item in books.items_of(connection, row.version_id)]
        if items_digest(items) != row.sha256:
            place = f"book {row.book} {row.version}" + (f" of {row.org}" if row.org else "")
            report.fault("changed", place, "the items are not those that were published")
