"""A command loads what it needs and no more: each second of loading is one that somebody waits."""

import subprocess
import sys

import pytest

LOADED = """
import sys
sys.argv = ["dopusk", *sys.argv[1:]]
from dopusk.cli import main
try:
    main()
except SystemExit:
    pass
print("\\n" + " ".join(sys.modules))
"""


@pytest.mark.parametrize(
    ("command", "needless"),
    [
        ("decode --help", {"sqlalchemy", "fastapi", "openpyxl", "reportlab", "numpy"}),
        ("verify --help", {"fastapi", "openpyxl", "reportlab"}),
        ("central ingest --help", {"fastapi", "openpyxl", "reportlab", "numpy"}),
        ("central serve --help", {"pyhanko", "aiohttp", "PySide6", "dlib"}),
        ("central user add --help", {"fastapi", "openpyxl", "reportlab", "numpy"}),
        ("terminal status --help", {"sqlalchemy", "fastapi", "openpyxl", "PySide6", "dlib"}),
    ],
)
def test_a_command_loads_no_library_of_another(command: str, needless: set[str]) -> None:
    run = subprocess.run([sys.executable, "-c", LOADED, *command.split()], check=True, capture_output=True, text=True)
    loaded = set(run.stdout.rpartition("\n\n")[2].split())
    assert "dopusk.cli" in loaded
    assert not loaded & needless
