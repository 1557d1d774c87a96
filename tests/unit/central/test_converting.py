"""Converters are functions of bytes; the command converts without a store; 1C's answers become rows of the workers' file."""

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from central.imports import workers
from central.systems.code_translating import Unmapped
from central.systems.converting import one_c
from central.systems.converting.registry import CONVERTERS, NotConverted, Told, convert
from central.systems.map_files import CODES_SCHEMA, FileBinding, read_codes, read_form
from central.systems.sent_form import FormField
from simulators.fleet_exam import exam_payload
from sync.contract.canonical import canonical, new_id
from sync.contract.decision import DECISION_RECORD_SCHEMA
from tests.one_c_infobase import Infobase

BINDINGS = {("reasons", "pressure_high"): FileBinding("urn:mis", "I10", "Гипертензия", "wider")}


@pytest.fixture(scope="module")
def record() -> bytes:
    """A record as a medic signs it: a refusal for high pressure."""
    people = {"worker_id": new_id(), "employer_id": new_id()}
    exam = exam_payload(random.Random(1), org="clinic", **people, generation="test", systolic_mmhg=171)
    now = "2026-12-01T08:00:00.000Z"
    decision = {"decision_id": new_id(), "outcome": "not_admitted", "reasons": ["Повышенное давление"]}
    decision |= {"reason_codes": ["pressure_high"], "decided_at": now, "valid_until": None}
    medic = {"medic_id": new_id(), "full_name": "Луговая Зоя Марковна", "position": "фельдшер"}
    medic |= {"certificate_serial": "1f", "certificate_sha256": "0" * 64}
    said = {
        "schema": DECISION_RECORD_SCHEMA,
        "terminal_id": "kiosk-01",
        "exam_message_id": new_id(),
        "exam_message_sha256": "0" * 64,
        "exam": exam,
        "decision": decision,
        "medic": medic,
        "organisation": {"org": "clinic", "name": "Медпункт «Заря»", "licence": "Л041-1"},
    }
    return canonical(said)


def test_a_result_in_each_form_says_the_same_and_no_value(record: bytes) -> None:
    said = json.loads(convert("exam", "result-json", record, Told({})))
    assert said["outcome"] == "not_admitted"
    assert "reasons" not in said
    assert "measurements" not in json.dumps(said)
    csv = convert("exam", "result-csv", record, Told({})).decode("utf-8-sig")
    sheet = openpyxl.load_workbook(io.BytesIO(convert("exam", "result-xlsx", record, Told({})))).active
    assert sheet is not None
    for words in (said["decision_id"], said["medic"], "Не допущен", "предсменный"):
        assert words in csv
        assert words in [str(cell.value) for row in sheet.iter_rows() for cell in row]
    # A demonstration's result says that it has no force, in every form.
    assert said["generation"] == "test"
    assert "не имеют силы" in csv.splitlines()[0]
    reasons = json.loads(convert("exam", "decision-json", record, Told(BINDINGS)))["reasons"]
    assert reasons == [{"system": "urn:mis", "code": "I10", "display": "Гипертензия"}]
    with pytest.raises(Unmapped) as raised:
        convert("exam", "decision-json", record, Told({}))
    assert raised.value.places == ("reasons/pressure_high",)


@pytest.mark.parametrize("pair", sorted(CONVERTERS))
@pytest.mark.parametrize("content", [b"", b"\x00\xff", b"{}", b"[[[", b'{"value": 7}', b"<a><b></a>", "[" * 100_000])
def test_what_is_no_such_file_is_said(pair: tuple[str, str], content: bytes | str) -> None:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(NotConverted):
        convert(*pair, raw, Told(BINDINGS, "Ромашка"))


def test_staff_of_1c_is_the_same_from_json_and_from_atom() -> None:
    server = Infobase(people=5)
    entities = {name: list(server.rows(name)) for name in one_c.ENTITIES}
    whole = json.dumps(entities, ensure_ascii=False).encode()
    table = convert("1c", "workers", whole, Told({}, "ООО «Ромашка»"))
    rows = workers.read_file(table)
    assert len(rows) == 5
    assert rows[0]["Код в системе работодателя"] == server.rows(one_c.STAFF)[0]["Ref_Key"]
    assert rows[0]["Работодатель"] == "ООО «Ромашка»"
    atom = one_c.read_answer(server.atom(one_c.STAFF), one_c.STAFF)
    plain = one_c.read_answer(json.dumps({"value": server.rows(one_c.STAFF)}).encode(), one_c.STAFF)
    assert [dict(row) for row in atom] == [dict(row) for row in plain]


