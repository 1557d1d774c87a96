"""`verify` of the centre's store: is everything that was received and decided still what it was?

Looks at the form of every cell, walks all messages terminal by terminal in the order of their chain, then the examinations,
the decisions, what went down, the media, and the seals over what the centre itself wrote. A fault is named and the walk goes on
behind it. What only *might* be a loss (a message that the chain awaits, a decision whose authority is not at hand) is a remark
and no fault.

Out of reach: working tables that nobody seals (registers as they stand now, whose history is sealed; accounts; sessions; the
schedule of deliveries). `docs/reliability.md` lists them column by column.
"""

from collections.abc import Callable

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from central.keeping.verify_acts import check_acts
from central.keeping.verify_books import check_books
from central.keeping.verify_certificates import check_certificates
from central.keeping.verify_chains import check_messages
from central.keeping.verify_decisions import check_decisions
from central.keeping.verify_exams import check_exams
from central.keeping.verify_forms import check_forms
from central.keeping.verify_media import check_media
from central.keeping.verify_outgoing import check_outgoing
from central.keeping.verify_papers import check_papers
from central.keeping.verify_passports import check_passports
from central.keeping.verify_report import Expected, StoreReport
from central.keeping.verify_seals import check_seals
from central.keeping.verify_stamps import check_stamps
from central.store import scratch
from central.store.engine import reading
from sync.contract.verify_report import DAMAGED, Wrong


def verify_store(engine: Engine, expected: Expected) -> StoreReport:
    """Check a whole store in one consistent view. Reads only; memory does not grow with the store."""
    report = StoreReport()
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            # One view for all walks; the temporary tables are none of the database.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        scratch.begin(connection)
        for walk in (
            _check_file,
            check_forms,
            check_messages,
            check_exams,
            check_decisions,
            check_stamps,
            check_papers,
            check_passports,
            check_acts,
            check_outgoing,
            check_books,
            check_certificates,
            check_media,
            check_seals,
        ):
            report.begin(_name(walk))
            try:
                walk(connection, expected, report)
            except Wrong as wrong:
                report.add(wrong.fault)
            except DatabaseError as error:
                report.fault("database", _name(walk), str(error.orig))
                if connection.dialect.name != "sqlite":
                    raise  # the view is gone: nothing more can be read in it
            except DAMAGED as error:
                what = f"the rest cannot be read: a value that no program of ours writes ({type(error).__name__})"
                report.fault("damaged", _name(walk), what)
    return report


def _name(walk: Callable[[Connection, Expected, StoreReport], None]) -> str:
    return walk.__name__.removeprefix("_").removeprefix("check_")


def _check_file(connection: Connection, _expected: Expected, report: StoreReport) -> None:
    if connection.dialect.name != "sqlite":
        return
    for answer in connection.execute(text("PRAGMA integrity_check(100)")).scalars():
        if answer != "ok":
            report.fault("database", "file", str(answer))
