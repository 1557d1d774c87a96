"""The reference picture of a worker: taken, stripped, shown; everything else refused with words."""

import contextlib
import io
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from central.media_files import MediaFiles
from central.rights import Role
from central.store.audit import audit
from central.store.engine import reading
from central.store.registry import worker
from tests.console_centre import Browser, ConsoleCentre

MARK = b"55.7558 N 37.6173 E"


def picture(width_px: int = 300, height_px: int = 400, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width_px, height_px), "gray").save(stream, kind)
    return stream.getvalue()


@pytest.fixture
def senior(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """Somebody who may change registers."""
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def upload(centre: ConsoleCentre, browser: Browser, content: bytes, consent: str = "1") -> httpx.Response:
    path = f"/workers/{centre.people.workers['1001']}"
    token = browser.get(path).text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "consent": consent}
    return browser.http.post(f"{path}/photo", data=fields, files={"file": ("a.jpg", content, "image/jpeg")})


def _kept(centre: ConsoleCentre) -> str | None:
    with reading(centre.engine) as connection:
        query = select(worker.c.photo_sha256).where(worker.c.personnel_number == "1001")
        found: str | None = connection.execute(query).scalar_one()
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_picture_is_kept_without_what_else_the_file_carried_and_shown_beside_the_exam(
    centre: ConsoleCentre, senior: Browser, kind: str
) -> None:
    answer = upload(centre, senior, picture(kind=kind) + MARK)
    assert answer.status_code == 303, answer.text
    sha256 = _kept(centre)
    assert sha256 is not None
    stored = MediaFiles(centre.config.media_dir).path(sha256).read_bytes()
    assert MARK not in stored
    assert Image.open(io.BytesIO(stored)).size == (300, 400)
    shown = senior.get(f"/exams/{centre.exam('1001')}/reference")
    assert shown.content == stored
    assert shown.headers["content-type"] == "image/jpeg"
    own = senior.get(f"/workers/{centre.people.workers['1001']}/photo")
    assert own.content == stored
    with reading(centre.engine) as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "worker.photo")).all()
    assert entry.detail == {"sha256": sha256}


@pytest.mark.parametrize(
    ("content", "consent", "words"),
    [
        (b"", "1", "пуст"),
        (b"GIF89a" + bytes(400), "1", "не фотография"),
        (b"<svg onload=alert(1)>", "1", "не фотография"),
        (picture()[:700], "1", "не фотография"),
        (picture() + bytes(500 * 1024), "1", "больше 500 КБ"),
        (picture(100, 300), "1", "слишком мала"),
        (picture(12_000, 12_000, "PNG"), "1", "слишком велика"),
        (picture(5001, 200, "PNG"), "1", "слишком велика"),
        (picture(), "", "Без согласия"),
    ],
)
def test_anything_else_is_refused_with_words(
    centre: ConsoleCentre, senior: Browser, content: bytes, consent: str, words: str
) -> None:
    answer = upload(centre, senior, content, consent)
    assert answer.status_code == 422
    assert words in answer.text
    assert _kept(centre) is None


def test_a_medic_without_the_right_uploads_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    assert upload(centre, zoya, picture()).status_code == 403
    assert _kept(centre) is None
