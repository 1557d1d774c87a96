"""Certificates of centre and broker are made and renewed by commands, with everything running, and their ends are told."""

import json
import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from central.authority import certificates, pki
from central.core import metrics
from central.core.clock import now_utc
from central.exchange.dispatcher import Dispatcher
from dopusk.commands.central_group import app
from dopusk.lab.broker import HOST
from tests.broker import TestCentre, running_centre
from tests.waiting import LONGEST_S, until


def _run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def _shown(centre: TestCentre, port: int) -> datetime:
    """The end of the certificate that the broker shows."""
    context = ssl.create_default_context(cafile=str(centre.broker.ca_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    mqtt = centre.config.mqtt
    if port == mqtt.own_port:
        context.load_cert_chain(mqtt.cert_file, mqtt.key_file)
    else:
        context.load_cert_chain(centre.folder / "tls-kiosk-1.pem", centre.folder / "tls-kiosk-1.key")
    with (
        socket.create_connection((HOST, port), LONGEST_S) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as wire,
    ):
        return x509.load_der_x509_certificate(wire.getpeercert(binary_form=True) or b"").not_valid_after_utc


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[TestCentre]:
    with running_centre(tmp_path) as running:
        running.identity("kiosk-1")
        yield running


def test_both_are_renewed_while_everything_runs(centre: TestCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    config_file = str(centre.folder / "central.toml")
    key_before = (centre.broker.folder / "server.key").read_bytes()
    mqtt = centre.config.mqtt
    own_before = mqtt.cert_file.read_bytes()
    monkeypatch.setattr(pki, "SERVICE_VALID", timedelta(days=400))
    code, said = _run("certificates", "broker", str(centre.broker.folder), "--host", HOST, "-c", config_file)
    assert code == 0, said
    assert (centre.broker.folder / "server.key").read_bytes() == key_before
    centre.broker.reload()
    soon = now_utc() + timedelta(days=401)
    for port in (mqtt.port, mqtt.own_port):
        assert until(lambda port=port: _shown(centre, port) < soon)
    code, said = _run("certificates", "renew", "-c", config_file)
    assert code == 0, said
    assert mqtt.cert_file.read_bytes() != own_before
    centre.dispatcher.stop()
    with Dispatcher(centre.config, centre.engine) as again:
        assert again.ready.wait(LONGEST_S)
        days = metrics.REGISTRY.get_sample_value
        for name, most in (("broker", 401), ("centre", 401), ("authority", 3651), ("services", 3651)):
            assert until(
                lambda name=name, most=most: (
                    most - 3 < (days("dopusk_certificate_days_left", {"certificate": name}) or 0) < most
                )
            )


def test_an_installation_of_before_gets_its_services_by_the_same_command(tmp_path: Path) -> None:
    assert _run("init", str(tmp_path / "centre"), "--generation", "test")[0] == 0
    folder = tmp_path / "centre"
    for file in (folder / "authority" / "services").iterdir():
        file.unlink()
    (folder / "authority" / "services").rmdir()
    assert _run("certificates", "renew", "-c", str(folder / "central.toml"))[0] == 0
    root = x509.load_pem_x509_certificate((folder / "authority" / "services" / "ca.pem").read_bytes())
    own = x509.load_pem_x509_certificate((folder / "centre.pem").read_bytes())
    own.verify_directly_issued_by(root)


def test_an_end_that_comes_near_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_shown_by_broker", {})
    folder = tmp_path / "centre"
    assert _run("init", str(folder), "--generation", "test")[0] == 0
    monkeypatch.setattr(pki, "SERVICE_VALID", timedelta(days=20))
    assert _run("certificates", "renew", "-c", str(folder / "central.toml"))[0] == 0
    code, said = _run("certificates", "list", "-c", str(folder / "central.toml"), "--json")
    assert code == 1
    rows = json.loads(said.strip().splitlines()[-1])
    assert [(row["name"], row["due"]) for row in rows] == [("authority", False), ("services", False), ("centre", True)]
