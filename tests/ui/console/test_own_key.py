"""A medic's own token at her workplace: the shipped program in a terminal, a real PKCS#11 token, a real browser."""

import base64
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.sync_api import Browser, Page, expect

from central.core.login_config import SignerConfig
from central.core.rights import Role
from central.signature.software import SoftwareKey
from central.store import decisions as decision_store
from central.store.engine import reading
from dopusk.lab.broker import free_port
from tests.console_centre import PASSWORD, ConsoleCentre, serving
from tests.soft_token import LIBRARY, SoftToken, make_token
from tests.ui.console.test_every_page import _RUN_AXE, AXE
from tests.waiting import LONGEST_S, until

NAME, PIN = "Луговая Зоя Марковна", "12345678"
ROOT = Path(__file__).parents[3]


@dataclass
class Window:
    """The program in a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    text: str = ""
    seen: int = 0
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, name="window")
        self.reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(self.master, 4096):
                self.text += piece.decode("utf-8", "replace")

    def wait(self, words: str) -> None:
        """Until the window says so, after what was waited for before."""
        assert until(lambda: words in self.text[self.seen :]), self.text
        self.seen = self.text.index(words, self.seen) + len(words)

    def type(self, line: str) -> None:
        os.write(self.master, f"{line}\n".encode())

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(LONGEST_S)
        self.reader.join(LONGEST_S)
        os.close(self.master)


def _start(token: SoftToken, config: Path) -> Window:
    master, slave = os.openpty()
    command = [sys.executable, "-m", "dopusk", "--lang", "ru", "signer", "run", "-c", str(config)]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=token.environment, cwd=ROOT, start_new_session=True
    )
    os.close(slave)
    return Window(process, master)


@pytest.fixture
def token(tmp_path: Path, centre: ConsoleCentre) -> SoftToken:
    made = make_token(tmp_path / "token", "zoya", PIN)
    certificate = centre.authority.issue_medic(NAME, "any", "Медпункт", made.public_key).certificate_pem
    made.store(pem.unarmor(certificate)[2])
    return made


@pytest.fixture
def address(centre: ConsoleCentre) -> Iterator[str]:
    origin = f"http://127.0.0.1:{centre.config.http.port}"
    http = centre.config.http.model_copy(update={"public_url": origin})
    signer = SignerConfig(port=free_port(), plugin_script_file=centre.folder / "cadesplugin_api.js")
    centre.config = centre.config.model_copy(update={"signer": signer, "http": http})
    (centre.folder / "cadesplugin_api.js").write_text(STAND_IN)
    centre.add_account("senior", Role.SENIOR_MEDIC)
    with serving(centre.app(), centre.config.http.port) as found:
        yield found


@pytest.fixture
def config(centre: ConsoleCentre, address: str, token: SoftToken) -> Path:
    """Set up by the command that ships."""
    file = centre.folder / "signer.toml"
    command = [sys.executable, "-m", "dopusk", "signer", "init", "-c", str(file), "--origin", address]
    command += ["--centre-key", centre.outgoing.public_key, "--library", LIBRARY, "--token", token.label]
    command += ["--port", str(centre.config.signer.port)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return file


@pytest.fixture
def window(token: SoftToken, config: Path) -> Iterator[Window]:
    made = _start(token, config)
    try:
        made.wait("Подписывает для")
        yield made
    finally:
        made.end()


@contextlib.contextmanager
def _desk(chromium: Browser, address: str, username: str) -> Iterator[Page]:
    faults: list[str] = []
    with contextlib.closing(chromium.new_context(viewport={"width": 1600, "height": 900})) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{address}/login")
        page.fill("[name=username]", username)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/queue")
        yield page
    assert faults == []


def _look(page: Page, name: str) -> None:
    page.evaluate(AXE)
    assert page.evaluate(_RUN_AXE, None) == [], name
    if folder := os.environ.get("PICTURES"):
        (Path(folder) / f"{name}.png").write_bytes(page.screenshot(full_page=True))


def _form(page: Page, purpose: str, holder: str = "workplace") -> Any:
    return page.locator(f"form.carrier[data-purpose={purpose}][data-holder={holder}]")


def _accept(chromium: Browser, address: str, picture: str = "") -> None:
    with _desk(chromium, address, "senior") as page:
        page.goto(f"{address}/registers/medics")
        page.get_by_role("link", name=NAME).first.click()
        if picture:
            _look(page, picture)
        page.get_by_text("Принять сертификат…").click()
        page.get_by_role("button", name="Сверено, принять").click()
        expect(page.locator("#offer")).to_have_count(0)


def _decide(page: Page, address: str, exam_id: str) -> None:
    page.goto(f"{address}/exams/{exam_id}")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")


def test_her_token_signs_at_her_workplace_and_nowhere_else(
    chromium: Browser, centre: ConsoleCentre, address: str, token: SoftToken, window: Window
) -> None:
    with _desk(chromium, address, "zoya") as page:
        page.goto(f"{address}/signature")
        page.get_by_text("Подписывать своим токеном").click()
        page.get_by_text("Как настроить программу подписи").click()
        _look(page, "signature-enrol-ru")
        _form(page, "enrol").get_by_role("button").click()
        window.wait("показать сертификат")
        window.wait("ПИН-код токена (попыток: 3")
        window.type(PIN)
        page.wait_for_url("**/signature?offered=1")
        expect(page.get_by_text("Предложен сертификат")).to_be_visible()
        _accept(chromium, address, "offer-ru")
        page.goto(f"{address}/signature")
        _look(page, "signature-workplace-ru")
        _form(page, "open").get_by_role("button").click()
        expect(_form(page, "open").locator(".said")).to_contain_text("в окне программы подписи")
        assert page.locator("main input[type=password]").count() == 0, "no PIN is typed into the page"
        window.wait("ПИН-код токена (попыток: 3")
        window.type("00000000")
        window.wait("ПИН-код токена (попыток: 2")
        window.type(PIN)
        window.wait("Ключ открыт")
        page.wait_for_url("**/queue")
        exam_id = centre.exam("1001")
        _decide(page, address, exam_id)
        page.wait_for_url(f"**/queue?decided={exam_id}")
        window.wait(f"подписано: допущен, осмотр {exam_id}")
        with reading(centre.engine) as connection:
            (item,) = decision_store.of_exam(connection, exam_id)
        assert item.medic_name == NAME
        assert PIN not in window.text
        assert "Романов" not in window.text
        # The token is pulled out: nothing is signed, what was typed is kept, and the PIN is asked for anew.
        token.pull_out()
        second = centre.exam("1002")
        _decide(page, address, second)
        expect(page.get_by_role("alert")).to_contain_text("Токен не найден")
        _look(page, "sign-pulled-out-ru")
        token.put_in()
        page.get_by_role("button", name="Повторить").click()
        expect(page.get_by_role("alert")).to_contain_text("Ключ в программе подписи закрыт")
        page.goto(f"{address}/exams/{second}")
        expect(page.locator("[name=outcome][value=admitted]")).to_be_checked()
        # The token is in its place again: the same program opens it, and signs.
        page.goto(f"{address}/signature")
        _form(page, "open").get_by_role("button").click()
        window.wait("ПИН-код токена (попыток: 3")
        window.type(PIN)
        window.wait("Ключ открыт")
        page.wait_for_url("**/queue")
        third = centre.exam("1003")
        _decide(page, address, third)
        page.wait_for_url(f"**/queue?decided={third}")
        # The program is ended: the page says what is missing and who must act.
        window.process.terminate()
        window.process.wait(LONGEST_S)
        _decide(page, address, second)
        expect(page.get_by_role("alert")).to_contain_text("Программа подписи на этом компьютере не отвечает")
        page.context.add_cookies([{"name": "dopusk_language", "value": "en", "url": address}])
        page.goto(f"{address}/signature")
        _look(page, "signature-workplace-en")
    with reading(centre.engine) as connection:
        assert decision_store.of_exam(connection, second) == []


STAND_IN = """"use strict";
// A stand-in for the КриптоПро plug-in's script: the calls that our page makes, as the plug-in's public reference names them.
window.cadesplugin = Object.assign(Promise.resolve(), {
  CAPICOM_CURRENT_USER_STORE: 2, CAPICOM_MY_STORE: "My", CAPICOM_STORE_OPEN_MAXIMUM_ALLOWED: 2,
  CAPICOM_CERTIFICATE_FIND_SHA1_HASH: 0, CAPICOM_CERTIFICATE_FIND_TIME_VALID: 9,
  CADESCOM_BASE64_TO_BINARY: 1, CADESCOM_CADES_BES: 1,
  async CreateObjectAsync(name) {
    if (name === "CAdESCOM.Store") {
      const found = (...what) => ({ Count: window.standInCount(what), Item: async () => "the certificate" });
      const certificates = Promise.resolve({ Find: async (...what) => found(...what) });
      return { Open: async () => {}, Close: async () => {}, Certificates: certificates };
    }
    if (name === "CAdESCOM.CPSigner") return { propset_Certificate: async () => {} };
    const kept = {};
    return {
      propset_ContentEncoding: async (value) => { kept.encoding = value; },
      propset_Content: async (value) => { kept.content = value; },
      SignCades: async (signer, kind, detached) => {
        if (kept.encoding !== 1 || kind !== 1 || detached !== true) throw new Error("unexpected call");
        return window.standInSign(kept.content);
      },
    };
  },
});
"""


def test_a_plugin_of_the_browser_signs_through_its_public_calls(
    chromium: Browser, centre: ConsoleCentre, address: str
) -> None:
    issued = centre.authority.issue_medic(NAME, "any", "Медпункт")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    software = SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key)
    looked: list[Any] = []
    refusing: list[bool] = []

    def count(what: list[Any]) -> int:
        looked.append(what)
        return 1

    def sign(content: str) -> str:
        if refusing:
            raise RuntimeError("the person refused")
        # The plug-in breaks its lines.
        text = base64.b64encode(software.sign_detached(base64.b64decode(content))).decode()
        return "\r\n".join(text[at : at + 64] for at in range(0, len(text), 64))

    with _desk(chromium, address, "zoya") as page:
        page.expose_function("standInCount", count)
        page.expose_function("standInSign", sign)
        page.goto(f"{address}/signature")
        page.get_by_text("Подписывать своим токеном").click()
        expect(page.get_by_text("с настоящим плагином не проверено")).to_be_visible()
        _form(page, "enrol", "plugin").get_by_role("button").click()
        page.wait_for_url("**/signature?offered=1")
        _accept(chromium, address)
        page.goto(f"{address}/signature")
        _form(page, "open", "plugin").get_by_role("button").click()
        page.wait_for_url("**/queue")
        assert looked[-1][0] == 0
        assert len(looked[-1][1]) == 40
        exam_id = centre.exam("1001")
        _decide(page, address, exam_id)
        page.wait_for_url(f"**/queue?decided={exam_id}")
        refusing.append(True)
        second = centre.exam("1002")
        _decide(page, address, second)
        expect(page.get_by_role("alert")).to_contain_text("Плагин не подписал")
        _look(page, "sign-plugin-refused-ru")
    with reading(centre.engine) as connection:
        assert len(decision_store.of_exam(connection, exam_id)) == 1
        assert decision_store.of_exam(connection, second) == []
