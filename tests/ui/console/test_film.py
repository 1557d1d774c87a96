"""The film of an exam in a real browser: it plays, jumps lead to their moments, what is missing is said."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from central.core.media_files import MediaFiles
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from sync.contract.canonical import sha256_hex
from sync.contract.media import CHUNK_BYTES, MEDIA_SCHEMA, MediaChunk
from sync.contract.topics import Up
from terminal.camera.encoder import SegmentWriter
from terminal.camera.jpeg import encode_jpeg
from tests.console_centre import ConsoleCentre
from tests.ui.console.conftest import Desk

FRAMES_PER_S = 8.0
SECONDS = 4.0
SHADES = (40, 120, 200)


def segment_of(shade: int, folder: Path) -> bytes:
    """A segment as the terminal's encoder writes it: a plain shade with a bar that moves."""
    path = folder / f"{shade}.webm"
    writer = SegmentWriter(path, FRAMES_PER_S, 480)
    for number in range(int(SECONDS * FRAMES_PER_S)):
        picture = np.full((480, 640, 3), shade, np.uint8)
        picture[:, 10 * number : 10 * number + 40] = 255
        writer.write(picture, 0.0)
    writer.close()
    return path.read_bytes()


def send(centre: ConsoleCentre, exam_id: str, content: bytes, content_type: str) -> None:
    """The chunks of a file, the whole way of ingest."""
    intake = Intake(
        centre.engine, MediaFiles(centre.config.media_dir), Rules(centre.config.generation, timedelta(days=1))
    )
    count = -(-len(content) // CHUNK_BYTES)
    for index in range(count):
        chunk = content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
        fields = MediaChunk(
            exam_id=exam_id,
            sha256=sha256_hex(content),
            content_type=content_type,
            index=index,
            count=count,
            chunk_sha256=sha256_hex(chunk),
            content_base64=base64.b64encode(chunk).decode("ascii"),
        )
        _, sealed = centre.terminal.seal(MEDIA_SCHEMA, json.loads(fields.model_dump_json()))
        (verdict,) = intake.take([Arrival(centre.terminal.address.up(Up.MEDIA), sealed.wire)])
        assert verdict.outcome == "accepted", verdict


def named(content: bytes, kind: str, at: datetime, **more: Any) -> dict[str, Any]:
    content_type = "video/webm" if kind == "video" else "image/jpeg"
    moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "kind": kind,
        "content_type": content_type,
        "size_bytes": len(content),
        "at": moment,
        **more,
    }


@pytest.fixture
def filmed(centre: ConsoleCentre, tmp_path: Path) -> str:
    """An exam with three segments, the last of which has not arrived, a still, a gap and looks."""
    segments = [segment_of(shade, tmp_path) for shade in SHADES]
    still = encode_jpeg(np.full((480, 640, 3), 90, np.uint8))
    began = datetime.now(UTC) - timedelta(minutes=2)
    marks = (
        [{"at_s": 0, "step": "face", "moment": "step"}, {"at_s": 2.5, "step": "temperature", "moment": "step"}],
        [{"at_s": 3.0, "step": "breath", "attempt": 1, "moment": "blow"}],
        [{"at_s": 1.0, "step": "breath", "attempt": 1, "moment": "result"}],
    )
    media = []
    for number, (content, found) in enumerate(zip(segments, marks, strict=True)):
        at = began + timedelta(seconds=number * SECONDS)
        until = (at + timedelta(seconds=SECONDS)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        media.append(named(content, "video", at, step="face", ended_at=until, film=1, codec="vp8", marks=found))
    media.append(named(still, "photo", began + timedelta(seconds=7), step="breath", attempt=1, moment="blow"))
    gap = {"reason": "no_camera", "kind": "video", "step": "pressure", "began_at": media[0]["at"]}
    exam_id = centre.exam(
        media=media,
        film={"state": "incomplete", "seconds": 3 * SECONDS, "gaps": [gap]},
        continuity={"compared": False, "looks": [{"step": "pressure", "present": 20, "nobody": 3}]},
    )
    for content in segments[:2]:
        send(centre, exam_id, content, "video/webm")
    send(centre, exam_id, still, "image/jpeg")
    return exam_id


STOPPED = """([name, at_s]) => {
  const v = document.querySelector('#film video');
  if (!v.currentSrc.endsWith(name) || v.currentTime <= at_s || v.readyState < 2) return false;
  v.pause();
  return true;
}"""
"""Stops the film once it plays on behind a place of a segment, so that what is looked at then does not run away."""


def test_the_film_plays_and_jumps_lead_to_their_moments(filmed: str, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{filmed}")
    page.click("#film-card summary")
    video = page.locator("#film video")
    jumps = page.locator(".jump")
    expect(jumps).to_have_count(4)
    expect(jumps.nth(3)).to_be_disabled()  # its segment still travels
    first, second = str(page.locator("#film").get_attribute("data-segments")).split()[:2]
    video.evaluate("v => { v.playbackRate = v.defaultPlaybackRate = 0.2 }")  # it must not end before somebody looks
    jumps.nth(1).click()  # a second before the temperature begins, in the first segment
    page.wait_for_function(STOPPED, arg=[first, 1.5])
    expect(video).to_have_js_property("error", None)
    assert video.evaluate("v => [v.videoWidth, v.videoHeight]") == [480, 360]
    assert video.evaluate("v => v.duration") == pytest.approx(SECONDS, abs=0.3)
    jumps.nth(2).click()  # a second before the blow, in the second
    page.wait_for_function(STOPPED, arg=[second, 2.0])
    expect(jumps.nth(2)).to_have_attribute("aria-current", "")
    shade = video.evaluate(
        "v => { const c = document.createElement('canvas'); c.width = 48; c.height = 36; const g = c.getContext('2d');"
        " g.drawImage(v, 0, 0, 48, 36); return g.getImageData(46, 30, 1, 1).data[0] }"
    )
    assert abs(shade - SHADES[1]) < 12, "the picture on the screen is that of the second segment"


def test_one_segment_follows_another(filmed: str, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{filmed}")
    page.click("#film-card summary")
    page.locator(".jump").nth(0).click()
    page.locator("#film video").evaluate("v => { v.playbackRate = 8 }")
    second = page.locator("#film").get_attribute("data-segments").split()[1]  # type: ignore[union-attr]
    page.wait_for_function("name => document.querySelector('#film video').currentSrc.endsWith(name)", arg=second)


def test_what_is_missing_is_said_and_the_photo_of_the_exam_is_no_still(filmed: str, zoya: Desk) -> None:
    page = zoya.page
    page.goto(f"{zoya.address}/exams/{filmed}")
    card = page.locator("#film-card")
    expect(card.locator("summary")).to_contain_text("неполное")
    page.click("#film-card summary")
    expect(card).to_contain_text("камера не давала изображения")
    expect(card).to_contain_text("Пришло частей: 2 из 3")
    expect(card.locator(".stills img")).to_have_count(1)
    expect(page.locator(".faces")).to_contain_text("Снимка нет")
    expect(page.locator(".person")).to_contain_text("Давление и пульс: лица не видно, взглядов 3")
