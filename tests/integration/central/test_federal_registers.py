"""Files of the federal registers in and out, by the commands that ship."""

import hashlib
import hmac
import io
import json
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from central.core.config import CentralConfig, load_config
from central.store import field_maps, medic_records, medics, register_changes, registry
from central.store.audit import audit
from central.store.engine import open_engine, reading
from central.store.medics import MedicEntry
from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from dopusk.lab.demo.sample_people import OID, ORG
from sync.contract.snils import check_number

TODAY = datetime.now(UTC).date()
HEADINGS = (
    "СНИЛС",
    "Фамилия, имя, отчество",
    "Дата рождения",
    "OID организации",
    "Должность",
    "Начало работы",
    "Дата увольнения",
)
PASSPHRASE = "длинная фраза для архива"


class Centre:
    """A centre with one organisation, used by its commands alone."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config_file = folder, folder / "central.toml"
        ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
        assert CliRunner().invoke(app, ["init", str(folder), "--generation", "test", *ports]).exit_code == 0
        self.run("register", "organisation", ORG, "--name", "Медпункт Заря", "--licence", "Л041-1", "--oid", OID)
        self.engine: Engine = open_engine(self.config.store_url)

    @property
    def config(self) -> CentralConfig:
        return load_config(self.config_file)

    def run(self, *words: str, code: int = 0, given: str = "") -> Result:
        done = CliRunner().invoke(app, [*words, "-c", str(self.config_file)], input=given)
        assert done.exit_code == code, done.output
        return done

    def medics(self) -> list[MedicEntry]:
        with reading(self.engine) as connection:
            return medics.of_organisations(connection, (ORG,))


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path / "centre")
    yield made
    made.engine.dispose()


def _snils(number: int) -> str:
    nine = f"{700_000_000 + number}"
    return f"{nine[:3]}-{nine[3:6]}-{nine[6:]} {check_number(nine):02d}"


def _row(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "СНИЛС": _snils(number),
        "Фамилия, имя, отчество": f"Лесная Вера Номеровна {number}",
        "Дата рождения": "12.03.1984",
        "OID организации": OID,
        "Должность": "фельдшер",
        "Начало работы": "01.02.2020",
        "Дата увольнения": "",
    } | changes


def _workbook(path: Path, rows: list[dict[str, Any]]) -> str:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append([row[name] for name in HEADINGS])
    book.save(path)
    return str(path)


def test_two_hundred_medics_with_three_faults(centre: Centre, tmp_path: Path) -> None:
    rows = [_row(number) for number in range(200)]
    wrong = [*rows]
    wrong[4] = _row(4, **{"СНИЛС": "112-233-445 94"})
    wrong[17] = _row(17, **{"СНИЛС": _snils(16)})
    wrong[99] = _row(99, **{"Дата рождения": "31.02.1984"})
    errors = tmp_path / "errors.xlsx"
    file = _workbook(tmp_path / "wrong.xlsx", wrong)
    done = centre.run("import", "medics", file, "--org", ORG, "--errors", str(errors), code=1)
    lines = [line for line in done.output.splitlines() if ": " in line]
    assert len(lines) == 3
    assert ["6, СНИЛС" in lines[0], "19, СНИЛС" in lines[1], "101, Дата рождения" in lines[2]] == [True] * 3
    assert "112-233" not in done.output
    assert _snils(16) not in done.output
    assert centre.medics() == []
    sheet = load_workbook(errors).active
    assert sheet is not None
    assert sheet.max_row == 4

    right = _workbook(tmp_path / "right.xlsx", rows)
    assert "200" in centre.run("import", "medics", right, "--org", ORG, "--dry-run").output
    assert centre.medics() == []
    centre.run("import", "medics", right, "--org", ORG)
    assert len(centre.medics()) == 200
    assert {one.frmr_checked_at for one in centre.medics()} == {TODAY}
    again = centre.run("import", "medics", right, "--org", ORG).output
    assert "added 0, changed 0, unchanged 200" in again or "добавлено 0, изменено 0, без изменений 200" in again
    with reading(centre.engine) as connection:
        assert len(connection.execute(select(medic_records.medic_employment)).all()) == 200
    centre.run("migrate")  # seals are made at a command's end
    assert (
        subprocess.run(
            ["grep", "-rlaF", "-e", _snils(7), "-e", _snils(7).replace("-", "").replace(" ", ""), str(centre.folder)],
            check=False,
            capture_output=True,
        ).stdout
        == b""
    )


def test_who_is_missing_has_left_and_many_are_asked_about_first(centre: Centre, tmp_path: Path) -> None:
    centre.run("import", "medics", _workbook(tmp_path / "a.xlsx", [_row(number) for number in range(10)]), "--org", ORG)
    few = _workbook(tmp_path / "few.xlsx", [_row(number) for number in range(7)])
    refused = centre.run("import", "medics", few, "--org", ORG, code=1)
    assert "--missing" in refused.output
    assert all(one.left_frmr_at is None for one in centre.medics())
    most = _workbook(tmp_path / "most.xlsx", [_row(number) for number in range(8)])
    centre.run("import", "medics", most, "--org", ORG)
    assert [one.left_frmr_at for one in centre.medics()].count(TODAY) == 2
    centre.run("import", "medics", few, "--org", ORG)  # one of eight who are left: that is not asked about
    assert [one.left_frmr_at for one in centre.medics()].count(TODAY) == 3
    centre.run("import", "medics", most, "--org", ORG)
    assert [one.left_frmr_at for one in centre.medics()].count(TODAY) == 2
    with reading(centre.engine) as connection:
        gone = next(one for one in centre.medics() if one.left_frmr_at)
        history = register_changes.of_entry(connection, "medics", gone.medic_id)
    assert history[0].fields["left_frmr_at"] == [None, TODAY.isoformat()]


def test_keys_are_never_touched(centre: Centre, tmp_path: Path) -> None:
    words = ["register", "medic", "--org", ORG, "--full-name", "Луговая Зоя Марковна", "--position", "фельдшер"]
    words += ["--accreditation-until", "2030-01-01", "--training-hours", "36", "--training-at", "2025-01-01"]
    words += ["--federal-register-at", TODAY.isoformat(), "--snils", _snils(1), "--passphrase-stdin"]
    centre.run(*words, given="key of the medic\n")
    (before,) = centre.medics()
    married = _row(1, **{"Фамилия, имя, отчество": "Полевая Зоя Марковна"})
    centre.run("import", "medics", _workbook(tmp_path / "a.xlsx", [married]), "--org", ORG)
    (after,) = centre.medics()
    assert after.full_name == "Полевая Зоя Марковна"
    kept = ("medic_id", "certificate_pem", "encrypted_key", "key_provider", "certificate_id", "training_hours")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


@pytest.mark.parametrize("form", ["csv", "xml", "json"])
def test_the_same_comes_from_other_forms_and_by_a_map_of_ones_own(centre: Centre, tmp_path: Path, form: str) -> None:
    said = {"nomer": _snils(3), "fio": "Лесная Вера Ильинична", "dolzhnost": "врач"}
    fields = {"nomer": "snils", "fio": "full_name", "dolzhnost": "post"}
    (tmp_path / "map.json").write_text(json.dumps(fields), encoding="utf-8")
    centre.run("import", "map", str(tmp_path / "map.json"), "--kind", "medics", "--name", "МИС")
    contents = {
        "csv": ";".join(said) + "\n" + ";".join(said.values()) + "\n",
        "json": json.dumps({"people": [said]}, ensure_ascii=False),
        "xml": "<r><p>" + "".join(f"<{name}>{value}</{name}>" for name, value in said.items()) + "</p></r>",
    }
    file = tmp_path / f"medics.{form}"
    file.write_text(contents[form], encoding="utf-8")
    assert centre.run("import", "medics", str(file), "--org", ORG, code=1).exit_code == 1  # not by the shipped map
    centre.run("import", "medics", str(file), "--org", ORG, "--map", "МИС")
    (one,) = centre.medics()
    assert (one.full_name, one.position, one.frmr_source) == ("Лесная Вера Ильинична", "врач", "МИС")
    with reading(centre.engine) as connection:
        assert set(field_maps.of_kind(connection, "medics")) == {"МИС"}


@pytest.mark.parametrize(
    "content",
    [
        "<a><!DOCTYPE x></a>",
        "<a>",
        "{",
        "[1, 2]",
        "[]",
        '<!DOCTYPE a [<!ENTITY x "y">]><a><b><c>&x;</c></b></a>',
        "[" * 9000,
    ],
)
def test_what_is_no_file_of_records_is_refused_in_words(centre: Centre, tmp_path: Path, content: str) -> None:
    file = tmp_path / "medics.bin"
    file.write_text(content, encoding="utf-8")
    done = centre.run("import", "medics", str(file), "--org", ORG, code=1)
    assert "Traceback" not in done.output
    assert str(file) in done.output.replace("\n", "")


def test_organisations_by_oid(centre: Centre, tmp_path: Path) -> None:
    file = tmp_path / "orgs.csv"
    file.write_text(f"OID;Название;ИНН;Адрес\n{OID};Медпункт Заря;7707083893;Москва\n", encoding="utf-8")
    centre.run("import", "organisations", str(file))
    with reading(centre.engine) as connection:
        row = registry.get_organisation(connection, ORG)
    assert row is not None
    assert (row["inn"], row["address"], row["oid_checked_at"], row["oid_source"]) == (
        "7707083893",
        "Москва",
        TODAY,
        "ФРМО",
    )
    again = centre.run("import", "organisations", str(file)).output
    assert "changed 0" in again or "изменено 0" in again
    file.write_text(f"OID;Название;ИНН\n{OID};Медпункт Заря;7707083894\n1.2.3.4.5;Чужая;\n", encoding="utf-8")
    done = centre.run("import", "organisations", str(file), code=1)
    assert len([line for line in done.output.splitlines() if ": " in line]) == 2


def _opened(archive: bytes, passphrase: str) -> dict[str, bytes]:
    """Files of an AE-2 archive, read by the description of the form and by no code of ours."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        for item in whole.infolist():
            assert item.compress_type == 99
            assert item.flag_bits & 1
            start = item.header_offset + 30 + sum(struct.unpack("<HH", archive[item.header_offset + 26 :][:4]))
            data = archive[start : start + item.compress_size]
            salt, check, body, mac = data[:16], data[16:18], data[18:-10], data[-10:]
            keys = hashlib.pbkdf2_hmac("sha1", passphrase.encode(), salt, 1000, 66)
            assert keys[64:] == check
            assert hmac.new(keys[32:64], body, hashlib.sha1).digest()[:10] == mac
            plain = b""
            for number, place in enumerate(range(0, len(body), 16), start=1):
                block = Cipher(algorithms.AES256(keys[:32]), modes.ECB()).encryptor()  # noqa: S305
                stream = block.update(number.to_bytes(16, "little"))
                plain += bytes(a ^ b for a, b in zip(body[place : place + 16], stream, strict=False))
            found[item.filename] = zlib.decompress(plain, -15)
    return found


