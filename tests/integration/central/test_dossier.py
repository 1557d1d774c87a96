"""A dossier made by the shipped command is checked by openssl and sha256sum alone, and names whatever was changed in it."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from central.core.config import load_config
from central.core.rights import Role
from central.store.decisions import decision
from central.store.engine import reading, writing
from dopusk.commands.central_group import app
from sync.contract.canonical import sha256_hex
from terminal.camera.jpeg import encode_jpeg
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre, build_centre_with_zoya, cheap_hashes, serving
from tests.time_stamping import running_tsa
from tests.ui.console.test_film import named, send

PATH = "/usr/bin:/bin"
PHOTO = encode_jpeg(np.full((96, 128, 3), 120, np.uint8))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCentre]:
    with pytest.MonkeyPatch.context() as patched:
        cheap_hashes(patched)
        made = build_centre_with_zoya(tmp_path_factory.mktemp("centre"))
        made.add_account("auditor", Role.AUDITOR)
        with running_tsa(tmp_path_factory.mktemp("stamps") / "tsa") as stamps:
            file = made.folder / "central.toml"
            words = f'\n[timestamp]\nurl = "{stamps.url}"\nca_file = "{stamps.root_file}"\ntimeout_s = 10\n'
            file.write_text(file.read_text(encoding="utf-8") + words, encoding="utf-8")
            made.config = load_config(file)
            yield made
    made.engine.dispose()


@pytest.fixture(scope="module")
def exam_id(centre: ConsoleCentre) -> str:
    """Refused, looked at by an auditor, and corrected."""
    photo = named(PHOTO, "photo", centre.now(), step="pressure")
    exam_id = centre.exam("1003", systolic_mmhg=168, media=[photo])
    send(centre, exam_id, PHOTO, "image/jpeg")
    with serving(centre.app(), centre.config.http.port) as address:
        with contextlib.closing(Browser(address)) as zoya:
            zoya.log_in("zoya")
            assert zoya.decide(exam_id, outcome="not_admitted", reasons="pressure_high").status_code == 303
            centre.shift += timedelta(minutes=2)
            corrected = zoya.decide(
                exam_id, outcome="not_admitted", reasons="pressure_high", comment="Отправлен домой."
            )
            assert corrected.status_code in {303, 409}
        with contextlib.closing(Browser(address)) as auditor:
            auditor.log_in("auditor", unlock=False)
            assert auditor.get(f"/exams/{exam_id}").status_code == 200
    return exam_id


def _make(centre: ConsoleCentre, folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["dossier", str(folder), *words, "-c", str(centre.folder / "central.toml")])
    assert done.exit_code == 0, done.output
    return done.output


def _check(folder: Path) -> tuple[int, list[str]]:
    """As a stranger does it, who has nothing of ours: exit code and the lines that say BAD."""
    done = subprocess.run(
        ["sh", "check.sh"], cwd=folder, env={"PATH": PATH}, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert lines[-1] == ("ALL HOLDS" if done.returncode == 0 else "SOMETHING DOES NOT HOLD"), done.stdout + done.stderr
    return done.returncode, [line[5:] for line in lines if line.startswith("BAD")]


@pytest.fixture(scope="module")
def dossier(centre: ConsoleCentre, exam_id: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("given") / "dossier"
    _make(centre, folder, "--exam", exam_id)
    return folder


def test_a_refused_exam_is_checked_by_openssl_and_a_hash_program_only(dossier: Path, exam_id: str) -> None:
    assert _check(dossier) == (0, [])
    done = subprocess.run(
        ["sh", "check.sh"], cwd=dossier, env={"PATH": PATH}, capture_output=True, text=True, check=False
    )
    for words in (
        "SHA256SUMS is signed by the centre",
        f"exams/{exam_id}/message-1: signed by the terminal",
        f"exams/{exam_id}/decision-1: signed by the medic, whose certificate was in force",
        f"exams/{exam_id}/decision-1: decided on one of the messages of this exam",
        f"exams/{exam_id}/decision-1: the signature was stamped by the time-stamping authority",
        f"media/{sha256_hex(PHOTO)}: named in what the terminal signed",
    ):
        assert f"ok   {words}" in done.stdout
    sealed = [path.read_text(encoding="utf-8") for path in dossier.glob("sealed/audit-*.json")]
    assert any('"exam.dossier"' in row for row in sealed), "who took it out is in it too"
    assert sum(line.startswith("ok   sealed/audit-") for line in done.stdout.splitlines()) >= 2, "who looked"
    record = (dossier / "exams" / exam_id / "decision-1" / "record.json").read_text(encoding="utf-8")
    assert '"outcome":"not_admitted"' in record
    assert "Имя auditor" in (dossier / "accounts.json").read_text(encoding="utf-8")


def test_a_changed_byte_in_any_file_is_named(dossier: Path, tmp_path: Path) -> None:
    for path in sorted(path for path in dossier.rglob("*") if path.is_file()):
        name = path.relative_to(dossier)
        if str(name) == "check.sh":
            continue  # who changes the script is found out by the commands of the page
        copy = tmp_path / "copy"
        shutil.copytree(dossier, copy)
        content = bytearray((copy / name).read_bytes())
        if content:
            content[len(content) // 2] ^= 1
        (copy / name).write_bytes(bytes(content) or b"x")
        code, bad = _check(copy)
        assert (code, bool(bad)) == (1, True), name
        shutil.rmtree(copy)


@pytest.mark.parametrize(
    "pattern", ["exams/*/message-1/signed.json", "exams/*/decision-1/record.json", "sealed/audit-*.json"]
)
def test_who_writes_a_new_list_cannot_sign_what_others_signed(dossier: Path, tmp_path: Path, pattern: str) -> None:
    """The hashes fit again, and the signatures do not."""
    copy = tmp_path / "copy"
    shutil.copytree(dossier, copy)
    changed = next(iter(sorted(copy.glob(pattern))))
    changed.write_bytes(changed.read_bytes().replace(b"2026", b"2025", 1).replace(b"not_admitted", b"admitted", 1))
    names = [line[66:] for line in (copy / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    lines = (f"{sha256_hex((copy / name).read_bytes())}  {name}\n" for name in names)
    (copy / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    code, bad = _check(copy)
    assert code == 1
    assert "SHA256SUMS is signed by the centre" in bad
    assert any(str(changed.relative_to(copy)).rpartition("/")[0] in line or changed.name in line for line in bad), bad


def test_photos_go_along_when_asked_for_and_a_forged_one_is_named(
    centre: ConsoleCentre, exam_id: str, dossier: Path, tmp_path: Path
) -> None:
    assert not (dossier / "media").exists()
    _make(centre, tmp_path / "whole", "--exam", exam_id, "--with-media")
    photo = tmp_path / "whole" / "media" / sha256_hex(PHOTO)
    assert photo.read_bytes() == PHOTO
    assert _check(tmp_path / "whole") == (0, [])
    photo.write_bytes(PHOTO + b" ")
    code, bad = _check(tmp_path / "whole")
    assert (code, f"media/{photo.name}: has its hash" in bad) == (1, True)


def test_an_added_file_is_named(dossier: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(dossier, copy)
    (copy / "exams" / "note.txt").write_text("он был пьян", encoding="utf-8")
    assert _check(copy) == (1, ["no file was added"])


def test_a_decision_that_was_changed_in_the_store_is_named(centre: ConsoleCentre, exam_id: str, tmp_path: Path) -> None:
    with reading(centre.engine) as connection:
        before = connection.execute(select(decision).where(decision.c.exam_id == exam_id)).mappings().first()
    assert before is not None
    take_guards_out(centre.engine)
    change = text("UPDATE decision SET medic_name = :name WHERE decision_id = :id")
    with writing(centre.engine) as connection:
        connection.execute(change, {"name": "Чужой", "id": before["decision_id"]})
    try:
        _make(centre, tmp_path / "dossier", "--exam", exam_id)
        code, bad = _check(tmp_path / "dossier")
    finally:
        with writing(centre.engine) as connection:
            connection.execute(change, {"name": before["medic_name"], "id": before["decision_id"]})
    assert (code, bad) == (1, [f"sealed/decision-{before['decision_id']}.json: no seal of the centre names it"])


def test_a_worker_and_days_and_what_is_asked_for_in_vain(centre: ConsoleCentre, exam_id: str, tmp_path: Path) -> None:
    worker, today = centre.people.workers["1003"], centre.now().date().isoformat()
    said = _make(centre, tmp_path / "days", "--worker", worker, "--since", today, "--until", today)
    assert "days" in said
    assert (tmp_path / "days" / "exams" / exam_id).is_dir()
    for words in (
        ["--exam", "nobody"],
        ["--worker", worker, "--since", "2020-01-01", "--until", "2020-01-02"],
        ["--worker", worker],
        ["--worker", worker, "--since", "2020-13-01", "--until", "2020-01-02"],
        [],
    ):
        config = ["-c", str(centre.folder / "central.toml")]
        done = CliRunner().invoke(app, ["dossier", str(tmp_path / "none"), *words, *config])
        assert done.exit_code != 0, words
        assert not (tmp_path / "none").exists()
    done = CliRunner().invoke(app, ["dossier", str(tmp_path / "days"), "--exam", exam_id, *config])
    assert done.exit_code == 1
    assert (tmp_path / "days" / "check.sh").is_file(), "what was there stays"
    with reading(centre.engine) as connection:
        noted = connection.execute(text("SELECT subject FROM audit WHERE action = 'exam.dossier'")).scalars().all()
    assert exam_id in noted
