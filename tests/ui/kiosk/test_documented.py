"""docs/kiosk.md names every screen and every button that is really there."""

import re
from pathlib import Path

from tests.ui.kiosk import made_up
from tests.ui.kiosk.conftest import Stand
from tests.ui.kiosk.looking import buttons_on, find, names_on

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "kiosk.md").read_text("utf-8")


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


def test_the_pictures_are_there() -> None:
    for picture in re.findall(r"\((images/[^)]+)\)", DOCS):
        assert (Path(__file__).resolve().parents[3] / "docs" / picture).is_file(), picture
