"""Accounts and certificates in the whole: the shipped `central serve`, the commands of its administrator, OpenSSL, a real webhook.

A leaver's account is closed by the running centre, and the administrator is told; a certificate is revoked by command while its
medic is at work; a token is pulled out of the server and put back while another one signs.
"""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from central.core.rights import Role
from central.deciding.medics import replace_key
from central.notifying.notice_channels import ChannelSecrets, add_channel
from central.signature.software import open_key
from central.store import accounts, audit, decisions, medics
from central.store.audit import OF_ITSELF
from central.store.engine import reading, writing
from central.store.medics import MedicEntry
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import PASSPHRASE, PASSWORD, Browser, ConsoleCentre, build_console_centre
from tests.soft_token import LIBRARY, SoftToken, make_token
from tests.waiting import LONGEST_S, until

DOPUSK = (sys.executable, "-m", "dopusk")
NAME = "Луговая Зоя Марковна"
VERA, PIN = "Токенова Вера Ильинична", "12345678"


@dataclass(frozen=True, slots=True)
class Site:
    """The running centre, and what its webhook got."""

    centre: ConsoleCentre
    told: "queue.SimpleQueue[dict[str, Any]]"
    token: SoftToken
    """The key of a second medic, in the server."""

    def medic(self, name: str) -> MedicEntry:
        """Her entry of the register."""
        with reading(self.centre.engine) as connection:
            return next(one for one in medics.of_organisations(connection, (ORG,)) if one.full_name == name)

    @property
    def config(self) -> str:
        return str(self.centre.folder / "central.toml")

    def run(self, *words: str) -> str:
        """A command of the administrator."""
        done = subprocess.run([*DOPUSK, *words], capture_output=True, text=True, timeout=LONGEST_S, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def by_openssl(self, cms: bytes, content: bytes, at: datetime) -> str:
        """What `openssl cms -verify -crl_check -attime` says, with the files of the authority alone."""
        folder, authority = self.centre.folder, self.centre.config.keys.authority_dir
        (folder / "trusted.pem").write_bytes((authority / "ca.pem").read_bytes() + (authority / "crl.pem").read_bytes())
        (folder / "decision.cms").write_bytes(cms)
        (folder / "record.json").write_bytes(content)
        words = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "decision.cms"]
        words += ["-content", "record.json", "-CAfile", "trusted.pem", "-no-CApath", "-no-CAstore", "-purpose", "any"]
        words += ["-crl_check", "-attime", str(int(at.timestamp())), "-out", "/dev/null"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) == ("Verification successful" in done.stderr)
        return done.stderr


@contextlib.contextmanager
def _webhook(told: "queue.SimpleQueue[dict[str, Any]]") -> Iterator[str]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, name="webhook")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _fill(centre: ConsoleCentre, hook: str) -> None:
    """A medic at work, an administrator who is told by webhook, and somebody who left 90 days ago; others have worked since."""
    centre.add_medic("zoya", NAME)
    for name, role in (("root", Role.ADMINISTRATOR), ("leaver", Role.AUDITOR), ("auditor", Role.AUDITOR)):
        centre.add_account(name, role)
    secrets = ChannelSecrets(centre.config.keys.session_secret_file.read_bytes())
    left = centre.now() - timedelta(days=90, minutes=1)
    with writing(centre.engine) as connection:
        add_channel(connection, None, "webhook", hook, "a secret of the webhook", secrets, org=ORG, now=left)
        ids = {one.username: one.account_id for one in accounts.all_accounts(connection)}
        accounts.change_account(connection, ids["leaver"], {"created_at": left, "last_login_at": left})
        for days in range(0, 90, 6):
            at = left + timedelta(days=days)
            audit.write(connection, at=at, account_id=ids["zoya"], address="10.0.0.1", action="login", org=ORG)
        # The administrator was warned of it when its time came, and the days between the two terms have passed since.
        warned = {"at": left + timedelta(days=60), "action": "account.unused", "subject": ids["leaver"]}
        audit.write(connection, account_id=None, address=OF_ITSELF, org=ORG, detail={"days": 60}, **warned)


