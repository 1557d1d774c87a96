"""The reference picture of a worker: taken, stripped, shown; everything else refused with words."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

import simulators
from central.console.app import create_app
from central.core.media_files import MediaFiles
from central.core.picture_look import LookUnavailable
from central.core.rights import Role
from central.people.reference_photo import prepared, shape_problems
from central.store.audit import audit
from central.store.engine import reading
from central.store.registry import worker
from dopusk.lab.broker import free_port
from dopusk.picture_look import PictureLooks
from terminal.face.engines.dlib_engine import DlibEngine, DlibFinder
from terminal.face.picture_file import decode_picture
from terminal.face.portrait_look import problems_of
from tests.console_centre import Browser, ConsoleCentre, serving

PORTRAITS = Path(simulators.__file__).parent / "portraits"
MARK = b"55.7558 N 37.6173 E"


def picture(width_px: int = 360, height_px: int = 480, kind: str = "JPEG") -> bytes:
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
    assert Image.open(io.BytesIO(stored)).size == (360, 480)
    shown = senior.get(f"/exams/{centre.exam('1001')}/reference")
    assert shown.content == stored
    assert shown.headers["content-type"] == "image/jpeg"
    own = senior.get(f"/workers/{centre.people.workers['1001']}/photo")
    assert own.content == stored
    with reading(centre.engine) as connection:
        (entry,) = connection.execute(select(audit).where(audit.c.action == "worker.photo")).all()
    assert entry.detail == {"sha256": sha256, "face": "not_looked_at"}


@pytest.mark.parametrize(
    ("content", "consent", "words"),
    [
        (lambda: b"", "1", "пуст"),
        (lambda: b"GIF89a" + bytes(400), "1", "не фотография"),
        (lambda: b"<svg onload=alert(1)>", "1", "не фотография"),
        (lambda: picture()[:700], "1", "не фотография"),
        (lambda: picture() + bytes(500 * 1024), "1", "больше 500 КБ"),
        (lambda: picture(100, 300), "1", "слишком мала"),
        (lambda: picture(12_000, 12_000, "PNG"), "1", "слишком велика"),
        (lambda: picture(5001, 200, "PNG"), "1", "слишком велика"),
        (picture, "", "Без согласия"),
    ],
)
def test_anything_else_is_refused_with_words(
    centre: ConsoleCentre, senior: Browser, content: Callable[[], bytes], consent: str, words: str
) -> None:
    answer = upload(centre, senior, content(), consent)
    assert answer.status_code == 422
    assert words in answer.text
    assert _kept(centre) is None


def test_a_medic_without_the_right_uploads_nothing(centre: ConsoleCentre, zoya: Browser) -> None:
    assert upload(centre, zoya, picture()).status_code == 403
    assert _kept(centre) is None


def _unusual() -> dict[str, bytes]:
    """Pictures of one face-sized ramp, upper quarter transparent where the kind knows it, by kind of file."""
    grey = np.tile(np.linspace(20, 235, 300).astype(np.uint8), (400, 1))
    colour = np.dstack([grey, grey[::-1], 255 - grey])
    alpha = np.full_like(grey, 255)
    alpha[:100] = 0
    hidden = colour.copy()
    hidden[:100] = 0
    wide = colour.astype(np.uint16) * 257
    cut = np.dstack([hidden.astype(np.uint16) * 257, alpha.astype(np.uint16) * 257])
    ramp = Image.fromarray(colour)
    cmyk = io.BytesIO()
    ramp.convert("CMYK").save(cmyk, "JPEG", quality=95)
    return {
        "grey": _png(Image.fromarray(grey)),
        "grey of 16 bits": _png(Image.fromarray(grey.astype(np.uint16) * 257)),
        "colour of 16 bits": cv2.imencode(".png", wide)[1].tobytes(),
        "one bit": _png(Image.fromarray(grey).convert("1")),
        "palette": _png(ramp.quantize(64)),
        "palette with holes": _png(ramp.quantize(64), transparency=bytes([0] * 10 + [255] * 54)),
        "alpha": _png(Image.fromarray(np.dstack([hidden, alpha]))),
        "grey with alpha": _png(Image.fromarray(np.dstack([hidden[..., 0], alpha]))),
        "alpha of 16 bits": cv2.imencode(".png", cut)[1].tobytes(),
        "one colour is a hole": _png(ramp, transparency=(20, 235, 235)),
        "four inks": cmyk.getvalue(),
    }


def _png(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", _unusual())
def test_unusual_pictures_mean_the_same_to_centre_and_terminal(kind: str) -> None:
    content = _unusual()[kind]
    kept = np.asarray(Image.open(io.BytesIO(prepared(content)))).astype(int)
    seen = decode_picture(content)[..., ::-1].astype(int)
    assert np.abs(kept - seen).mean() < 3
    body = kept[150:]
    assert body.max() - body.min() > 150, "neither white nor black"
    if "alpha" in kind:
        assert kept[:80].min() > 245, "what is transparent is the white of the page"


def test_a_picture_in_which_nothing_is_seen_is_refused_with_a_word(centre: ConsoleCentre, senior: Browser) -> None:
    ramp = np.tile(np.linspace(20, 235, 300).astype(np.uint8), (400, 1))
    nothing = Image.fromarray(np.dstack([ramp, ramp, ramp, np.zeros_like(ramp)]))
    twelve_bits = Image.fromarray(ramp.astype(np.uint16) * 16)
    for image in (nothing, twelve_bits):
        answer = upload(centre, senior, _png(image))
        assert answer.status_code == 422
        assert "ничего не видно" in answer.text
    assert _kept(centre) is None


@pytest.fixture
def looked(centre: ConsoleCentre) -> Iterator[Browser]:
    """A senior medic at a console that looks at photos, as `dopusk central serve` does."""
    app = create_app(centre.config, engine=centre.engine, clock=centre.now, pictures=PictureLooks())
    centre.add_account("starshaya", Role.SENIOR_MEDIC)
    with serving(app, free_port()) as address, contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("starshaya", unlock=False)


def test_what_is_wrong_with_a_face_is_said_at_once_in_words_that_say_what_to_change(
    centre: ConsoleCentre, looked: Browser
) -> None:
    black = io.BytesIO()
    Image.new("RGB", (200, 200), "black").save(black, "PNG")
    answer = upload(centre, looked, black.getvalue())
    assert answer.status_code == 422
    for words in ("Лицо не найдено", "Фон темный", "Стороны не 3 × 4", "354 × 472"):
        assert words in answer.text
    hopper = upload(centre, looked, (PORTRAITS / "grace_hopper.jpg").read_bytes())
    assert hopper.status_code == 422
    for words in ("Фон темный", "Фон пестрый", "Тень на фоне"):
        assert words in hopper.text
    assert "Лицо не найдено" not in hopper.text
    assert _kept(centre) is None


def test_a_senior_medic_keeps_one_that_breaks_rules_with_a_reason_that_stays(
    centre: ConsoleCentre, looked: Browser
) -> None:
    path = f"/workers/{centre.people.workers['1001']}"
    token = looked.get(path).text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "consent": "1", "reason": "работник в отпуске, другого снимка нет"}
    content = (PORTRAITS / "grace_hopper.jpg").read_bytes()
    answer = looked.http.post(f"{path}/photo", data=fields, files={"file": ("a.jpg", content, "image/jpeg")})
    assert answer.status_code == 303, answer.text
    assert _kept(centre) is not None
    with reading(centre.engine) as connection:
        detail = connection.execute(select(audit.c.detail).where(audit.c.action == "worker.photo")).scalar_one()
    assert detail["face"] == "looked_at"
    assert "background_dark" in detail["problems"]
    assert detail["reason"] == fields["reason"]


def test_a_centre_without_the_program_says_that_nobody_looked(centre: ConsoleCentre, senior: Browser) -> None:
    path = f"/workers/{centre.people.workers['1001']}"
    assert "лицо, фон и глаза этот сервер не проверяет" in senior.get(path).text.lower()
    answer = upload(centre, senior, picture())
    assert answer.headers["location"].endswith("saved=unseen")
    assert "никто не проверил" in senior.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("size", "dpi", "found"),
    [
        ((354, 472), None, ()),
        ((354, 472), 300, ()),
        ((380, 472), None, ("ratio",)),
        ((300, 400), None, ("small_for_print",)),
        ((354, 472), 150, ("low_dpi",)),
        ((354, 472), 72, ()),
        ((472, 354), None, ("ratio", "small_for_print")),
    ],
)
def test_the_form_of_a_photo_is_three_by_four_at_300_dpi(
    size: tuple[int, int], dpi: int | None, found: tuple[str, ...]
) -> None:
    stream = io.BytesIO()
    Image.new("RGB", size, "gray").save(stream, "JPEG", **({"dpi": (dpi, dpi)} if dpi else {}))
    assert shape_problems(stream.getvalue()) == found


def test_no_template_is_made_at_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(*_: object, **__: object) -> None:
        raise AssertionError("a template was made")

    monkeypatch.setattr(DlibEngine, "embed", embed)
    monkeypatch.setattr(DlibEngine, "embed_chips", embed)
    assert "background_uneven" in problems_of((PORTRAITS / "eileen_collins.jpg").read_bytes())
    assert not hasattr(DlibFinder, "embed")
    command = [sys.executable, "-P", "-m", "terminal.face.portrait_look"]
    photo = (PORTRAITS / "eileen_collins.jpg").read_bytes()
    done = subprocess.run(command, input=photo, capture_output=True, check=True)
    assert json.loads(done.stdout).keys() == {"problems"}


def test_a_picture_that_brings_its_process_down_is_refused_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = PictureLooks()
    assert looks.portrait(b"\x89PNG\r\n\x1a\n" + bytes(40)) == ("broken",)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert looks.portrait(b"x") == ("broken",)
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    with pytest.raises(LookUnavailable):
        looks.portrait(b"x")
