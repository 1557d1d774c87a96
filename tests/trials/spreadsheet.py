"""The journal's workbook in the office program that customers have: LibreOffice opens it, and reads the numbers that we wrote."""

import csv
import io
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl

from central.core.trust import Trust
from central.journal import columns
from central.journal.csv_file import csv_lines
from central.journal.signature_check import SignatureCheck
from central.journal.xlsx_file import write_journal
from central.store import journal
from central.store.engine import reading
from central.store.journal import JournalFilter
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import ConsoleCentre, build_console_centre

_PACKAGE = "libreoffice-calc-nogui"
_AS_CSV = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1049,false,true"
"""Semicolons, UTF-8, cells as they are shown, the first sheet."""
_EXAMS = 200


def compare_in_libreoffice() -> str:
    """Write the journal in both forms, let LibreOffice turn the workbook into CSV, compare cell by cell; returns what was seen."""
    if shutil.which("soffice") is None:
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", _PACKAGE]
        subprocess.run(
            install,
            check=True,
            capture_output=True,
            env={"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        centre = build_console_centre(folder / "centre")
        for place in range(_EXAMS):
            started = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=7 * place)
            measured = {"measurements": []} if place % 9 == 0 else {"systolic_mmhg": 100 + place % 80}
            centre.exam(("1001", "1002", "1003")[place % 3], started_at=started, **measured)
        ours, head = _written(centre, folder)
        theirs = _converted(folder)
        version = subprocess.run(["soffice", "--version"], capture_output=True, text=True, check=True).stdout.split()
    assert len(ours) == _EXAMS + 1
    cells = 0
    for mine, read in zip(ours, theirs[head - 1 :], strict=True):
        for heading, one, other in zip(ours[0], mine, read, strict=True):
            shown = other.removesuffix(" ↑").removesuffix(" ↓")
            assert one == shown, f"{heading}: {one!r} became {other!r}"
            cells += 1
    return f"{_EXAMS} exams, {cells} cells alike in LibreOffice {version[1]}"


def _written(centre: ConsoleCentre, folder: Path) -> tuple[list[list[str]], int]:
    """What our CSV says, line by line; and the row of the workbook's head, which is written beside it."""
    parts = columns.file_keys(columns.COLUMNS)
    check = SignatureCheck(Trust(centre.config.keys.authority_dir))
    with reading(centre.engine) as connection:
        rows = list(journal.every(connection, JournalFilter((ORG,))))
    readings = [columns.reading_of(row, "ru", UTC, check) for row in rows]
    table = columns.numbered(columns.headings(parts, "ru"), (columns.file_values(item, parts) for item in readings))
    # LibreOffice without a Russian desktop around it shows a decimal point.
    content = b"".join(csv_lines(*table, language="en")).decode("utf-8-sig")
    write_journal(folder / "journal.xlsx", readings, parts, "ru", band="", title=["Журнал", "Период"])
    sheet = openpyxl.load_workbook(folder / "journal.xlsx").worksheets[0]
    return list(csv.reader(io.StringIO(content, newline=""), delimiter=";")), int(str(sheet.freeze_panes)[1:]) - 1


def _converted(folder: Path) -> list[list[str]]:
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", _AS_CSV]
    subprocess.run(
        [*command, "--outdir", folder / "made", folder / "journal.xlsx"], check=True, capture_output=True, timeout=300
    )
    (made,) = (folder / "made").glob("*.csv")
    return list(csv.reader(io.StringIO(made.read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))