def test_a_staff_row_without_a_key_and_a_key_that_comes_twice_are_refused() -> None:
    server = Infobase(people=2)
    staff = [dict(row) for row in server.rows(one_c.STAFF)]
    for broken in ([staff[0], staff[0]], [staff[0] | {"Ref_Key": ""}]):
        with pytest.raises(one_c.UnreadableStaff, match="Ref_Key"):
            one_c.workers_of({one_c.STAFF: broken}, "Ромашка")
    gone = [staff[0] | {"DeletionMark": True}, staff[1]]
    assert len(one_c.workers_of({one_c.STAFF: gone}, "Ромашка")) == 1


def test_a_federal_file_is_read_as_the_import_reads_it() -> None:
    content = "СНИЛС;Фамилия;Имя;Должность\n112-233-445 95;Лесная;Вера;врач\n".encode()
    made = convert("frmr", "medics", content, Told({})).decode("utf-8-sig")
    assert "112-233-445 95" in made
    assert made.splitlines()[1].count("Лесная") == 1


def test_the_command_needs_no_store(record: bytes, tmp_path: Path) -> None:
    (tmp_path / "record.json").write_bytes(record)
    codes = {"book": "reasons", "own_code": "pressure_high", "their_system": "", "their_code": "7"}
    said = {"schema": CODES_SCHEMA, "partner": "mis", "codes": [codes | {"their_display": "", "relation": "equal"}]}
    (tmp_path / "codes.json").write_text(json.dumps(said))

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "dopusk", "exchange", "convert", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    usual = ("--from", "exam", "--to", "decision-json", "record.json")
    made = run(*usual, "--partner", "mis", "--codes", "codes.json")
    assert json.loads(made.stdout)["reasons"][0]["code"] == "7"
    unmapped = run(*usual)
    assert (unmapped.returncode, unmapped.stdout) == (1, b"")
    assert b"reasons/pressure_high" in unmapped.stderr
    assert run(*usual, "--partner", "other", "--codes", "codes.json").returncode != 0
    assert set(run("--list").stdout.decode().split("\n")[:-1]) == {f"{one} -> {two}" for one, two in CONVERTERS}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["codes.json", "record.json"]


def test_tables_have_the_partners_headings_and_order(record: bytes) -> None:
    form = [
        FormField("Решение", "field", "outcome"),
        FormField("Исход", "code", "outcome"),
        FormField("Кто", "constant", "=1+1"),
    ]
    told = Told({("outcomes", "not_admitted"): FileBinding("", "2", "", "equal")}, form=form)
    csv = convert("exam", "result-csv", record, told).decode("utf-8-sig").splitlines()
    assert csv[0].endswith("Исход;Кто")
    assert "Не допущен;2;" in csv[-1]
    assert ";=1" not in csv[-1], "a cell is no formula"
    sheet = openpyxl.load_workbook(io.BytesIO(convert("exam", "result-xlsx", record, told))).active
    assert sheet is not None
    rows = [[cell.value for cell in row[:3]] for row in sheet.iter_rows()]
    assert ["Решение", "Исход", "Кто"] in rows
    with pytest.raises(Unmapped, match="outcomes/not_admitted"):
        convert("exam", "result-xlsx", record, Told({}, form=form))


@pytest.mark.parametrize(
    "field",
    [
        {"their_field": "a", "kind": "field", "own": "full_name"},
        {"their_field": "a", "kind": "text", "own": "{snils}"},
        {"their_field": "a", "kind": "other", "own": ""},
        {"their_field": "a"},
        "a",
    ],
)
def test_fields_that_cannot_be_filled_are_refused(field: object) -> None:
    with pytest.raises(ValueError, match="field"):
        read_form(json.dumps({"fields": [field]}).encode())


def test_another_file_is_no_map_of_codes() -> None:
    for content in (b"{}", b"[]", b"", b'{"schema": "x", "partner": "mis", "codes": []}'):
        with pytest.raises(ValueError, match="map of codes"):
            read_codes(content)
