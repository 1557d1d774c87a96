"""The code for a gate at the centre: of an admission in force alone; a correction is known there; the command believes both."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from central.link.outgoing import load_signing_key
from central.store import decisions
from central.store.engine import reading
from sync.contract.gate_pass import _coded, check_pass
from tests.console_centre import CSRF, Browser, ConsoleCentre
from tests.unit.console.test_own_pages import join, link_by_hand, person_of

PHONE = generate_private_key(SECP256R1())
KEY = _coded(PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


@pytest.fixture
def worker(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """The phone of worker 1001."""
    with contextlib.closing(Browser(address)) as browser:
        join(browser, link_by_hand(centre, "1001"))
        yield browser


def signed(statement: str, at: datetime) -> str:
    """As the page signs it."""
    text = f"{statement}.{int(at.timestamp())}"
    halves = decode_dss_signature(PHONE.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{_coded(b''.join(half.to_bytes(32, 'big') for half in halves))}"


def test_a_code_holds_until_the_decision_is_corrected(
    centre: ConsoleCentre, zoya: Browser, worker: Browser, browser: Browser, address: str, tmp_path: Path
) -> None:
    fields = {"worker_id": centre.people.workers["1001"], "key": KEY}

    def ask(**changes: str) -> tuple[int, str]:
        token = CSRF.findall(worker.get("/me").text)[-1]
        answer = worker.http.post("/me/gate", data={"csrf": token} | fields | changes)
        return answer.status_code, str(answer.json().get("statement", "")) if answer.status_code == 200 else ""

    assert ask()[0] == 409, "nobody has examined the worker today"
    exam_id = centre.exam("1001")
    assert ask()[0] == 409, "nobody has decided"
    assert zoya.decide(exam_id, outcome="admitted").status_code == 303
    assert ask(key="AAAA")[0] == 422
    status, statement = ask()
    assert status == 200
    key = load_signing_key(centre.config.keys.centre_signing_key_file).public_key()
    code = signed(statement, centre.now())
    said = check_pass(code, key, centre.now())
    assert (said.person_id, said.name) == (person_of(centre, "1001"), ""), "the name is not said unless it is set up so"

    def state(text: str) -> str:
        return str(browser.http.post("/check/gate", data={"code": text}).json()["state"])

    (tmp_path / "centre.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def check(text: str, *more: str) -> tuple[int, str]:
        command = [
            sys.executable,
            "-m",
            "dopusk",
            "--lang",
            "ru",
            "check",
            text,
            "--key",
            tmp_path / "centre.pub",
            *more,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert state(code) == "in_force"
    ended, told = check(signed(statement, datetime.now(UTC)), "--online", address)
    assert ended == 0, told
    assert "ДОПУЩЕН до" in told
    with reading(centre.engine) as connection:
        (given,) = decisions.of_exam(connection, exam_id)
    fields_of_correction = {"outcome": "refer", "corrects": given.decision_id, "comment": "пересмотрено"}
    assert zoya.decide(exam_id, **fields_of_correction).status_code == 303
    late = signed(statement, datetime.now(UTC))
    assert state(late) == "corrected"
    ended, told = check(late, "--online", address)
    assert ended == 1
    assert "решение исправлено" in told
    assert check(late)[0] == 0, "without a network nobody can know"
    ended, told = check("not a code")
    assert ended == 1
    assert "это не код" in told
    assert ask()[0] == 409
