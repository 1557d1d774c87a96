"""The fleet page says in time that a certificate of the centre ends."""

from datetime import timedelta

import pytest

from central.authority import certificates, pki
from tests.console_centre import Browser, ConsoleCentre


def test_a_certificate_that_ends_soon_is_on_the_page(
    centre: ConsoleCentre, zoya: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "_shown_by_broker", {})
    assert "Заканчиваются сертификаты" not in zoya.get("/fleet").text
    monkeypatch.setattr(pki, "SERVICE_VALID", timedelta(days=20))
    certificates.renew_centre(centre.config)
    monkeypatch.setitem(certificates._shown_by_broker, "broker", centre.now() + timedelta(days=3))
    text = zoya.get("/fleet").text
    assert "Заканчиваются сертификаты" in text
    assert "Сертификат центра" in text
    assert "Сертификат брокера" in text
    assert "Удостоверяющий центр" not in text
