"""A medic's key at her workplace: what the centre asks of it, and what it believes. The program's door is the real one."""

import base64
import contextlib
import html
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select

from central.authority.pki import Authority, create_authority
from central.core.login_config import SignerConfig
from central.core.rights import Role
from central.signature.provider import SignatureProvider, SigningRefused
from central.signature.software import SoftwareKey
from central.store import accounts, key_offers, medics
from central.store import decisions as decision_store
from central.store.audit import audit
from central.store.engine import reading, writing
from dopusk.lab.broker import free_port
from signer.desk import Desk
from signer.door import make_server
from signer.settings import Settings
from tests.console_centre import CSRF, Browser, ConsoleCentre

NAME = "Луговая Зоя Марковна"


@dataclass
class FakeWindow:
    """Types the PIN that the test wants."""

    pins: list[str] = field(default_factory=list)
    told: list[tuple[str, ...]] = field(default_factory=list)

    def ask_pin(self, purpose: str, tries_left: int) -> str | None:
        self.told.append(("asked", purpose, str(tries_left)))
        return self.pins.pop(0) if self.pins else None

    def opened(self, certificate: x509.Certificate) -> None:
        self.told.append(("opened",))

    def signed(self, at: datetime, outcome: str, exam_id: str) -> None:
        self.told.append(("signed", outcome, exam_id))

    def signed_passport(self, at: datetime, record_id: str) -> None:
        self.told.append(("signed_passport", record_id))

    def signed_act(self, at: datetime, number: str) -> None:
        self.told.append(("signed_act", number))

    def refused(self, code: str) -> None:
        self.told.append(("refused", code))


@dataclass
class Workplace:
    """The program at a medic's desk, with a key that its test may swap."""

    origin: str
    port: int
    window: FakeWindow
    desk: Desk
    key: SoftwareKey

    def sign(self, request: str, content: str, **headers: str) -> httpx.Response:
        """As the page's script asks."""
        body = {"request": json.loads(request), "content": content}
        known = {"Origin": self.origin, "Content-Type": "application/json"}
        return httpx.post(f"http://127.0.0.1:{self.port}/sign", content=json.dumps(body), headers=known | headers)


def key_of(authority: Authority, name: str = NAME) -> SoftwareKey:
    issued = authority.issue_medic(name, "any", "Медпункт")
    key = load_pem_private_key(issued.key_pem or b"", None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key)


@pytest.fixture
def workplace(centre: ConsoleCentre) -> Iterator[Workplace]:
    port = free_port()
    origin = f"http://127.0.0.1:{centre.config.http.port}"
    http = centre.config.http.model_copy(update={"public_url": origin})
    centre.config = centre.config.model_copy(update={"signer": SignerConfig(port=port), "http": http})
    centre.add_account("senior", Role.SENIOR_MEDIC)
    settings = Settings(origin, centre.outgoing.public_key, "unused", "unused", port=port)
    window = FakeWindow()

    def opened(pin: str) -> SignatureProvider:
        if pin != "1234":
            raise SigningRefused("wrong_passphrase", "no")
        return replace(made.key)

    made = Workplace(origin, port, window, Desk(window, opened), key_of(centre.authority))
    server = make_server(settings, made.desk, lambda: datetime.now(UTC))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="signer")
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def medic(workplace: Workplace, address: str) -> Iterator[Browser]:
    """Zoya, whose key has not been opened yet."""
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("zoya", unlock=False)


@pytest.fixture
def senior(workplace: Workplace, address: str) -> Iterator[Browser]:
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("senior", unlock=False)


def _errand(browser: Browser, purpose: str, holder: str = "workplace") -> dict[str, str]:
    answer = browser.post("/signature/errand", {"purpose": purpose, "holder": holder}, page="/signature")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _prove(browser: Browser, workplace: Workplace, purpose: str) -> httpx.Response:
    workplace.window.pins = ["1234"]
    errand = _errand(browser, purpose)
    signed = workplace.sign(errand["request"], errand["content"])
    assert signed.status_code == 200, signed.text
    fields = {"nonce": errand["nonce"], "cms": signed.json()["cms"], "holder": "workplace"}
    return browser.post("/signature/proof", fields, page="/signature")


def _medic_id(centre: ConsoleCentre) -> str:
    with reading(centre.engine) as connection:
        zoya = accounts.by_username(connection, "zoya")
    assert zoya is not None
    assert zoya.medic_id is not None
    return zoya.medic_id


