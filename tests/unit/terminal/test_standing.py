"""How the terminal itself stands: calls, room for exams, and what waits where nobody else counts it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from central.authority.pki import create_authority
from sync.link_report import NO_SYNC_PROCESS, LinkReport
from terminal import intents
from terminal.exam.model import Stamp
from terminal.standing import HELP_SHOWN_S, Standing
from tests.unit.terminal.kiosk import Kiosk, running_kiosk
from tests.unit.terminal.store.scene import STAMP, Scene

MakeKiosk = Callable[..., AbstractContextManager[Kiosk]]


@pytest.fixture
def make_kiosk(tmp_path: Path) -> MakeKiosk:
    anchor = load_pem_x509_certificate(create_authority(tmp_path / "authority").ca_pem)
    keys = {"centre_key": Ed25519PrivateKey.generate(), "signing_key": Ed25519PrivateKey.generate()}

    def make(**options: Any) -> AbstractContextManager[Kiosk]:
        return running_kiosk(tmp_path / "terminal", anchor, **{**keys, **options})

    return make


class Watch:
    """A clock whose hands the test moves, one apart from the other."""

    def __init__(self) -> None:
        self.stamp = STAMP

    def now(self) -> Stamp:
        return self.stamp

    def passes(self, seconds: float) -> None:
        self.stamp = self.stamp.model_copy(update={"monotonic_s": self.stamp.monotonic_s + seconds})

    def is_set(self, at: Any) -> None:
        self.stamp = self.stamp.model_copy(update={"at": at})


def test_a_call_has_one_moment_and_ends_whatever_the_clock_is_set_to(tmp_path: Path) -> None:
    scene, watch = Scene(tmp_path), Watch()
    store = scene.open()
    standing = Standing(store, scene.path, watch)
    assert standing.look().help_called_at is None
    standing.call_medic()
    assert standing.look().help_called_at == STAMP.at
    watch.is_set(STAMP.at.replace(year=2020))
    watch.passes(HELP_SHOWN_S - 1)
    assert standing.look().help_called_at == STAMP.at
    standing.call_medic()  # again: it stands longer, and began when it began
    watch.passes(HELP_SHOWN_S - 1)
    assert standing.look().help_called_at == STAMP.at
    watch.passes(2)
    assert standing.look().help_called_at is None
    store.close()


def test_a_store_that_was_dealt_with_is_no_notice_any_more(tmp_path: Path) -> None:
    scene, watch = Scene(tmp_path), Watch()
    store = scene.open()
    standing = Standing(store, scene.path, watch)
    aside = tmp_path / "terminal.db.damaged-20261129T000000.000000Z"
    aside.write_bytes(b"x")
    assert standing.look().notice == "store_set_aside"
    aside.rename(tmp_path / f"{aside.name}.done")
    watch.passes(1.0)
    assert standing.look().notice == ""
    store.close()


def test_without_the_sync_process_the_kiosk_counts_what_waits(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.up_to("waiting")
        queued = kiosk.store.outbox.backlog().queued
        assert queued > 0
        kiosk.mailbox.post(LinkReport(False, None, NO_SYNC_PROCESS, "no_sync_process"))
        link = kiosk.until(lambda s: s.link.code == "no_sync_process").link
        assert (link.connected, link.waiting) == (False, queued)
        assert link.oldest_at is not None


def test_room_is_set_aside_however_an_exam_begins(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        assert kiosk.store.reserve.release()
        kiosk.want(intents.PresentCard("04A2B3C4"))
        kiosk.until(lambda s: s.exam is not None)
        assert kiosk.store.reserve.is_kept
