"""Papers signed by the organisation's key: `pdfsig` of poppler says so, the bytes stay the same, and a changed one is told."""

import errno
import io
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from pypdf import PdfReader
from sqlalchemy import select

from central.authority.organisation_keys import FOLDER, certificates_of, organisation_key, take_key
from central.core import media_files
from central.core.config import TimestampConfig
from central.store.engine import reading
from central.store.signed_papers import DETACHED, PADES, signed_paper
from dopusk.lab.demo.sample_people import ORG
from sync.contract.canonical import sha256_hex
from sync.contract.signing_certificate import usage_fault
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.gost_authority import GostAuthority
from tests.time_stamping import TimeStampingAuthority, running_tsa
from tests.written_papers import write_paper


def _pdfsig(folder: Path, content: bytes) -> str:
    (folder / "paper.pdf").write_bytes(content)
    done = subprocess.run(["pdfsig", str(folder / "paper.pdf")], capture_output=True, text=True, check=False)
    return done.stdout


def _print(browser: Browser, exam_id: str, kind: str) -> bytes:
    answer = browser.post(f"/exams/{exam_id}/papers", {"kind": kind}, page=f"/exams/{exam_id}")
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[TimeStampingAuthority]:
    with running_tsa(tmp_path / "tsa") as made:
        yield made


@pytest.fixture
def address(centre: ConsoleCentre, tsa: TimeStampingAuthority) -> Iterator[str]:
    """A console that signs nothing without a time stamp."""
    stamping = TimestampConfig(url=tsa.url, ca_file=tsa.root_file, required=True, timeout_s=10)
    centre.config = centre.config.model_copy(update={"timestamp": stamping})
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


@pytest.fixture
def refused(centre: ConsoleCentre, zoya: Browser) -> str:
    exam_id = centre.exam("1001", systolic_mmhg=168)
    zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high")
    assert write_paper(zoya, exam_id).status_code == 303
    return exam_id