def _enter_token(centre: ConsoleCentre, token: SoftToken) -> None:
    """A medic whose key is on a token in the server."""
    medic_id = centre.add_medic("vera", VERA)
    issued = centre.authority.issue_medic(VERA, medic_id, "Медпункт «Заря»", token.public_key)
    certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
    with writing(centre.engine) as connection:
        replace_key(connection, medic_id, certificate, None, "", token.label, centre.now())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site") / "centre"
    told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    centre = build_console_centre(folder)
    config = folder / "central.toml"
    token = make_token(folder.parent / "token", "vera", PIN)
    config.write_text(config.read_text().replace("[keys]\n", f'[keys]\npkcs11_library = "{LIBRARY}"\n', 1))
    with _webhook(told) as hook:
        _fill(centre, hook)
        _enter_token(centre, token)
        command = [*DOPUSK, "central", "serve", "-c", str(config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=token.environment) as process:
            try:
                assert process.stdout is not None
                assert "ready" in process.stdout.readline()
                yield Site(centre, told, token)
            finally:
                process.terminate()
                process.wait(LONGEST_S)
    centre.engine.dispose()


def test_the_leavers_account_is_closed_and_the_administrator_told(site: Site) -> None:
    def leaver() -> accounts.Account:
        with reading(site.centre.engine) as connection:
            found = accounts.by_username(connection, "leaver")
        assert found is not None
        return found

    assert until(lambda: leaver().disabled)
    told = site.told.get(timeout=LONGEST_S)
    if told["kind"] == "account_unused":
        told = site.told.get(timeout=LONGEST_S)
    assert (told["kind"], told["subject"], told["count"]) == ("account_closed", leaver().account_id, 90)
    address = f"http://127.0.0.1:{site.centre.config.http.port}"
    with contextlib.closing(Browser(address)) as browser:
        assert browser.post("/login", {"username": "leaver", "password": PASSWORD}).status_code == 401
        page = browser.log_in("root", unlock=False).get("/accounts").text
    assert "закрыта: не использовалась" in page
    assert "учётная запись закрыта: не использовалась (дней)" in page
    rows = json.loads(site.run("central", "user", "list", "--json", "-c", site.config))
    assert [row["username"] for row in rows if row["disabled"]] == ["leaver"]


def test_a_token_that_is_pulled_out_of_the_server_and_put_back_signs_without_a_restart(site: Site) -> None:
    centre = site.centre
    exam_id = centre.exam("1003")
    with contextlib.closing(Browser(f"http://127.0.0.1:{centre.config.http.port}")) as vera:
        vera.log_in("vera", unlock=False)
        assert vera.post("/signature", {"passphrase": PIN}).status_code == 303
        site.token.pull_out()
        try:
            refused = vera.decide(exam_id, outcome="admitted")
            assert (refused.status_code, refused.headers["location"].split("?")[0]) == (303, "/signature")
            assert "Набранное решение сохранено" in vera.get("/signature").text
            absent = vera.post("/signature", {"passphrase": PIN})
            assert absent.status_code == 403
            assert "Вставьте токен" in absent.text
            with reading(centre.engine) as connection:
                assert decisions.of_exam(connection, exam_id) == []
        finally:
            site.token.put_in()
        opened = vera.post("/signature", {"passphrase": PIN})
        assert opened.status_code == 303, opened.text
        assert vera.decide(exam_id, outcome="admitted").status_code == 303
    with reading(centre.engine) as connection:
        (kept,) = decisions.of_exam(connection, exam_id)
    assert "successful" in site.by_openssl(kept.cms, kept.record, kept.decided_at)


def test_a_revocation_by_command_stops_the_open_session_and_no_signature_of_before(site: Site) -> None:
    centre = site.centre
    before, after = centre.exam("1001"), centre.exam("1002")
    entry = site.medic(NAME)
    address = f"http://127.0.0.1:{centre.config.http.port}"
    with contextlib.closing(Browser(address)) as zoya:
        zoya.log_in("zoya")
        assert zoya.decide(before, outcome="admitted").status_code == 303
        listed = site.run("central", "medic", "list", "-c", site.config)
        serial = next(line for line in listed.splitlines() if NAME in line).split("\t")[0].strip()
        site.run("central", "medic", "revoke", serial, "--reason", "key_compromise", "-c", site.config)
        refused = zoya.decide(after, outcome="admitted")
    assert refused.status_code == 409
    assert "Сертификат отозван" in refused.text
    with reading(centre.engine) as connection:
        (kept,) = decisions.of_exam(connection, before)
        assert decisions.of_exam(connection, after) == []
    stolen = site.medic(NAME)
    assert stolen.revoked_at is not None
    late = open_key(entry.certificate_pem, entry.encrypted_key or b"", PASSPHRASE).sign_detached(b"{}")
    assert "successful" in site.by_openssl(kept.cms, kept.record, kept.decided_at)
    assert "certificate revoked" in site.by_openssl(late, b"{}", stolen.revoked_at + timedelta(seconds=1))
    # What the centre wrote is in order, and sealed by itself.
    store = str(centre.folder / "central.db")
    assert until(lambda: subprocess.run([*DOPUSK, "verify", store], capture_output=True, check=False).returncode == 0)
