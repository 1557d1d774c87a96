"""`verify` of a terminal's store: is everything that happened here still what it was?

Walks the diary, the outbox with its receipts, what the centre sent, and what is derived from them. A fault is named and the walk
goes on behind it. Reads only.

Out of reach: the short list of refusals that the centre is still to be told of (a queue, empty while the kiosk runs); and the
end of the diary: whoever holds the keys and cuts off the newest events of a store that has not been in touch since
leaves no trace here. The centre sees it, because it awaits the next number.
"""

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlite_utils import Database

from sync.contract.verify_report import DAMAGED, Wrong
from sync.transactions import STORE_DAMAGE
from terminal.store.verify_chains import UNREADABLE, check_diary, check_inbox, check_outbox, check_proofs
from terminal.store.verify_derived import check_faces, check_identity, check_media, check_reference
from terminal.store.verify_exams import check_exams
from terminal.store.verify_report import Expected, StoreReport
from terminal.store.verify_roster import check_roster

Walk = Callable[[Database, Expected, StoreReport], None]


def verify_store(db: Database, expected: Expected) -> StoreReport:
    """Check a whole store in one consistent view; memory does not grow with the diary."""
    report = StoreReport()
    db.execute("BEGIN")
    try:
        for walk in _WALKS:
            report.begin(_name(walk))
            try:
                walk(db, expected, report)
            except Wrong as wrong:
                report.add(wrong.fault)
            except STORE_DAMAGE as error:
                report.fault("database", _name(walk), str(error))
            except (*UNREADABLE, *DAMAGED) as error:
                what = f"the rest cannot be read: a value that no program of ours writes ({type(error).__name__})"
                report.fault("damaged", _name(walk), what)
    finally:
        db.execute("ROLLBACK")
    if expected.centre_key is None:
        report.remark("the centre's key is not at hand: receipts and messages of the centre are not verified")
    if expected.media is None:
        report.remark("the folder of media is not at hand: photos and videos are not verified")
    return report


def owner_key(db: Database) -> Ed25519PublicKey | None:
    """The public key that the store says is its terminal's; None where it says nothing readable."""
    row = db.execute("SELECT public_key FROM identity").fetchone()
    try:
        return None if row is None else Ed25519PublicKey.from_public_bytes(base64.b64decode(row[0], validate=True))
    except ValueError:
        return None


def _check_file(db: Database, _expected: Expected, report: StoreReport) -> None:
    """Pages whose seal is broken (SQLCipher), then what the database itself finds."""
    broken = [str(row[0]) for row in db.execute("PRAGMA cipher_integrity_check").fetchall()]
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(100)").fetchall()]
    for text in broken + [text for text in found if text != "ok"]:
        report.fault("database", "file", text)


def _check_key(db: Database, expected: Expected, _report: StoreReport) -> None:
    """The key that the store names is the one that it is checked with, written as it was."""
    (text,) = db.execute("SELECT public_key FROM identity").fetchone() or ("",)
    if base64.b64encode(expected.terminal_key.public_bytes_raw()).decode("ascii") != text:
        raise Wrong("changed", "identity", "the public key in the store is not the terminal's")


def _name(walk: Walk) -> str:
    return walk.__name__.removeprefix("_").removeprefix("check_")


_WALKS: tuple[Walk, ...] = (
    _check_file,
    check_identity,
    _check_key,
    check_diary,
    check_outbox,
    check_proofs,
    check_inbox,
    check_exams,
    check_roster,
    check_reference,
    check_faces,
    check_media,
)
