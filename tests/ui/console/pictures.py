"""Makes the console's pictures of `docs/images` again: `python -m tests.ui.console.pictures [FOLDER [LANGUAGE]]`.

The centre is that of the demo's sample day: invented people, nothing of a real machine.
"""

import io
import os
import subprocess
import sys
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select

from central.core.snils import SnilsKey
from central.link.outgoing import Outgoing
from central.people.registry import Registry
from central.store import exams, papers, registry, terminals
from central.store.engine import reading, writing
from dopusk.lab.demo.sample_faces import enter_consents, enter_face
from dopusk.lab.demo.sample_judging import archive_health
from dopusk.lab.demo.sample_medic import LOGIN
from sync.contract.health import TerminalStatus
from tests.ui.console.stage import Stage, staged

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
SCREEN = (1600, 900)
TABLET = (1024, 768)
PRINT_WIDTH = 1414
COLOURS = 256
WAIT_MS = 60_000
PRINTED = "journal-signed"
"""The one picture that is a page of a PDF."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a page: who looks, at what, on how large a screen, and what is done there first."""

    who: str
    path: str
    act: Callable[[Page], object] | None = None
    size: tuple[int, int] = SCREEN


def _refuse(page: Page) -> None:
    page.check("input[name=outcome][value=not_admitted]")


def _short_passphrase(page: Page) -> None:
    page.fill("[name=full_name]", "Рябинина Вера Павловна")
    page.fill("[name=position]", "врач")
    page.fill("[name=passphrase]", "коротко")
    page.click("main form button.primary")


def _close_key(page: Page) -> None:
    page.click("main form button")
    page.goto(page.url)


def _ask_code(page: Page) -> None:
    row = page.locator("tr", has_text="Терминал 1").first
    row.locator("summary").last.click()
    row.locator("form[action*='/code'] button").click()


PICTURES = {
    "account": Shown("admin", "/account"),
    "accounts": Shown("admin", "/accounts"),
    "admissions": Shown("dispatcher", "/admissions"),
    "audit": Shown("auditor", "/audit"),
    "changes": Shown("senior", "/changes"),
    "certificate": Shown("medic", "/exams/{refused}/certificate"),
    "check": Shown("", "/check/{code}"),
    "consent-texts": Shown("senior", "/consents"),
    "consents": Shown("senior", "/workers/{worker}"),
    "decided": Shown("medic", "/exams/{decided}"),
    "devices": Shown("senior", "/registers/devices"),
    "employers": Shown("senior", "/registers/employers"),
    "exam": Shown("medic", "/exams/{waiting}", _refuse),
    "exam-import": Shown("senior", "/imports/exams/{import}"),
    "export": Shown("senior", "/journal/exports/{export}"),
    "fleet": Shown("engineer", "/fleet"),
    "grounds": Shown("senior", "/imports/grounds"),
    "journal": Shown("medic", "/journal"),
    "limits": Shown("senior", "/limits"),
    "medic-form": Shown("senior", "/registers/medics/new", _short_passphrase),
    "medics": Shown("senior", "/registers/medics"),
    "organisations": Shown("admin", "/registers/organisations"),
    "protocol": Shown("medic", "/exams/{refused}/protocol"),
    "queue": Shown("medic", "/queue"),
    "refusals": Shown("medic", "/papers/refusals"),
    "tablet": Shown("medic", "/exams/{waiting}", _refuse, TABLET),
    "terminals": Shown("admin", "/fleet", _ask_code),
    "worker": Shown("senior", "/registers/workers/{worker}"),
    "workers": Shown("senior", "/registers/workers"),
    "signature": Shown("medic", "/signature", _close_key),
}
"""Name of the picture, and what it shows. The key is closed last."""


def names() -> set[str]:
    """Files that the program makes."""
    return {f"console-{name}.png" for name in (*PICTURES, PRINTED)}


