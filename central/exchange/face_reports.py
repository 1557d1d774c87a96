"""Reports of terminals about reference faces, projected into the list that the console shows and the photos are sent by."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.exchange.checks import Accepted
from central.store import faces
from central.store.anomalies import NewAnomaly
from sync.contract.face import FaceReport
from sync.contract.topics import Up


def note_reports(connection: Connection, fresh: Sequence[Accepted], *, now: datetime) -> list[NewAnomaly]:
    """Take the reports among messages that were stored now, in the caller's transaction. Workers of others are noted."""
    noted = []
    for item in sorted(fresh, key=lambda item: item.envelope.seq):
        report = item.body
        if not isinstance(report, FaceReport):
            continue
        terminal_id = item.address.terminal
        own = faces.workers_of(connection, item.address.org, [note.worker_id for note in report.notes])
        for note in report.notes:
            if note.worker_id in own:
                faces.note(
                    connection, terminal_id, note, legal_basis=report.legal_basis, seq=item.envelope.seq, now=now
                )
        strangers = len({note.worker_id for note in report.notes} - own)
        if strangers:
            detail = f"{strangers} workers of another organisation in a report about faces"
            noted.append(
                NewAnomaly("foreign_worker", item.address.up(Up.FACE), detail, terminal_id, item.envelope.message_id)
            )
    return noted
