"""`dopusk central waybills check`: a title is checked by its schema and its name, without a store."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dopusk.commands.central_waybills import app

GOLDEN = sorted(Path("tests/golden/waybills").glob("*.xml"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda path: path.name[:12])
def test_a_title_is_checked(file: Path, tmp_path: Path):
    done = CliRunner().invoke(app, ["check", str(file)])
    assert done.exit_code == 0, done.output
    forged = tmp_path / file.name
    forged.write_bytes(file.read_bytes().replace("осмотр".encode("cp1251"), "отдых".encode("cp1251")))
    done = CliRunner().invoke(app, ["check", str(forged)])
    assert done.exit_code == 1
    assert "Документ" in done.output or "*" in done.output
    renamed = tmp_path / f"{file.stem}0.xml"
    renamed.write_bytes(file.read_bytes())
    assert CliRunner().invoke(app, ["check", str(renamed)]).exit_code == 1


def test_another_file_is_no_title(tmp_path: Path):
    (tmp_path / "x.xml").write_text("<a/>")
    assert CliRunner().invoke(app, ["check", str(tmp_path / "x.xml")]).exit_code != 0
