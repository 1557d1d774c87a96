"""Writes a dossier: a folder with everything that proves some exams, and a script that checks it with openssl and sha256sum alone.

Years later neither this program nor its store is needed: signatures, certificates, revocation lists, time stamps and the centre's
own seals are plain files. What one copies of it, or changes in it, the script names.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, RowMapping

from central.conclusions.evidence import Files, files_of_acts, files_of_exam, moment_file, pem_of
from central.conclusions.seal_proofs import SealedRow, sealed_rows
from central.conclusions.signed_files import signed_files, signed_ids
from central.core.config import CentralConfig
from central.core.media_files import MediaFiles
from central.core.trust import Anchors, Trust
from central.grounds.document_files import DocumentFiles
from central.link.outgoing import load_signing_key
from central.store import accounts, audit, decisions, media, paper_records, stamp_renewals, waybill_titles
from central.store.kept_signatures import DECISION
from sync.contract.canonical import canonical, sha256_hex

LIST = "SHA256SUMS"
_GUIDE = ("README.ru.txt", "README.en.txt", "check.sh")


@dataclass(frozen=True, slots=True)
class Vouchers:
    """What signatures are checked against, and what signs the list of the files."""

    anchors: Anchors
    centre_key: Ed25519PrivateKey
    stamp_roots_pem: bytes = b""
    """Roots of the time-stamping authority; empty where none is configured."""


def vouchers_of(config: CentralConfig) -> Vouchers:
    """Those of a centre. Raises `OSError` and `ConfigError` for keys that cannot be read."""
    stamp_roots = config.timestamp.ca_file.read_bytes() if config.timestamp else b""
    key = load_signing_key(config.keys.centre_signing_key_file)
    return Vouchers(Trust(config.keys.authority_dir).anchors(), key, stamp_roots)


@dataclass(frozen=True, slots=True)
class Made:
    """What a dossier has become. `missing`: hashes of media that are not whole on the disk."""

    files: int
    rows: int
    """Rows of the access log and decisions, each with its seal."""
    missing: tuple[str, ...]


def write_dossier(
    connection: Connection,
    exams: Sequence[RowMapping],
    vouchers: Vouchers,
    folder: Path,
    media_files: MediaFiles | None,
    documents: DocumentFiles,
    at: datetime,
) -> Made:
    """Write it into a new folder, whole or not at all. `media_files`: where film and photos are, if they are to go along;
    `at`: now.

    Raises `OSError`, also for a folder that is there and not empty, `LookupError` for a message that its terminal has not signed,
    `DocumentLost` for a signed paper that is gone or changed.
    """
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    fresh.mkdir(mode=0o700, parents=True)
    try:
        rows = list(_rows_about(connection, [row["exam_id"] for row in exams]))
        files = {name: content for row in exams for name, content in files_of_exam(connection, row).items()}
        for row in exams:
            files |= files_of_acts(connection, row["exam_id"])
        files |= signed_files(connection, [row["exam_id"] for row in exams], documents)
        files |= {"made_at.txt": moment_file(at)}
        files |= _sealed_files(rows) | _vouching_files(vouchers) | {"accounts.json": _names(connection, rows)}
        files |= {name: resources.files(__package__).joinpath(name).read_bytes() for name in _GUIDE}
        for name, content in files.items():
            _write(fresh / name, content)
        missing = _copy_media(connection, exams, media_files, fresh) if media_files is not None else ()
        listed = _listed(fresh)
        _write(fresh / LIST, listed)
        _write(fresh / f"{LIST}.sig", vouchers.centre_key.sign(listed))
        fresh.replace(folder)
    except BaseException as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(folder)  # a full disk does not say which
        raise
    return Made(len(files) + 2, len(rows), missing)


def _rows_about(connection: Connection, exam_ids: Sequence[str]) -> Iterable[SealedRow]:
    """The decisions as the centre stored them, and who looked at exams and decisions."""
    decided = [item.decision_id for exam_id in exam_ids for item in decisions.of_exam(connection, exam_id)]
    yield from sealed_rows(connection, "decision", decided)
    papers = signed_ids(connection, exam_ids)
    written = [one.record_id for exam_id in exam_ids for one in paper_records.of_exam(connection, exam_id)]
    titles = [one.title_id for exam_id in exam_ids for one in waybill_titles.titles_of_exam(connection, exam_id)]
    yield from sealed_rows(connection, "signed_paper", papers)
    yield from sealed_rows(connection, "paper_record", written)
    yield from sealed_rows(connection, "waybill_title", titles)
    signatures = {DECISION: decided, "signed_paper": papers, "paper_record": written, "waybill_title": titles}
    for kind, ids in signatures.items():
        renewals = stamp_renewals.of(connection, kind, ids).values()
        yield from sealed_rows(connection, "stamp_renewal", [one.renewal_id for some in renewals for one in some])
    yield from sealed_rows(connection, "audit", audit.ids_of_subjects(connection, [*exam_ids, *decided]))


def _sealed_files(rows: Sequence[SealedRow]) -> Files:
    """Each row, each seal once, and which seal names which row."""
    files: Files = {}
    index = []
    for row in rows:
        name = f"sealed/{row.kind}-{row.key}.json"
        files[name] = row.content
        index.append(f"{name} {f'seals/{row.seal.seal_no}.json' if row.seal else '-'}\n")
        if row.seal is not None:
            files[f"seals/{row.seal.seal_no}.json"] = row.seal.body()
            files[f"seals/{row.seal.seal_no}.sig"] = row.seal.signature
    return files | {"sealed.txt": "".join(index).encode("utf-8")}


def _vouching_files(vouchers: Vouchers) -> Files:
    lists = b"".join(one.public_bytes(Encoding.PEM) for one in vouchers.anchors.revocation_lists)
    files = {
        "trusted.pem": vouchers.anchors.root_pem.rstrip() + b"\n" + lists,
        "centre.pub.pem": pem_of(vouchers.centre_key.public_key()),
    }
    return files | ({"stamp-roots.pem": vouchers.stamp_roots_pem} if vouchers.stamp_roots_pem else {})


def _names(connection: Connection, rows: Sequence[SealedRow]) -> bytes:
    """Who the accounts of the access log are, as they are called now."""
    spoken = b"".join(row.content for row in rows if row.kind == "audit")
    known = (one for one in accounts.all_accounts(connection) if one.account_id.encode() in spoken)
    return canonical({one.account_id: {"name": one.full_name, "role": one.role} for one in known})


def _copy_media(
    connection: Connection, exams: Sequence[RowMapping], files: MediaFiles, folder: Path
) -> tuple[str, ...]:
    missing = []
    for exam in exams:
        for row in media.media_of_exam(connection, exam["exam_id"]):
            source = files.path(row["sha256"])
            if not source.is_file():
                missing.append(str(row["sha256"]))
                continue
            (folder / "media").mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(source, folder / "media" / row["sha256"])
    return tuple(sorted(missing))


def _listed(folder: Path) -> bytes:
    """Every file with its hash, in the form of `sha256sum`."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256_hex((folder / name).read_bytes())}  {name}\n" for name in names).encode("utf-8")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o700 if path.suffix == ".sh" else 0o600)
