"""An operator over HTTP, against the stand-in of a gateway: files, titles, receipts, and answers that come late or never."""

import base64
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from central.partners.operators import OperatorAway
from central.store.engine import reading
from central.store.waybill_titles import waybill_title
from simulators.waybill_carrier import T1_NAME, waybill
from simulators.waybill_operator import WaybillGateway
from tests.console_centre import Browser, build_centre_with_zoya, cheap_hashes, serving
from tests.unit.console.test_waybills import shown
from tests.waybill_centre import WaybillCentre, waybill_centre

TOKEN = "token-of-the-gateway"


@pytest.fixture
def gateway() -> Iterator[WaybillGateway]:
    with WaybillGateway(TOKEN) as made:
        yield made


@pytest.fixture
def carrier(tmp_path: Path, gateway, monkeypatch) -> Iterator[WaybillCentre]:
    cheap_hashes(monkeypatch)
    centre = build_centre_with_zoya(tmp_path)
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    yield waybill_centre(centre, kind="http", folder=None, url=gateway.url, token_file=token)
    centre.engine.dispose()


def _title(carrier) -> dict:
    with reading(carrier.centre.engine) as connection:
        return dict(connection.execute(select(waybill_title)).mappings().one())


def _sign(carrier) -> None:
    served = serving(carrier.centre.app(), carrier.centre.config.http.port)
    with served as address, contextlib.closing(Browser(address)) as zoya:
        zoya.log_in("zoya")
        exam_id = carrier.centre.exam()
        assert zoya.decide(exam_id, outcome="admitted", **shown(zoya, exam_id)).status_code == 303


def test_a_file_comes_a_title_goes_and_receipts_come(carrier, gateway):
    content = waybill(T1_NAME, day=carrier.day())
    gateway.put_file(f"{T1_NAME}.xml", content, carrier.signed(content))
    carrier.pass_once()
    assert gateway.files == []
    assert [row.state for row in carrier.rows()] == ["waiting"]
    _sign(carrier)
    carrier.pass_once()
    (sent,) = gateway.titles.values()
    title = _title(carrier)
    assert base64.b64decode(sent["content"]) == title["content"]
    assert base64.b64decode(sent["signature"]) == title["cms"]
    assert title["state"] == "sent"
    gateway.receipts.append({"receipt_id": "1", "file_id": title["file_id"], "state": "accepted", "words": "QR"})
    carrier.pass_once()
    assert gateway.receipts == []
    assert (_title(carrier)["state"], _title(carrier)["words"]) == ("accepted", "QR")


def test_an_operator_that_answers_late_gets_the_same_title_again_by_its_name(carrier, gateway):
    content = waybill(T1_NAME, day=carrier.day())
    gateway.put_file(f"{T1_NAME}.xml", content, carrier.signed(content))
    carrier.pass_once()
    _sign(carrier)
    gateway.troubles.append("late")
    with pytest.raises(OperatorAway, match="503"):
        carrier.exchange().send_titles()
    assert _title(carrier)["state"] == "queued"
    assert "503" in _title(carrier)["words"]
    carrier.centre.shift = _title(carrier)["due_at"] - carrier.centre.now()
    carrier.exchange().send_titles()
    assert [one["file_id"] for one in gateway.calls] == [_title(carrier)["file_id"]] * 2
    assert gateway.calls[0] == gateway.calls[1]
    assert len(gateway.titles) == 1
    assert _title(carrier)["state"] == "sent"


def test_a_file_whose_taking_was_not_heard_comes_again_and_is_one(carrier, gateway):
    content = waybill(T1_NAME, day=carrier.day())
    gateway.put_file(f"{T1_NAME}.xml", content, carrier.signed(content))
    gateway.troubles.extend(["", "refuse"])
    with pytest.raises(OperatorAway):
        carrier.exchange().take_files()
    carrier.pass_once()
    assert gateway.files == []
    assert len(carrier.rows()) == 1


def test_a_gateway_that_is_away_or_lets_nobody_in_is_said(carrier, gateway, tmp_path):
    (tmp_path / "token").write_text("another\n")
    with pytest.raises(OperatorAway, match="401"):
        carrier.exchange().take_files()
