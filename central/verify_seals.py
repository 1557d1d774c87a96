"""`verify` of the seals: is what the centre itself wrote (audit log, history of registers, papers …) still what it was?

Holds the keys of the sealed rows in memory, some hundred bytes for each.
"""

from datetime import datetime

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection

from central.sealing import OVERLAP
from central.store import seals
from central.store.seals import SEALED, Seal
from central.verify_report import Expected, StoreReport
from sync.contract.canonical import GENESIS_HASH
from sync.contract.verify_report import Wrong


def check_seals(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every seal in its place and signed, every sealed row as it was, and no old row without a seal. Raises `Wrong`."""
    keys: dict[str, set[str]] = {kind: set() for kind in SEALED}
    newest: dict[str, datetime] = {}
    next_no, before = 1, GENESIS_HASH
    for seal in seals.every(connection):
        place = f"seal {seal.seal_no}"
        if seal.seal_no != next_no:
            raise Wrong("missing", f"seal {next_no}", "it is not there")
        if seal.prev_hash != before:
            raise Wrong("out_of_order", place, f"it does not name the hash of seal {seal.seal_no - 1}")
        _check_signature(seal, expected, place)
        _check_rows(connection, seal)
        keys[seal.kind].update(key for key, _ in seal.rows)
        reached = seals.moment_of(seal.newest_row) or seal.made_at
        newest[seal.kind] = min(reached, seal.made_at)
        report.sealed += len(seal.rows)
        next_no, before = next_no + 1, seal.sha256
    for kind, one in SEALED.items():
        unsealed = 0
        for key, since in seals.every_key(connection, one):
            if key in keys[kind]:
                continue
            written = seals.moment_of(since)
            if kind in newest and (written is None or written < newest[kind] - OVERLAP):
                raise Wrong("changed", f"{kind} {key}", "it was added afterwards: no seal names it")
            unsealed += 1
        if unsealed:
            report.remarks.append(f"{kind}: {unsealed} rows have no seal yet; `serve` seals what is some seconds old")


def _check_signature(seal: Seal, expected: Expected, place: str) -> None:
    if expected.centre_key is None:
        return
    try:
        expected.centre_key.verify(seal.signature, seal.body())
    except InvalidSignature as error:
        raise Wrong("wrongly_signed", place, "the signature is not the centre's over this seal") from error


def _check_rows(connection: Connection, seal: Seal) -> None:
    one = SEALED.get(seal.kind)
    if one is None:
        raise Wrong("changed", f"seal {seal.seal_no}", f"there is no table {seal.kind!r} whose rows are sealed")
    found = seals.rows_by_key(connection, one, [key for key, _ in seal.rows])
    for key, sha256 in seal.rows:
        if key not in found:
            raise Wrong("missing", f"{seal.kind} {key}", "the row is not in the store")
        if seals.row_hash(one, found[key]) != sha256:
            raise Wrong("changed", f"{seal.kind} {key}", "the row is not what was sealed")
