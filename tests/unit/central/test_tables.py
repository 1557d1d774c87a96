"""The one reader of tables: cells as they stand, nothing taken on trust, every odd file answered in words."""

import io
import random
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from central.imports.grounds import read_file as read_grounds
from central.imports.tables import (
    MAX_ROWS,
    Columns,
    TableRow,
    UnreadableTable,
    read_table,
    unreadable_words,
    write_table,
)
from central.imports.worker_columns import HEADINGS, NEEDED, REMOTE
from central.imports.workers import read_file
from tests.workbooks import SHEET, packed, row_of, table, text_cell, unpacked, with_part, workbook

HEAD = row_of(1, NEEDED)
GOOD = ("00042", "Ветров Степан Ильич", "водитель", "ООО «Ромашка»")
NUMBERS = Columns(("Номер",), identifiers=("Номер",))
ROOT = Path(__file__).parents[3]


def _numbers(*cells: str, formats: tuple[str, ...] = ()) -> TableRow:
    (row,) = read_table(
        workbook(row_of(1, ["Номер"]), f'<row r="2">{"".join(cells)}</row>', formats=formats),
        ["Номер"],
        columns=NUMBERS,
    )
    return row


def _code(content: bytes) -> str:
    with pytest.raises(UnreadableTable) as refused:
        read_file(content)
    for language in ("ru", "en"):
        assert len(unreadable_words(refused.value, language)) > 8
    return refused.value.code


@pytest.mark.parametrize("claimed", ["A1", "A1:B2", "A1:XFD1048576", "Z9:Z9", "nonsense"])
def test_what_the_sheet_holds_counts_and_not_what_it_claims(claimed: str) -> None:
    (row,) = read_file(workbook(row_of(1, HEADINGS), row_of(2, [*GOOD, *[""] * 4, "нет"]), dimension=claimed))
    assert (row["ФИО"], row[REMOTE]) == ("Ветров Степан Ильич", "нет")


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1048576"><c r="A1048576" s="0"/></row>',
        "".join(f'<row r="{n}"><c r="A{n}" s="0"/><c r="M{n}" s="0"/></row>' for n in range(3, 30_003)),
        "".join(f'<row r="{n}">{text_cell(f"XFD{n}", "x")}</row>' for n in range(3, 20_003)),
    ],
    ids=["far", "formatted", "wide"],
)
def test_far_formatted_and_wide_cells_cost_nothing(rows: str) -> None:
    began = time.monotonic()
    (row,) = read_file(workbook(HEAD, row_of(2, GOOD), rows, dimension="A1:XFD1048576"))
    assert row.number == 2
    assert time.monotonic() - began < 5


_HOSTILE = {
    "elements": "b'<row>' + b'<c/>' * 20_000_000 + b'</row>'",
    "wide rows": "b''.join(b'<row>' + b'<c><v>1</v></c>' * 16_000 + b'</row>' for _ in range(200))",
    "one text": "b'<row><c t=\"inlineStr\"><is><t>' + b'x' * 150_000_000 + b'</t></is></c></row>'",
    "one attribute": "b'<row r=\"' + b'1' * 150_000_000 + b'\"/>'",
    "texts": "b''.join(b'<row><c t=\"inlineStr\"><is><t>' + b'%d' % n * 5000 + b'</t></is></c></row>' for n in range(9000))",
}


@pytest.mark.parametrize("part", _HOSTILE)
def test_a_hostile_workbook_is_refused_in_little_memory(part: str, tmp_path: Path) -> None:
    heads = row_of(1, NEEDED).encode()
    rows = eval(_HOSTILE[part])  # noqa: S307 - written above
    file = tmp_path / "hostile.xlsx"
    file.write_bytes(
        with_part(
            workbook(HEAD), SHEET, lambda _: b"<worksheet><sheetData>" + heads + rows + b"</sheetData></worksheet>"
        )
    )
    assert _grown_mib(file, "too_large") < 50