@pytest.mark.parametrize("form", ["xlsx", "xml"])
def test_the_signed_export_is_encrypted_and_in_the_access_log(centre: Centre, tmp_path: Path, form: str) -> None:
    centre.run("import", "medics", _workbook(tmp_path / "a.xlsx", [_row(number) for number in range(3)]), "--org", ORG)
    archive = tmp_path / "medics.zip"
    words = ["export", "medics", str(archive), "--org", ORG, "--format", form, "--passphrase-stdin"]
    assert "16" in centre.run(*words, code=1, given="short\n").output
    assert not archive.exists()
    centre.run(*words, given=f"{PASSPHRASE}\n")
    assert archive.stat().st_mode & 0o077 == 0
    assert _snils(1).encode() not in archive.read_bytes()
    files = _opened(archive.read_bytes(), PASSPHRASE)
    (name,) = (one for one in files if one.endswith(form))
    for one, content in files.items():
        (tmp_path / one).write_bytes(content)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{name}.cms", "-content", name]
    command += ["-CAfile", "ca.pem", "-purpose", "any", "-out", "/dev/null"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / name).write_bytes(files[name] + b" ")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    with reading(centre.engine) as connection:
        lines = [row for row in connection.execute(select(audit)) if row.action == "medics.export"]
    assert [(row.org, row.detail["rows"]) for row in lines] == [(ORG, 3)]
    # What went out comes in again, and says nothing new.
    (tmp_path / name).write_bytes(files[name])
    back = centre.run("import", "medics", str(tmp_path / name), "--org", ORG).output
    assert "changed 0, unchanged 3" in back or "изменено 0, без изменений 3" in back


def test_a_change_of_a_record_by_hand_is_found(centre: Centre, tmp_path: Path) -> None:
    centre.run("import", "medics", _workbook(tmp_path / "a.xlsx", [_row(1)]), "--org", ORG)
    later = _row(1, **{"Дата увольнения": f"{TODAY - timedelta(days=1):%d.%m.%Y}"})
    centre.run("import", "medics", _workbook(tmp_path / "b.xlsx", [later]), "--org", ORG)
    (one,) = centre.medics()
    assert [post.until for post in one.employments] == [TODAY - timedelta(days=1)]
    with pytest.raises(Exception, match="never changed"), centre.engine.begin() as connection:
        connection.execute(medic_records.medic_employment.update().values(post="врач"))
