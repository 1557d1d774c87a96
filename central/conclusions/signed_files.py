"""Signed papers of an exam as files of a dossier: the PDF, and the organisation's signature apart from it, for openssl."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from central.conclusions.evidence import Files, moment_file, stamp_files
from central.conclusions.signed_bytes import signature_in
from central.grounds.document_files import DocumentFiles
from central.store import deletions, papers, signed_papers
from central.store.signed_papers import PADES, SignedPaper


def signed_files(connection: Connection, exam_ids: Sequence[str], files: DocumentFiles) -> Files:
    """Every signed paper of these exams by path, but for those that went by an act of two people, which is in the dossier instead.

    Raises `DocumentLost` for one that is gone otherwise, or changed.
    """
    found: Files = {}
    gone = deletions.gone(connection)
    for exam_id in exam_ids:
        for number, item in enumerate(_of_exam(connection, exam_id), start=1):
            if item.stored_sha256 in gone:
                continue
            folder = f"exams/{exam_id}/paper-{number}"
            pdf = files.open(item.signed_id, item.stored_sha256, item.sha256)
            found[f"{folder}/paper.pdf"] = pdf
            cms = signature_in(pdf) if item.form == PADES else item.signature
            found |= {f"{folder}/organisation.cms": cms, f"{folder}/made_at.txt": moment_file(item.made_at)}
            found |= stamp_files(connection, folder, "signed_paper", item.signed_id, cms)
    return found


def signed_ids(connection: Connection, exam_ids: Sequence[str]) -> list[str]:
    """Their rows in the store."""
    return [item.signed_id for exam_id in exam_ids for item in _of_exam(connection, exam_id)]


def _of_exam(connection: Connection, exam_id: str) -> Iterator[SignedPaper]:
    yield from signed_papers.of_papers(connection, papers.ids_of_exam(connection, exam_id))