def draw(folder: Path, language: str = "ru") -> list[Path]:
    """Draw every picture; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        here = Path.cwd()
        os.chdir(place)
        try:
            with staged(Path(place), is_hard=False) as stage, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                files = _draw_all(browser, stage, here / folder, language)
                browser.close()
        finally:
            os.chdir(here)
    return files


def _draw_all(browser: Browser, stage: Stage, folder: Path, language: str) -> list[Path]:
    _complete(stage)
    named = known(stage)
    seats = {"medic": sit_down(browser, stage, "medic", language)}
    files = [folder / f"console-{PRINTED}.png"]
    _save(_printed_journal(seats["medic"], stage.address), files[0])
    for name, shown in PICTURES.items():
        if shown.who not in seats:
            seats[shown.who] = sit_down(browser, stage, shown.who, language)
        files.append(folder / f"console-{name}.png")
        _save(photograph(seats[shown.who], stage.address + shown.path.format_map(named), shown), files[-1])
    return files


def _complete(stage: Stage) -> None:
    """What the demo enters beside its past: consents, a reference picture, a terminal on the line."""
    now, made = (
        datetime.now(UTC),
        Registry(Outgoing.from_config(stage.config), SnilsKey.from_file(stage.config.keys.snils_key_file)),
    )
    status = TerminalStatus(state="online", software_version=version("dopusk"), devices=archive_health(now))
    with writing(stage.engine) as connection:
        enter_consents(connection, made, stage.past.people)
        terminals.set_key(
            connection, "kiosk-01", b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
        )
        terminals.note_status(connection, "kiosk-01", status, now=now)
    enter_face(stage.config, stage.engine, made, stage.past.people)


def known(stage: Stage) -> dict[str, str]:
    """What stands in braces in paths."""
    exam, worker = exams.exam.c, registry.worker.c
    with reading(stage.engine) as connection:

        def of(number: str, state: str) -> str:
            where = (worker.personnel_number == number, exam.state == state)
            joined = exams.exam.join(registry.worker, exam.worker_id == worker.worker_id)
            found = select(exam.exam_id).select_from(joined).where(*where).order_by(exam.finished_at.desc())
            return str(connection.execute(found).scalars().first())

        number_1002 = select(worker.worker_id).where(worker.personnel_number == "1002")
        mark = select(papers.paper.c.code).where(papers.paper.c.kind == "mark")
        return {
            "waiting": of("1005", "waiting"),
            "decided": of("1002", "decided"),
            "refused": of("1004", "decided"),
            "worker": str(connection.execute(number_1002).scalar_one()),
            "code": str(connection.execute(mark).scalars().first()),
            "import": stage.named["exams/job_id"][0],
            "export": stage.named["exports/job_id"][0],
        }


def sit_down(browser: Browser, stage: Stage, who: str, language: str, **options: object) -> BrowserContext:
    """A browser of that user's own, logged in, the medic's key open; "" is a stranger."""
    locale = {"ru": "ru-RU", "en": "en-GB"}[language]
    size = {"width": SCREEN[0], "height": SCREEN[1]}
    context = browser.new_context(viewport=size, locale=locale, timezone_id="Europe/Moscow", **options)  # type: ignore[arg-type]
    cookies = {"dopusk_language": language, "dopusk_zone": "Europe%2FMoscow"}
    context.add_cookies([{"name": name, "value": value, "url": stage.address} for name, value in cookies.items()])
    context.set_default_timeout(WAIT_MS)
    if who:
        page = context.new_page()
        page.goto(f"{stage.address}/login")
        page.fill("[name=username]", who)
        page.fill("[name=password]", LOGIN.password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: not url.endswith("/login"))
        if who == LOGIN.username:
            page.goto(f"{stage.address}/signature")
            page.fill("[name=passphrase]", LOGIN.passphrase)
            page.press("[name=passphrase]", "Enter")
            page.wait_for_url("**/queue")
        page.close()
    return context


def photograph(seat: BrowserContext, address: str, shown: Shown) -> Image.Image:
    """What the page shows on a screen of that size."""
    page = seat.new_page()
    page.set_viewport_size({"width": shown.size[0], "height": shown.size[1]})
    page.goto(address)
    if shown.act is not None:
        shown.act(page)
    page.wait_for_load_state("load")
    page.evaluate("() => { scrollTo(0, 0); return document.fonts.ready.then(() => true); }")
    taken = page.screenshot(animations="disabled", caret="hide")
    page.close()
    return Image.open(io.BytesIO(taken))


def _printed_journal(medic: BrowserContext, address: str) -> Image.Image:
    """The second page of the signed journal of all days."""
    page = medic.new_page()
    page.goto(f"{address}/journal?since=2020-01-01&until=2099-01-01")
    with page.expect_download() as waited:
        page.click("form[action^='/journal/signed'] button")
    with zipfile.ZipFile(waited.value.path()) as archive:
        pdf = archive.read("journal.pdf")
    page.close()
    command = ["pdftoppm", "-png", "-f", "2", "-l", "2", "-scale-to-x", str(PRINT_WIDTH), "-scale-to-y", "-1", "-"]
    drawn = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout
    return Image.open(io.BytesIO(drawn))


def _save(image: Image.Image, file: Path) -> None:
    """In the colours of this very picture, for a page has few."""
    small = image.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES, *sys.argv[2:3])
