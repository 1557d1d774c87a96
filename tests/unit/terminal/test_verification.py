"""A device whose verification has ended measures nobody, and the terminal says so before anybody starts."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk_ui.texts import texts_of
from kiosk_ui.view import ViewOptions
from kiosk_ui.view.standing import idle
from terminal import intents
from terminal.exam.model import Stamp
from terminal.exam.times import local_day
from terminal.measuring import expired_devices
from tests.ui.kiosk import made_up
from tests.unit.terminal.kiosk import MakeKiosk, make_config


def devices(until: date) -> list[dict[str, object]]:
    import tomllib

    from tests.unit.terminal.kiosk import EXAMPLE

    found: list[dict[str, object]] = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["device"]
    return [one | ({"verified_until": until} if one["measures"] == "pressure" else {}) for one in found]


def test_the_last_day_still_counts_by_the_day_of_the_place(tmp_path: Path) -> None:
    today = datetime.now().astimezone().date()
    for until, expected in ((today, ()), (today - timedelta(days=1), ("tonometer",))):
        config = make_config(tmp_path)
        changed = [
            one.model_copy(update={"verified_until": until if one.id == "tonometer" else None}) for one in config.device
        ]
        config = config.model_copy(update={"device": tuple(changed)})
        assert expired_devices(config, today) == expected


def test_the_day_of_the_place_is_not_that_of_greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Vladivostok")
    time.tzset()
    try:
        late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
        assert local_day(Stamp(at=late, monotonic_s=1, boot_id="b")) == date(2026, 11, 23)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_exam_begins_and_the_device_is_named(make_kiosk: MakeKiosk) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date()
    with make_kiosk(whole={"device": devices(yesterday)}) as kiosk:
        refused = kiosk.until(lambda s: s.start_refusal == "verification_expired" and bool(s.devices))
        assert refused.refused_devices == ("tonometer",)
        kiosk.want(intents.Begin(), intents.PresentCard("0007654321"), intents.CallMedic())
        assert kiosk.until(lambda s: s.help_called).exam is None
        page = idle(refused, texts_of("ru"), ViewOptions())
        assert page.text == "Истёк срок поверки: тонометр. Сервис должен заменить прибор."
        assert "begin" not in page.buttons


def test_a_month_before_it_is_said_on_the_idle_screen() -> None:
    soon = made_up.snapshot(verified_until={"cuff": "2026-12-20", "thermometer": "2027-11-01"})
    page = idle(soon, texts_of("ru"), ViewOptions())
    assert page.note == "Скоро конец поверки: тонометр до 20.12.2026. Для сервиса: замените прибор в срок."
    later = made_up.snapshot(verified_until={"cuff": "2027-06-20"})
    assert idle(later, texts_of("ru"), ViewOptions()).note == ""