@pytest.mark.parametrize(
    "line", [b";" * 16_000_000, b"x" * 16_000_000, ";".join(NEEDED).encode() + b"\n" + b";" * 16_000_000]
)
def test_a_line_of_millions_of_columns_is_refused_in_little_memory(line: bytes, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_bytes(line)
    assert _grown_mib(file, "too_large") < 50


def _grown_mib(file: Path, code: str) -> float:
    """How much a process grows that reads the file, in MiB beside the file itself; it must be refused with `code`."""
    program = (
        "import resource, sys; from pathlib import Path; from central.imports.workers import read_file\n"
        "content = Path(sys.argv[1]).read_bytes()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_file(content)\n"
        "except Exception as error: print(error.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    said, grown_kib = done.stdout.split()
    assert said == code
    return int(grown_kib) / 1024


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="I2"><f>IF(1,"да","нет")</f></c>',
        '<c r="I2"><f>IF(1,"да","нет")</f><v></v></c>',
        '<c r="I2" t="n"><f>A1</f><v/></c>',
        '<c r="I2" t="e"><v>#N/A</v></c>',
        '<c r="I2" t="e"><f>NA()</f><v>#REF!</v></c>',
        '<c r="I2" t="e"/>',
        text_cell("I2", "#Н/Д"),
        text_cell("I2", "#DIV/0!"),
        text_cell("I2", "###"),
        '<c r="I2" t="s"><v>99</v></c>',
    ],
)
def test_a_cell_without_a_value_is_a_fault_and_never_empty(cell: str) -> None:
    (row,) = read_file(workbook(row_of(1, HEADINGS), row_of(2, GOOD).replace("</row>", f"{cell}</row>")))
    assert row.faults[REMOTE] in {"no_value", "error_value"}


def test_values_of_a_workbook_that_was_never_calculated_are_none() -> None:
    cell = '<c r="I2" t="str"><f>X</f><v>да</v></c>'
    rows = (row_of(1, HEADINGS), row_of(2, GOOD).replace("</row>", f"{cell}</row>"))
    (row,) = read_file(workbook(*rows))
    assert (row[REMOTE], row.faults) == ("да", {})
    (row,) = read_file(workbook(*rows, book='<calcPr fullCalcOnLoad="1"/>'))
    assert row.faults == {REMOTE: "no_value"}


@pytest.mark.parametrize(
    ("form", "value", "shown"),
    [
        ("00000", "42", "00042"),
        ("0000000000", "4123456", "0004123456"),
        (r"000\-000\-000\ 00", "123456796", "001-234-567 96"),
        ("000-000-000 00", "11223344595", "112-233-445 95"),
        ("[Red]000", "7", "007"),
        ("&quot;№ &quot;000", "7", "№ 007"),
        ("000", "12345", "12345"),
        ("00-00", "123456", "1234-56"),
        ("@", "42", "42"),
        ("0", "42", "42"),
        ("#,##0", "1234", "1234"),
        ("0.00E+00", "4123456", "4123456"),
        ("General", "42.5", "42.5"),
        ("General", "0.10000000000000001", "0.1"),
        ("dd\\.mm\\.yyyy", "45292", "01.01.2024"),
        ("[$-419]d mmmm yyyy", "45292.75", "01.01.2024"),
        ("hh:mm", "0.5", "12:00:00"),
    ],
)
def test_a_number_is_what_its_format_shows(form: str, value: str, shown: str) -> None:
    row = _numbers(f'<c r="A2" s="1"><v>{value}</v></c>', formats=(form,))
    assert (row["Номер"], row.faults) == (shown, {})


def test_days_of_the_other_epoch() -> None:
    day = '<row r="2"><c r="A2" s="1"><v>43830</v></c></row>'
    content = workbook(row_of(1, ["День"]), day, formats=("dd.mm.yyyy",), book='<workbookPr date1904="1"/>')
    assert read_table(content, ["День"])[0]["День"] == "01.01.2024"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="A2"><v>1234567890123456</v></c>', "rounded_number"),
        ('<c r="A2"><v>1.2345678901234567E+18</v></c>', "rounded_number"),
        (text_cell("A2", "1,23457E+15"), "rounded_number"),
        (text_cell("A2", "1.2e+06"), "rounded_number"),
        (text_cell("A2", "12\ufffd4"), "lost_sign"),
        (text_cell("A2", "12_x000B_4"), "lost_sign"),
        ('<c r="A2"><v>nan</v></c>', "error_value"),
        ('<c r="A2" s="77"><v>42</v></c>', "unknown_format"),
    ],
)
def test_a_number_that_a_spreadsheet_has_spoiled_is_refused(cell: str, code: str) -> None:
    assert _numbers(cell).faults == {"Номер": code}


@pytest.mark.parametrize("blank", "\u00a0\u202f\u2009")
def test_blanks_between_thousands_are_no_part_of_a_number(blank: str) -> None:
    assert _numbers(text_cell("A2", f"1{blank}234{blank}567"))["Номер"] == "1234567"
    (row,) = read_table(f"Номер\n1{blank}234\n".encode(), ["Номер"], columns=NUMBERS)
    assert row["Номер"] == "1234"


def test_a_cell_longer_than_a_number_keeps_its_digits_as_text() -> None:
    assert _numbers(text_cell("A2", "1234567890123456789"))["Номер"] == "1234567890123456789"
    (row,) = read_table('Номер\n="00042"\n'.encode(), ["Номер"], columns=NUMBERS)
    assert row["Номер"] == "00042"


