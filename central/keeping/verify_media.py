"""`verify` of media: every file that the store names as whole is there and gives its hash, or an act of two people destroyed it."""

import hashlib

from sqlalchemy import Connection

from central.keeping.verify_report import Expected, StoreReport
from central.store import acts, deletions, kept_files
from central.store.acts import SIGNATURES_NEEDED


def check_media(connection: Connection, expected: Expected, report: StoreReport) -> None:
    """Every file, and every row of a deletion: only an act in force that names the file explains that it is not there."""
    gone = _explained(connection, report)
    if expected.files is None:
        return
    destroyed = again = 0
    for sha256 in kept_files.hashes(connection):
        report.media += 1
        place = f"media {sha256}"
        try:
            with expected.files.path(sha256).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            if sha256 in gone:
                destroyed += 1
            else:
                report.fault("missing", place, f"the file cannot be read: {error.strerror}")
            continue
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            report.fault("missing", place, f"the file cannot be read: {why}")
            continue
        if digest != sha256:
            report.fault("changed", place, "the file does not give its hash")
        again += sha256 in gone
    if destroyed:
        by = ", ".join(sorted({gone[sha256] for sha256 in gone}))
        report.remark(f"media: {destroyed} files are not there because acts of destruction took them: {by}")
    if again:
        report.remark(
            f"media: {again} files that acts destroyed are there again; `serve` removes them by the same acts"
        )


def _explained(connection: Connection, report: StoreReport) -> dict[str, str]:
    """Number of the act by hash of the files that may be missing. A row that its act does not carry is a fault."""
    found = {one.act_id: one for one in acts.standing(connection, "destruction")}
    given = acts.signatures_of(connection, list(found))
    named = {
        act_id: acts.named_files(one)
        for act_id, one in found.items()
        if len(given.get(act_id, ())) == SIGNATURES_NEEDED
    }
    explained: dict[str, str] = {}
    for row in deletions.every(connection, report.on_bad("deletion")):
        if row.sha256 not in named.get(row.act_id, {}):
            report.fault("changed", f"deletion {row.deletion_id}", "no act that two people have signed names this file")
        elif row.result == "gone":
            explained[row.sha256] = f"{found[row.act_id].number}/{found[row.act_id].year}"
    return explained
