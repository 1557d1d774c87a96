"""A ground with everything that people say of it: a sealed document, a verdict, a comparison, a reminder."""

from sqlalchemy import Connection, select

from central.grounds.document_files import DocumentFiles
from central.grounds.keeping import Author, compare, judge_document
from central.store import documents, grounds, reminders
from central.store.documents import Document
from central.store.grounds import ground
from central.store.reminders import Reminder
from central.store.workers import get_worker
from sync.contract.canonical import new_id, sha256_hex
from tests.console_centre import ConsoleCentre

PAPER = b"%PDF-1.7 of nobody"


def add_records(centre: ConsoleCentre, connection: Connection) -> tuple[str, str]:
    """For the first ground of the store; returns its id and that of the document."""
    found = grounds.get(connection, str(connection.execute(select(ground.c.ground_id)).scalars().first()))
    assert found is not None
    author, document_id = Author("zoya", centre.now()), new_id()
    item = Document(
        document_id=document_id,
        org=found.org,
        ground_id=found.ground_id,
        sha256=sha256_hex(PAPER),
        stored_sha256=DocumentFiles.from_config(centre.config).keep(document_id, PAPER),
        content_type="application/pdf",
        size_bytes=len(PAPER),
        dpi=300,
        uploaded_at=centre.now(),
        uploaded_by="zoya",
    )
    assert documents.add(connection, item)
    judge_document(connection, item, "refused", "term", "срок другой", author)
    compare(connection, found, "not_confirmed", "МИС", "нет записи", author)
    worker = get_worker(connection, found.worker_id)
    assert worker is not None
    until = centre.now().date()
    told = (found.org, worker["employer_id"], found.worker_id, found.ground_id, "ends", "Документ", until, 0)
    assert reminders.add(connection, Reminder(new_id(), *told, centre.now()))
    return found.ground_id, document_id