@pytest.mark.parametrize("sign", [chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"])
def test_no_control_character_comes_in_and_none_stops_an_export(sign: str) -> None:
    content = f"ФИО;Должность\nИва{sign}нов;води{sign}тель\n".encode()
    if sign != "\x00":
        (row,) = read_table(content, ["ФИО", "Должность"])
        assert row == {"ФИО": "Ива нов", "Должность": "води тель"}
    (row,) = read_table(workbook(row_of(1, ["ФИО"]), row_of(2, [f"Иванов_x{ord(sign):04X}_ Пётр"])), ["ФИО"])
    assert row["ФИО"] == "Иванов Пётр"
    written = openpyxl.load_workbook(io.BytesIO(write_table(["ФИО"], [[f"Ива{sign}нов"]]))).worksheets[0]
    assert written["A2"].value == "Ива\ufffdнов"


@pytest.mark.parametrize("words", ["Петров_x000D_ Пётр", "_x0041_", "\ud800", "\ufffe\uffff", "=1+1", "х" * 40_000])
def test_whatever_is_stored_can_be_written_and_read(words: str) -> None:
    (row,) = read_table(write_table(["ФИО"], [[words]]), ["ФИО"])
    assert row["ФИО"][:9] == words[:9].replace("\ud800", "\ufffd").replace("\ufffe", "\ufffd").replace(
        "\uffff", "\ufffd"
    )


@pytest.mark.parametrize(
    "heading", ["табельный номер", "Табельный\u00a0номер", "Табельный\nномер", " ТАБЕЛЬНЫЙ  номер ", "Табельный\tномер"]
)
def test_headings_are_known_in_any_spelling(heading: str) -> None:
    (row,) = read_file(workbook(row_of(1, [heading, *NEEDED[1:]]), row_of(2, GOOD)))
    assert row["Табельный номер"] == "00042"
    quoted = f'"{heading}";ФИО;Должность;Работодатель\n1;2;3;4\n'
    assert read_file(quoted.encode())[0]["Табельный номер"] == "1"


def test_taken_apart_letters_make_the_same_heading_and_text() -> None:
    (row,) = read_file(
        workbook(row_of(1, ["Табельныи\u0306 номер", *NEEDED[1:]]), row_of(2, ["1", "Цои\u0306", "в", "р"]))
    )
    assert (row["Табельный номер"], row["ФИО"]) == ("1", "Цой")


def test_a_heading_that_stands_twice_is_refused() -> None:
    assert _code(workbook(row_of(1, [*NEEDED, "фио"]), row_of(2, [*GOOD, "другой"]))) == "headings_twice"
    assert _code(";".join([*NEEDED, "ФИО"]).encode() + b"\n1;2;3;4;5\n") == "headings_twice"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "cp866"])
@pytest.mark.parametrize("delimiter", ";,\t")
@pytest.mark.parametrize("sep", [False, True])
def test_delimited_text_is_read_as_spreadsheets_save_it(encoding: str, delimiter: str, sep: bool) -> None:
    lines = [f"sep={delimiter}"] * sep + [
        delimiter.join(NEEDED),
        delimiter.join(["7", "Ёлкин Пётр", "сторож", "Вымысел"]),
    ]
    (row,) = read_file("\r\n".join(lines).encode(encoding))
    assert (row["ФИО"], row.number) == ("Ёлкин Пётр", 2)


def test_a_byte_that_the_encoding_does_not_know_is_a_fault_of_its_cell() -> None:
    content = ";".join(NEEDED).encode("cp1251") + b"\n1" + b"\x98" + ";Ветров;в;р\n".encode("cp1251")
    assert read_file(content)[0].faults == {"Табельный номер": "lost_sign"}


def test_the_table_is_where_its_headings_are() -> None:
    rows = HEAD.replace('r="1"', 'r="4"') + row_of(5, GOOD)
    rows = row_of(4, NEEDED) + row_of(5, GOOD)
    (row,) = read_file(workbook(row_of(1, ["Список работников"]), rows))
    assert row.number == 5
    (row,) = read_file(workbook(row_of(1, ["Пояснение"]), sheets=[("Работники", "visible", HEAD + row_of(2, GOOD))]))
    assert row["ФИО"] == GOOD[1]
    (row,) = read_file(workbook(HEAD, row_of(2, GOOD), sheets=[("Старое", "hidden", HEAD + row_of(2, GOOD))]))
    assert row["ФИО"] == GOOD[1]
    assert _code(workbook(HEAD, row_of(2, GOOD), sheets=[("Ещё", "visible", HEAD + row_of(2, GOOD))])) == "two_tables"
    assert _code(workbook(row_of(1, ["x"]), sheets=[("Старое", "hidden", HEAD + row_of(2, GOOD))])) == "headings"


