"""docs/kiosk.md names every screen and every button that is really there."""

import re
import subprocess
import sys
from pathlib import Path

from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import buttons_on, find, names_on
from tests.waiting import LONGEST_S

ROOT = Path(__file__).resolve().parents[3]
DOCS = (ROOT / "docs" / "kiosk.md").read_text("utf-8")


def test_every_screen_and_button_is_documented(stand: Stand) -> None:
    seen: set[str] = set()
    for _, screen, snapshot in made_up.every():
        stand.show(snapshot, screen)
        seen |= {button.item.objectName() for button in buttons_on(find(stand.window, "stage"))}
        seen |= {name for name in names_on(stand.window) if name.startswith(("screen_", "value_"))}
    seen = {re.sub(r"^complaint_.*", "complaint_<code>", name) for name in seen}
    seen -= {f"key_{digit}" for digit in range(1, 9)}
    assert {name for name in seen if f"`{name}`" not in DOCS} == set()
    assert "" not in seen, "every button has a name"


def test_the_program_makes_the_pictures_of_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.ui.kiosk.pictures", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    assert (ended.returncode, ended.stderr) == (0, "")
    made = {path.name for path in tmp_path.iterdir()}
    assert made == set(re.findall(r"\(images/(kiosk-[^)]+)\)", DOCS))
    assert all(5_000 < path.stat().st_size < 100_000 for path in tmp_path.iterdir())


def test_the_pictures_are_there() -> None:
    for picture in re.findall(r"\((images/[^)]+)\)", DOCS):
        assert (ROOT / "docs" / picture).is_file(), picture