def _accept(centre: ConsoleCentre, senior: Browser, action: str = "accept") -> httpx.Response:
    with reading(centre.engine) as connection:
        offer = key_offers.find(connection, _medic_id(centre))
    assert offer is not None
    page = f"/registers/medics/{offer.medic_id}"
    return senior.post(f"{page}/offer", {"action": action, "certificate": offer.certificate_sha256}, page=page)


@pytest.fixture
def enrolled(centre: ConsoleCentre, medic: Browser, senior: Browser, workplace: Workplace) -> Browser:
    """Zoya with her own key in the register, open in this session."""
    assert _prove(medic, workplace, "enrol").headers["location"] == "/signature?offered=1"
    assert _accept(centre, senior).status_code == 303
    assert _prove(medic, workplace, "open").headers["location"] == "/queue"
    return medic


@dataclass(frozen=True)
class Asked:
    """What the page that signs carries."""

    exam_id: str
    request: str
    content: str
    nonce: str
    csrf: str

    def fields(self, cms: str) -> dict[str, str]:
        return {"nonce": self.nonce, "cms": cms, "csrf": self.csrf}


def _ask(browser: Browser, exam_id: str, **fields: Any) -> Asked:
    shown = browser.decide(exam_id, **({"outcome": "admitted"} | fields))
    assert shown.status_code == 200, shown.text
    found = {
        name: html.unescape(re.findall(rf'data-{name}="([^"]*)"', shown.text)[0])
        for name in ("request", "content", "nonce")
    }
    return Asked(exam_id, csrf=CSRF.findall(shown.text)[-1], **found)


def _cms(workplace: Workplace, asked: Asked) -> str:
    answer = workplace.sign(asked.request, asked.content)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["cms"])


def _send(browser: Browser, asked: Asked, cms: str, exam_id: str = "") -> httpx.Response:
    return browser.http.post(f"/exams/{exam_id or asked.exam_id}/signature", data=asked.fields(cms))


def _is_decided(centre: ConsoleCentre, exam_id: str) -> bool:
    with reading(centre.engine) as connection:
        return bool(decision_store.of_exam(connection, exam_id))


def _codes(centre: ConsoleCentre, action: str) -> list[Any]:
    with reading(centre.engine) as connection:
        query = select(audit).where(audit.c.action == action).order_by(audit.c.at, audit.c.audit_id)
        return [row.detail.get("code") for row in connection.execute(query)]


def test_a_decision_is_signed_at_the_workplace_in_one_act(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace
) -> None:
    exam_id = centre.exam()
    shown = enrolled.decide(exam_id, outcome="admitted")
    policy = shown.headers["content-security-policy"]
    assert f"connect-src 'self' http://127.0.0.1:{workplace.port};" in policy
    assert "127.0.0.1" not in enrolled.get("/queue").headers["content-security-policy"]
    asked = _ask(enrolled, exam_id)
    assert not _is_decided(centre, exam_id), "nothing is stored before the signature"
    answer = _send(enrolled, asked, _cms(workplace, asked))
    assert answer.headers["location"] == f"/queue?decided={exam_id}"
    with reading(centre.engine) as connection:
        (item,) = decision_store.of_exam(connection, exam_id)
    assert item.record == base64.b64decode(asked.content)
    assert json.loads(item.record)["medic"]["certificate_serial"] == f"{workplace.key.certificate.serial_number:x}"
    assert workplace.window.told[-1] == ("signed", "admitted", exam_id)
    assert "Ключ открыт" in enrolled.get("/queue").text
    assert "подпись верна" in enrolled.get(f"/exams/{exam_id}").text.lower()