def test_rows_keep_their_numbers_and_blank_ones_do_not_count() -> None:
    rows = read_file(workbook(HEAD, row_of(2, GOOD), row_of(6, GOOD), '<row r="9"><c r="A9" s="0"/></row>'))
    assert [row.number for row in rows] == [2, 6]
    csv = ";".join(NEEDED) + "\r\n" + ";".join(GOOD) + "\r\n\r\n;;;\r\n \r\n" + ";".join(GOOD) + "\r\n"
    assert [row.number for row in read_file(csv.encode())] == [2, 6]
    content = ";".join(NEEDED) + "\n" + "1;2;3;4\n" * MAX_ROWS + "\n;;;\n" * 20
    assert len(read_file(content.encode())) == MAX_ROWS
    assert _code((content + "1;2;3;4\n").encode()) == "too_many_rows"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n \r\n\n", "empty"),
        (b"PK\x03\x04 no zip", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_or_locked"),
        (packed({"content.xml": b"<x/>"}), "not_a_table"),
        (b"a;b\n1;2\n", "headings"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content: bytes, code: str) -> None:
    assert _code(content) == code
    with pytest.raises(UnreadableTable):
        read_grounds(content)


@pytest.mark.parametrize(
    "styles", ["<styleSheet><fills><fill/></fills></styleSheet>", "<styleSheet><numFm", "", "\x00"]
)
def test_a_workbook_whose_only_fault_is_its_styles_is_read(styles: str) -> None:
    (row,) = read_file(workbook(HEAD, row_of(2, GOOD), styles=styles))
    assert tuple(row.values()) == GOOD


def test_prefixes_and_the_strict_form_are_read() -> None:
    def strict(part: bytes) -> bytes:
        words = part.decode().replace(
            "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
        )
        for name in ("worksheet", "sheetData", "row", "c", "is", "t"):
            words = (
                words.replace(f"<{name} ", f"<x:{name} ")
                .replace(f"<{name}>", f"<x:{name}>")
                .replace(f"</{name}>", f"</x:{name}>")
            )
        return words.replace("xmlns=", "xmlns:x=").encode()

    (row,) = read_file(with_part(workbook(HEAD, row_of(2, GOOD)), SHEET, strict))
    assert tuple(row.values()) == GOOD


def test_parts_are_found_under_the_names_that_programs_give_them() -> None:
    parts = unpacked(workbook(HEAD, row_of(2, GOOD)))
    for renamed in (str.upper, lambda name: name.replace("/", "\\"), lambda name: f"/{name}"):
        (row,) = read_file(packed({renamed(name): part for name, part in parts.items()}))
        assert tuple(row.values()) == GOOD


def test_a_workbook_of_the_library_is_read_like_ours() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(NEEDED)
    sheet.append([42, "Ветров Степан", "водитель", "Ромашка"])
    sheet["A2"].number_format = "00000"
    stream = io.BytesIO()
    book.save(stream)
    assert read_file(stream.getvalue())[0]["Табельный номер"] == "00042"


def test_three_hundred_damaged_workbooks_are_read_or_refused_in_words() -> None:
    dice = random.Random(20261129)
    people = [dict(zip(NEEDED, (f"{n:05d}", f"Имярек {n}", "водитель", "Ромашка"), strict=True)) for n in range(50)]
    good = table(HEADINGS, *people)
    parts = unpacked(good)
    refused: list[UnreadableTable] = []
    for turn in range(600):
        if turn % 2:
            damaged = bytearray(good)
            for _ in range(dice.randint(1, 4)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            content = bytes(damaged[: dice.randrange(4, len(damaged))] if turn % 6 == 1 else damaged)
        else:
            name = dice.choice(sorted(parts))
            part = bytearray(parts[name])
            start = dice.randrange(len(part))
            part[start : start + dice.randint(0, 40)] = bytes(
                dice.choice(b'<>/"=&;0aZ\x00\xff') for _ in range(dice.randint(0, 8))
            )
            content = packed(parts | {name: bytes(part)})
        try:
            read_file(content)
        except UnreadableTable as error:
            refused.append(error)
    assert len(refused) > 100
    assert all(unreadable_words(error, "ru") for error in refused)


def test_an_encrypted_or_strangely_packed_member_is_refused_in_words() -> None:
    good = bytearray(workbook(HEAD, row_of(2, GOOD)))
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = good.find(mark)
        while at >= 0:
            good[at + flags] |= 1
            at = good.find(mark, at + 4)
    assert _code(bytes(good)) == "not_a_table"


def test_entities_are_not_expanded() -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "'
        + b"x" * 1000
        + b'">]><worksheet><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>'
    )
    assert _code(with_part(workbook(HEAD), SHEET, lambda _: bomb)) == "not_a_table"
