"""What proves one exam, as files: what its terminal signed, what medics decided and signed, who stamped it, who looked.

Each signature stands beside exactly the bytes that it covers, so that openssl can check it as it is.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection, RowMapping

from central.signature.timestamp import token_in
from central.store import (
    acts,
    decisions,
    deletions,
    media,
    messages,
    paper_records,
    stamp_renewals,
    terminals,
    waybill_titles,
)
from central.store.decisions import StoredDecision
from central.store.kept_signatures import DECISION
from central.store.messages import MessageRow
from sync.contract.canonical import canonical
from sync.contract.envelope import ContractError, open_sealed, read_unverified

Files = dict[str, bytes]


def files_of_exam(connection: Connection, exam: RowMapping) -> Files:
    """Everything by path. Raises `LookupError` for a message that no key of its terminal has signed."""
    files: Files = {}
    folder = f"exams/{exam['exam_id']}"
    keys = [_public_key(one) for one in terminals.all_keys(connection).get(exam["terminal_id"], [])]
    for number, row in enumerate(_revisions(connection, exam), start=1):
        files |= _message_files(f"{folder}/message-{number}", row, keys)
    for number, item in enumerate(decisions.of_exam(connection, exam["exam_id"]), start=1):
        files |= _decision_files(f"{folder}/decision-{number}", item)
        files |= stamp_files(connection, f"{folder}/decision-{number}", DECISION, item.decision_id, item.cms)
    for number, written in enumerate(paper_records.of_exam(connection, exam["exam_id"]), start=1):
        name = f"{folder}/written-{number}"
        files |= {f"{name}/record.json": written.record, f"{name}/medic.cms": written.cms}
        files |= {f"{name}/signed_at.txt": moment_file(written.written_at)}
        files |= stamp_files(connection, name, "paper_record", written.record_id, written.cms)
    for number, title in enumerate(waybill_titles.titles_of_exam(connection, exam["exam_id"]), start=1):
        name = f"{folder}/title-{number}"
        files |= {f"{name}/record.xml": title.content, f"{name}/medic.cms": title.cms}
        files |= {f"{name}/signed_at.txt": moment_file(title.signed_at)}
        files |= stamp_files(connection, name, "waybill_title", title.title_id, title.cms)
    files[f"{folder}/media.txt"] = _media_list(media.media_of_exam(connection, exam["exam_id"]))
    files[f"{folder}/about.json"] = _about(exam)
    return files


def files_of_acts(connection: Connection, exam_id: str) -> Files:
    """Acts of destruction that took files of the exam, each with both signatures over exactly its bytes."""
    files: Files = {}
    for act_id in sorted(set(deletions.acts_of_exam(connection, exam_id).values())):
        item = acts.find(connection, act_id)
        if item is None:
            continue
        name = f"acts/{item.year}-{item.number}"
        files[f"{name}/record.json"] = item.record
        for one in acts.signatures_of(connection, [act_id]).get(act_id, ()):
            person = f"{name}/person-{one.place}"
            files |= {f"{person}/medic.cms": one.cms, f"{person}/signed_at.txt": moment_file(one.signed_at)}
            files |= stamp_files(connection, person, "act_signature", one.signature_id, one.cms)
    return files


def stamp_files(connection: Connection, folder: str, kind: str, signature_id: str, cms: bytes) -> Files:
    """The time stamp inside of a signature, apart from it, and its renewals. `kind`, `signature_id`: as in `KeptSignature`."""
    files: Files = {}
    if found := token_in(cms):
        stamped, token = found
        files |= {f"{folder}/stamped.bin": stamped, f"{folder}/stamp.tst": token}
    for renewal in stamp_renewals.of(connection, kind, [signature_id]).get(signature_id, []):
        files[f"{folder}/renewal-{renewal.renewal_no}.tst"] = renewal.token
    return files


def _revisions(connection: Connection, exam: RowMapping) -> Iterable[MessageRow]:
    """Every revision of the exam that was accepted, in the order of their receipt."""
    since, until = exam["first_received_at"], exam["received_at"]
    for row in messages.exams_between(connection, exam["terminal_id"], since, until):
        if row.wire is not None and read_unverified(row.wire).fields["payload"].get("exam_id") == exam["exam_id"]:
            yield row


def _message_files(name: str, row: MessageRow, keys: Sequence[Ed25519PublicKey]) -> Files:
    """As it came, what of it is signed, the signature, and the key of the terminal that it holds by."""
    wire = row.wire or b""
    parts = read_unverified(wire)
    for key in keys:
        try:
            open_sealed(wire, key)
        except ContractError:
            continue
        return {
            f"{name}/message.json": wire,
            f"{name}/signed.json": parts.signed,
            f"{name}/signed.sig": parts.signature,
            f"{name}/terminal.pub.pem": pem_of(key),
            f"{name}/received_at.txt": moment_file(row.received_at),
        }
    raise LookupError(f"no key of terminal {row.terminal_id} has signed message {row.message_id}")


def _decision_files(name: str, item: StoredDecision) -> Files:
    return {
        f"{name}/record.json": item.record,
        f"{name}/decision.cms": item.cms,
        f"{name}/decided_at.txt": moment_file(item.decided_at),
    }


def _media_list(rows: Sequence[RowMapping]) -> bytes:
    """In the form of `sha256sum`, whether or not the files themselves are handed out."""
    lines = (f"{row['sha256']}  media/{row['sha256']}\n" for row in sorted(rows, key=lambda row: str(row["sha256"])))
    return "".join(lines).encode("ascii")


def _about(exam: RowMapping) -> bytes:
    names = ("exam_id", "org", "terminal_id", "worker_id", "employer_id", "exam_type", "state", "outcome", "generation")
    values: Mapping[str, Any] = {name: exam[name] for name in names}
    return canonical({**values, "finished_at": exam["finished_at"].isoformat()})


def moment_file(at: datetime) -> bytes:
    """Seconds since 1970 for the programs, and the moment for people."""
    return f"{int(at.timestamp())} {at.isoformat()}\n".encode("ascii")


def _public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text))


def pem_of(key: Ed25519PublicKey) -> bytes:
    """A public key as openssl reads it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