def test_a_used_a_foreign_and_a_late_answer_are_refused(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = centre.exam("1001"), centre.exam("1002")
    asked, other = _ask(enrolled, first), _ask(enrolled, second)
    cms = _cms(workplace, asked)
    # Of another exam: a signature over another record.
    assert _send(enrolled, other, cms).status_code == 403
    # Under the address of another exam.
    asked_again = _ask(enrolled, first)
    assert _send(enrolled, asked_again, _cms(workplace, asked_again), second).status_code == 409
    # In another session of the same medic.
    with contextlib.closing(Browser(address)) as elsewhere:
        elsewhere.log_in("zoya", unlock=False)
        token = CSRF.findall(elsewhere.get("/queue").text)[-1]
        stolen = elsewhere.http.post(f"/exams/{first}/signature", data=asked.fields(cms) | {"csrf": token})
        assert stolen.status_code == 409
    assert not _is_decided(centre, first)
    assert _send(enrolled, asked, cms).status_code == 303
    assert _send(enrolled, asked, cms).status_code == 409, "an answer counts once"
    assert "late" in _codes(centre, "signature.refused")
    monkeypatch.setattr("central.console.at_workplace.DECIDE_S", -1.0)
    late = _ask(enrolled, second)
    assert _send(enrolled, late, _cms(workplace, late)).status_code == 409
    assert not _is_decided(centre, second)


def test_what_was_signed_otherwise_is_refused(centre: ConsoleCentre, enrolled: Browser, workplace: Workplace) -> None:
    exam_id = centre.exam()
    changed = base64.b64decode(_ask(enrolled, exam_id).content).replace(b'"admitted"', b'"not_admitted"')
    forged = [
        base64.b64encode(workplace.key.sign_detached(changed)).decode(),
        base64.b64encode(key_of(centre.authority).sign_detached(changed)).decode(),
        "",
        "not base64!",
        base64.b64encode(b"no signature").decode(),
        "A" * 70_000,
    ]
    for cms in forged:
        assert _send(enrolled, _ask(enrolled, exam_id), cms).status_code == 403, cms[:20]
    foreign = key_of(centre.authority)
    asked = _ask(enrolled, exam_id)
    cms = base64.b64encode(foreign.sign_detached(base64.b64decode(asked.content))).decode()
    assert _send(enrolled, asked, cms).status_code == 403, "another certificate than the record names"
    assert not _is_decided(centre, exam_id)


def test_two_tabs_decide_once(centre: ConsoleCentre, enrolled: Browser, workplace: Workplace) -> None:
    exam_id = centre.exam()
    one, two = _ask(enrolled, exam_id), _ask(enrolled, exam_id, outcome="refer", comment="к терапевту")
    first, second = _cms(workplace, one), _cms(workplace, two)
    assert _send(enrolled, two, second).status_code == 303
    assert _send(enrolled, one, first).status_code == 409
    with reading(centre.engine) as connection:
        assert [item.outcome for item in decision_store.of_exam(connection, exam_id)] == ["refer"]


def test_what_happens_meanwhile_counts(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace, foma: Browser
) -> None:
    exam_id = centre.exam()
    asked = _ask(enrolled, exam_id)
    cms = _cms(workplace, asked)
    assert foma.decide(exam_id, outcome="not_admitted", reasons=["pressure_high"]).status_code == 303
    assert _send(enrolled, asked, cms).status_code == 409, "somebody else has decided"
    second = centre.exam("1002")
    asked = _ask(enrolled, second)
    cms = _cms(workplace, asked)
    token = CSRF.findall(foma.get(f"/exams/{second}").text)[-1]
    assert foma.http.post(f"/exams/{second}/claim", data={"csrf": token}).status_code == 303
    assert _send(enrolled, asked, cms).status_code == 409, "somebody else looks at it"


def test_a_medic_who_is_put_away_or_a_key_that_is_replaced_meanwhile_signs_nothing(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace, senior: Browser
) -> None:
    exam_id = centre.exam()
    asked = _ask(enrolled, exam_id)
    cms = _cms(workplace, asked)
    with writing(centre.engine) as connection:
        medics.change(connection, _medic_id(centre), {"active": False})
    assert _send(enrolled, asked, cms).status_code == 403
    with writing(centre.engine) as connection:
        medics.change(connection, _medic_id(centre), {"active": True})
    asked = _ask(enrolled, exam_id)
    cms = _cms(workplace, asked)
    workplace.key = key_of(centre.authority)
    assert _prove(enrolled, workplace, "enrol").status_code == 303
    assert _accept(centre, senior).status_code == 303
    assert _send(enrolled, asked, cms).status_code == 403
    assert enrolled.decide(exam_id, outcome="admitted").headers["location"] == "/signature", "the key was closed"
    assert not _is_decided(centre, exam_id)


def test_an_admission_that_is_too_old_by_now_is_not_taken(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace
) -> None:
    started = (centre.now() - timedelta(hours=11, minutes=55)).isoformat()
    exam_id = centre.exam(started_at=datetime.fromisoformat(started))
    asked = _ask(enrolled, exam_id)
    cms = _cms(workplace, asked)
    centre.shift = timedelta(minutes=20)
    assert _send(enrolled, asked, cms).status_code == 422
    assert not _is_decided(centre, exam_id)


def test_what_was_typed_comes_back_when_nothing_was_signed(centre: ConsoleCentre, enrolled: Browser) -> None:
    exam_id = centre.exam()
    _ask(enrolled, exam_id, outcome="refer", comment="к терапевту, срочно")
    assert "к терапевту, срочно" in enrolled.get(f"/exams/{exam_id}").text


def test_only_the_medics_own_key_of_a_trusted_authority_is_entered(
    centre: ConsoleCentre, medic: Browser, senior: Browser, workplace: Workplace
) -> None:
    workplace.key = key_of(create_authority(centre.folder / "stranger"))
    assert _prove(medic, workplace, "enrol").status_code == 403
    workplace.key = key_of(centre.authority, "Бережной Фома Лукич")
    refused = _prove(medic, workplace, "enrol")
    assert refused.status_code == 403
    assert "на другое имя" in refused.text
    errand = _errand(medic, "enrol")
    fields = {"nonce": errand["nonce"], "cms": base64.b64encode(b"nothing").decode(), "holder": "workplace"}
    assert medic.post("/signature/proof", fields, page="/signature").status_code == 403
    assert medic.post("/signature/proof", fields, page="/signature").status_code == 409
    workplace.key = key_of(centre.authority)
    assert _prove(medic, workplace, "enrol").status_code == 303
    page = senior.get(f"/registers/medics/{_medic_id(centre)}").text
    assert "предлагает свой сертификат" in page
    assert "ключ в центре" in page
    # Until the register takes it nothing has changed.
    assert medic.post("/signature", {"passphrase": "key of the medic"}).status_code == 303
    assert _accept(centre, senior, "decline").status_code == 303
    with reading(centre.engine) as connection:
        assert key_offers.find(connection, _medic_id(centre)) is None
        entry = medics.find(connection, _medic_id(centre))
    assert entry is not None
    assert entry.key_provider == "software"


def test_an_accepted_key_takes_the_place_of_the_one_at_the_centre(
    centre: ConsoleCentre, medic: Browser, senior: Browser, workplace: Workplace
) -> None:
    assert _prove(medic, workplace, "enrol").status_code == 303
    stale = senior.get(f"/registers/medics/{_medic_id(centre)}")
    assert stale.status_code == 200
    path = f"/registers/medics/{_medic_id(centre)}/offer"
    wrong = senior.post(
        path, {"action": "accept", "certificate": "0" * 64}, page=f"/registers/medics/{_medic_id(centre)}"
    )
    assert wrong.status_code == 404, "what was shown is what is accepted"
    assert _prove(medic, workplace, "enrol").status_code == 303
    assert medic.post(path, {"action": "accept"}, page="/signature").status_code == 403, "a medic accepts nothing"
    assert _accept(centre, senior).status_code == 303
    with reading(centre.engine) as connection:
        entry = medics.find(connection, _medic_id(centre))
    assert entry is not None
    assert (entry.key_provider, entry.encrypted_key) == ("workplace", None)
    assert "ключ в центре" not in senior.get(f"/registers/medics/{_medic_id(centre)}").text
    assert medic.post("/signature", {"passphrase": "key of the medic"}).status_code == 403
    assert "на вашем рабочем месте" in medic.get("/signature").text
    assert "medic.key" in {row for row in _actions(centre)}


def _actions(centre: ConsoleCentre) -> set[str]:
    with reading(centre.engine) as connection:
        return set(connection.execute(select(audit.c.action)).scalars())


def test_the_journal_says_that_such_a_key_does_not_sign_it(enrolled: Browser) -> None:
    answer = enrolled.post("/journal/signed?since=2026-01-01&until=2026-01-02", {}, page="/journal")
    assert answer.status_code == 422
    assert "рабочем месте" in answer.text


def test_the_door_answers_the_console_alone(centre: ConsoleCentre, enrolled: Browser, workplace: Workplace) -> None:
    asked = _ask(enrolled, centre.exam())
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": workplace.origin + "/"},
        {"Origin": workplace.origin.replace("http:", "https:")},
        {"Host": "evil.example"},
        {"Host": f"evil.example:{workplace.port}"},
        {"Host": f"127.0.0.1.evil.example:{workplace.port}"},
    ):
        answer = workplace.sign(asked.request, asked.content, **headers)
        assert (answer.status_code, answer.text) == (403, ""), headers
        assert "access-control-allow-origin" not in answer.headers
    base = f"http://127.0.0.1:{workplace.port}"
    assert httpx.get(f"{base}/state").status_code == 403, "no page, no answer"
    state = httpx.get(f"{base}/state", headers={"Origin": workplace.origin})
    assert state.json()["open"] is True
    plain = workplace.sign(asked.request, asked.content, **{"Content-Type": "text/plain"})
    assert plain.status_code == 404, "what needs no question beforehand is not taken"
    asking = {
        "Origin": workplace.origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
        "Access-Control-Request-Private-Network": "true",
    }
    allowed = httpx.options(f"{base}/sign", headers=asking)
    assert allowed.headers["access-control-allow-origin"] == workplace.origin
    assert allowed.headers["access-control-allow-private-network"] == "true"
    assert httpx.options(f"{base}/sign", headers=asking | {"Origin": "https://evil.example"}).status_code == 403
    for body in (b"", b"[]", b"{}", b"\xff", b'{"content": 1}'):
        known = {"Origin": workplace.origin, "Content-Type": "application/json"}
        assert httpx.post(f"{base}/sign", content=body, headers=known).status_code == 400