def test_pdfsig_finds_the_paper_whole_and_every_changed_byte(
    centre: ConsoleCentre, zoya: Browser, refused: str, tmp_path: Path
) -> None:
    content = _print(zoya, refused, "refusal")
    said = _pdfsig(tmp_path, content)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    begin = content.index(b"/Contents <")
    for place in (200, begin // 2, begin - 1, len(content) - 20):
        changed = bytearray(content)
        changed[place] ^= 1
        assert "Signature is Valid" not in _pdfsig(tmp_path, bytes(changed)), place

    attached = PdfReader(io.BytesIO(content)).attachments
    for name in ("record.json", "record.cms"):
        (tmp_path / name).write_bytes(attached[name][0])
    check = "cms -verify -binary -inform DER -in record.cms -content record.json -purpose any -out x -CAfile"
    root = str(centre.config.keys.authority_dir / "ca.pem")
    done = subprocess.run(["openssl", *check.split(), root], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, "the medic's own signature lies inside"


def test_a_paper_is_made_once_and_a_correction_is_another_file(
    centre: ConsoleCentre, zoya: Browser, refused: str
) -> None:
    first = _print(zoya, refused, "refusal")
    centre.shift += timedelta(minutes=1)
    assert _print(zoya, refused, "refusal") == first
    assert write_paper(zoya, refused, found="Лицо бледное").status_code == 303
    second = _print(zoya, refused, "refusal")
    assert second != first
    with reading(centre.engine) as connection:
        rows = connection.execute(select(signed_paper).order_by(signed_paper.c.signed_id)).mappings().all()
    assert [row["sha256"] for row in rows] == [sha256_hex(first), sha256_hex(second)]
    assert {row["form"] for row in rows} == {PADES}
    stored = (centre.config.media_dir / rows[0]["stored_sha256"][:2] / rows[0]["stored_sha256"]).read_bytes()
    assert b"%PDF" not in stored, "who reads the disk reads no paper"


def test_a_file_that_was_changed_is_not_handed_out(centre: ConsoleCentre, zoya: Browser, refused: str) -> None:
    _print(zoya, refused, "refusal")
    with reading(centre.engine) as connection:
        name = connection.execute(select(signed_paper.c.stored_sha256)).scalar_one()
    file = centre.config.media_dir / name[:2] / name
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    answer = zoya.post(f"/exams/{refused}/papers", {"kind": "refusal"}, page=f"/exams/{refused}")
    assert answer.status_code == 409
    assert "Файл этой бумаги пропал или изменён" in answer.text


def test_the_key_is_made_once_signs_no_decision_and_is_certified_anew_in_time(
    centre: ConsoleCentre, zoya: Browser, refused: str
) -> None:
    _print(zoya, refused, "refusal")
    folder = centre.config.keys.authority_dir
    assert (folder / FOLDER / f"{ORG}.key").stat().st_mode & 0o777 == 0o600
    ((org, certificate),) = certificates_of(folder)
    assert org == ORG
    assert usage_fault(certificate) is not None, "no key that lies at the centre signs in a medic's name"
    same = organisation_key(centre.authority, ORG, "Медпункт", centre.now())
    assert same.certificate == certificate
    later = organisation_key(centre.authority, ORG, "Медпункт", certificate.not_valid_after_utc - timedelta(days=30))
    assert later.certificate != certificate
    assert later.certificate.public_key() == certificate.public_key()


def test_a_key_without_its_certificate_signs_nothing_and_says_who_must_act(
    centre: ConsoleCentre, zoya: Browser, refused: str
) -> None:
    organisation_key(centre.authority, ORG, "Медпункт", centre.now())
    (centre.config.keys.authority_dir / FOLDER / f"{ORG}.pem").unlink()
    answer = zoya.post(f"/exams/{refused}/papers", {"kind": "refusal"}, page=f"/exams/{refused}")
    assert answer.status_code == 409
    assert "Администратору: dopusk central certificates list" in answer.text


def test_a_time_stamp_stands_in_the_signature_where_there_is_an_authority(
    zoya: Browser, refused: str, tsa: TimeStampingAuthority, tmp_path: Path
) -> None:
    tsa.status = 503
    answer = zoya.post(f"/exams/{refused}/papers", {"kind": "refusal"}, page=f"/exams/{refused}")
    assert answer.status_code == 409
    assert "Служба времени не ответила" in answer.text
    tsa.status = 200
    content = _print(zoya, refused, "refusal")
    assert "Signature is Valid" in _pdfsig(tmp_path, content)
    (field,) = (PdfReader(io.BytesIO(content)).get_fields() or {}).values()
    signer = cms.ContentInfo.load(bytes(field["/V"]["/Contents"]))["content"]["signer_infos"][0]
    (tmp_path / "value").write_bytes(signer["signature"].native)
    (tmp_path / "token").write_bytes(signer["unsigned_attrs"][0]["values"][0].dump())
    check = ["ts", "-verify", "-data", "value", "-in", "token", "-token_in", "-CAfile", str(tsa.root_file)]
    assert subprocess.run(["openssl", *check], cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_a_gost_key_signs_beside_the_pdf(centre: ConsoleCentre, zoya: Browser, refused: str, tmp_path: Path) -> None:
    made = GostAuthority(tmp_path / "gost", 256)
    made.issue("organisation")
    certificate, key = ((made.folder / f"organisation.{kind}").read_bytes() for kind in ("pem", "key"))
    take_key(centre.authority, ORG, certificate, key)
    content = _print(zoya, refused, "refusal")
    assert f"/exams/{refused}/papers/refusal/signature" in zoya.get(f"/exams/{refused}").text
    answer = zoya.get(f"/exams/{refused}/papers/refusal/signature")
    assert answer.headers["content-disposition"].endswith('.pdf.sig"')
    (tmp_path / "paper.pdf").write_bytes(content)
    (tmp_path / "paper.sig").write_bytes(answer.content)
    check = "cms -verify -engine gost -binary -inform DER -in paper.sig -content paper.pdf -purpose any -out x -CAfile"
    command = ["openssl", *check.split(), str(made.folder / "root.pem")]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "paper.pdf").write_bytes(content + b" ")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    with reading(centre.engine) as connection:
        row = connection.execute(select(signed_paper)).mappings().one()
    assert (row["form"], row["sha256"]) == (DETACHED, sha256_hex(content))


def test_a_full_disk_is_told_and_leaves_no_half_of_a_paper(
    centre: ConsoleCentre, zoya: Browser, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    before = {path for path in centre.config.media_dir.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(media_files.os, "fsync", full)
        answer = zoya.post(f"/exams/{refused}/papers", {"kind": "refusal"}, page=f"/exams/{refused}")
    assert answer.status_code == 507
    assert "На диске центра нет места" in answer.text
    assert {path for path in centre.config.media_dir.rglob("*") if path.is_file()} == before
    with reading(centre.engine) as connection:
        assert connection.execute(select(signed_paper)).first() is None
    assert _print(zoya, refused, "refusal").startswith(b"%PDF"), "afterwards it is made as ever"