def test_the_program_signs_nothing_that_the_centre_has_not_asked_for(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace, address: str
) -> None:
    asked = _ask(enrolled, centre.exam())
    sealed = json.loads(asked.request)
    changed = base64.b64encode(base64.b64decode(asked.content).replace(b"admitted", b"refer")).decode()
    assert workplace.sign(asked.request, changed).json() == {"error": "wrong_content"}
    for name, value in (("body", sealed["body"].replace("decide", "open")), ("signature", "AAAA"), ("signature", "я")):
        assert workplace.sign(json.dumps(sealed | {name: value}), asked.content).json() == {"error": "not_ours"}
    assert workplace.sign(asked.request, asked.content).status_code == 200
    assert workplace.sign(asked.request, asked.content).json() == {"error": "replayed"}
    # Another session of the centre gets no signature by the PIN that was typed in this one.
    with contextlib.closing(Browser(address)) as elsewhere:
        elsewhere.log_in("zoya", unlock=False)
        workplace.window.pins = ["1234"]
        errand = _errand(elsewhere, "open")
        signed = workplace.sign(errand["request"], errand["content"])
        fields = {"nonce": errand["nonce"], "cms": signed.json()["cms"], "holder": "workplace"}
        assert elsewhere.post("/signature/proof", fields, page="/signature").status_code == 303
    again = _ask(enrolled, centre.exam("1002"))
    assert workplace.sign(again.request, again.content).json() == {"error": "locked"}


def test_wrong_pins_have_an_end_and_nobody_need_type_one(
    centre: ConsoleCentre, enrolled: Browser, workplace: Workplace
) -> None:
    workplace.window.pins, workplace.window.told = ["1", "2", "3", "1234"], []
    errand = _errand(enrolled, "open")
    assert workplace.sign(errand["request"], errand["content"]).json() == {"error": "pins_over"}
    left = [line[2] for line in workplace.window.told if line[0] == "asked"]
    assert left == ["3", "2", "1"]
    workplace.window.pins = []
    errand = _errand(enrolled, "open")
    assert workplace.sign(errand["request"], errand["content"]).json() == {"error": "not_wanted"}
    workplace.window.pins = ["1", "1234"]
    errand = _errand(enrolled, "open")
    assert workplace.sign(errand["request"], errand["content"]).status_code == 200
    workplace.key = key_of(centre.authority)
    workplace.window.pins = ["1234"]
    errand = _errand(enrolled, "open")
    assert workplace.sign(errand["request"], errand["content"]).json() == {"error": "wrong_certificate"}


def test_the_program_signs_a_title_of_a_waybill_and_no_other_file(workplace: Workplace) -> None:
    from signer.desk import _record

    begin = '<?xml version="1.0" encoding="windows-1251"?>\n<Файл ИдФайл="ON_PTLSPRMO_A_B_20260302_1" ВерсПрог="1">'
    assert _record(begin.encode("cp1251"))["exam"] == {"exam_id": "ON_PTLSPRMO_A_B_20260302_1"}
    for other in (begin.replace("ON_PTLSPRMO", "ON_PTLSSOBTS"), begin.replace("windows-1251", "UTF-8"), "<a/>"):
        with pytest.raises(SigningRefused):
            _record(other.encode("cp1251"))
