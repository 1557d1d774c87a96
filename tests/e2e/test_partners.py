"""Gates and the operator of waybills as a stranger sees them: the shipped centre, partners as processes, a medic's browser.

What a turnstile or an operator has done is what the partner's process prints.
"""

import contextlib
import json
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from central.core.parties import Terminal
from central.store import gate_passages, terminals, waybill_list
from central.store.engine import reading, writing
from central.store.registry import employer, worker
from dopusk.lab.demo.sample_people import ORG
from simulators.fleet_terminal import TerminalIdentity
from simulators.waybill_carrier import CARRIER_INN, DRIVER_INN
from sync.contract.topics import TerminalAddress
from tests.console_centre import Browser, ConsoleCentre, build_console_centre
from tests.waiting import LONGEST_S, until

DOPUSK = (sys.executable, "-m", "dopusk")
SECRET = "secret of the partners"
TITLE = re.compile(r'name="(title_\w+)" value="([^"]*)"')
CARDS = {"1001": (1, 1001), "1002": (1, 1002), "1004": (1, 1004)}


class Partner:
    """A simulated partner's process: what it printed, and what is typed to it."""

    def __init__(self, kind: str, *arguments: str) -> None:
        command = [*DOPUSK, "partner", kind, "--secret", SECRET, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.place = self.hears()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def hears(self) -> str:
        """The next line."""
        return self.lines.get(timeout=LONGEST_S)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass
class Site:
    """The centre with its partners. `serve` is a process that may be killed and started again."""

    centre: ConsoleCentre
    delegating: Partner
    passing: Partner
    hooked: Partner
    operator: Partner
    address: str = ""
    terminals: dict[str, TerminalIdentity] = field(default_factory=dict)
    _serve: subprocess.Popen[str] | None = None
    _medic: Browser | None = None

    @property
    def config(self) -> str:
        return str(self.centre.folder / "central.toml")

    def start(self) -> None:
        command = [*DOPUSK, "central", "serve", "-c", self.config]
        self._serve = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._serve.stdout is not None
        self.address = self._serve.stdout.readline().strip().split(": ", 1)[1]

    def kill(self) -> None:
        assert self._serve is not None
        self._serve.send_signal(signal.SIGKILL)
        self._serve.communicate()
        if self._medic is not None:
            self._medic.close()
            self._medic = None

    def run(self, *arguments: str) -> str:
        """A command of the administrator; what it prints."""
        command = [*DOPUSK, "central", *arguments, "-c", self.config]
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=True).stdout

    def exam(self, number: str, terminal: str = "kiosk-1") -> str:
        """A worker has gone through an exam at that terminal."""
        self.centre.terminal = self.terminals[terminal]
        return self.centre.exam(number)

    @property
    def medic(self) -> Browser:
        """Logged in, with her key open, until the centre ends."""
        if self._medic is None:
            self._medic = Browser(self.address).log_in("zoya")
        return self._medic

    def admit(self, number: str, terminal: str = "kiosk-1", **fields: str) -> str:
        exam_id = self.exam(number, terminal)
        assert self.medic.decide(exam_id, outcome="admitted", **fields).status_code == 303
        return exam_id

    def card(self, number: str) -> str:
        """Hold a worker's card to the delegated reader; what the turnstile does."""
        self.delegating.type(f"card {CARDS[number][0]} {CARDS[number][1]}")
        return self.delegating.hears()

    def passages(self, gate: str) -> list[tuple[str, str]]:
        """Answers and states of a gate, the oldest first."""
        with reading(self.centre.engine) as connection:
            rows = gate_passages.listed(connection, [ORG])
        return [(row.answer, row.state) for row in reversed(rows) if row.gate == gate]

    def waybills(self) -> list[str]:
        """States of files and titles."""
        with reading(self.centre.engine) as connection:
            return [row.title_state or row.state for row in waybill_list.listed(connection, [ORG])]


def _gates(site: dict[str, Partner], secret: Path) -> list[dict[str, Any]]:
    common = {"org": ORG, "employers": [CARRIER_INN], "place": "Ворота", "secret_file": str(secret)}
    ports = {name: int(site[name].place.rsplit(":", 1)[1]) for name in ("delegating", "passing")}
    sigur = common | {"kind": "sigur", "host": "127.0.0.1", "login": "dopusk", "access_point": 3}
    told = {"opens": "on_admission", "answer_within_s": 30}
    return [
        sigur | {"name": "delegating", "port": ports["delegating"]},
        sigur | told | {"name": "passing", "port": ports["passing"], "terminals": ["kiosk-2"]},
        common | told | {"name": "hooked", "kind": "webhook", "url": site["hooked"].place, "terminals": ["kiosk-3"]},
    ]


def _enter(centre: ConsoleCentre) -> dict[str, TerminalIdentity]:
    """Cards, the carrier and its driver, two more terminals, a medic."""
    own, known_terminals = centre.terminal, {"kiosk-1": centre.terminal}
    for name in ("kiosk-2", "kiosk-3"):
        key = Ed25519PrivateKey.generate()
        known_terminals[name] = TerminalIdentity(TerminalAddress(ORG, name), key, own.centre_key, own.generation)
    with writing(centre.engine) as connection:
        own = employer.c.employer_id == centre.people.employers[0]
        known = {"inn": CARRIER_INN, "waybill_operator": "gateway", "waybill_titles": "before"}
        connection.execute(update(employer).where(own).values(exchange_id="2BM-7700000002", **known))
        for number, card in CARDS.items():
            values: dict[str, Any] = {"cards": [f"{card[0]},{card[1]}"]}
            if number == "1001":
                values["inn"] = DRIVER_INN
            one = worker.c.worker_id == centre.people.workers[number]
            connection.execute(update(worker).where(one).values(**values))
        for name in ("kiosk-2", "kiosk-3"):
            centre.registry.add_terminal(connection, Terminal(name, ORG, name, "Проходная"))
            terminals.set_key(connection, name, known_terminals[name].public_key)
    centre.add_medic("zoya", "Луговая Зоя Марковна")
    return known_terminals


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("partners")
    centre = build_console_centre(folder)
    secret, roots = folder / "partner-secret", folder / "carriers.pem"
    secret.write_text(f"{SECRET}\n")
    kinds = {"delegating": "sigur", "passing": "sigur", "hooked": "webhook"}
    with contextlib.ExitStack() as stack:
        partners = {name: Partner(kind) for name, kind in kinds.items()}
        partners["operator"] = Partner("operator", "--carriers-ca", str(roots))
        for one in partners.values():
            stack.callback(one.close)
        licence = {"series": "Л041", "number": "0", "issued_on": date(2024, 2, 1), "until": date(2099, 12, 31)}
        operator = {"name": "gateway", "org": ORG, "kind": "http", "url": partners["operator"].place}
        operator |= {"token_file": str(secret), "carriers_ca_file": str(roots), "sender": "2BM-7700000001"}
        sections = {
            "gates": {"poll_s": 0.2, "gates": _gates(partners, secret)},
            "waybills": {"poll_s": 0.2, "operators": [operator | {"licence": licence}]},
        }
        with (folder / "central.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + tomli_w.dumps(sections))
        made = Site(centre, **partners, terminals=_enter(centre))
        stack.callback(centre.engine.dispose)
        made.start()
        stack.callback(made.kill)
        yield made


def test_sigur_asks_and_only_an_admission_in_force_opens_once(site: Site) -> None:
    assert until(lambda: site.card("1002") == "closed IN" and bool(site.passages("delegating")))
    site.admit("1002")
    assert [site.card("1002"), site.card("1002")] == ["opened IN", "closed IN"]
    exam_id = site.admit("1004")
    page = site.medic.get(f"/exams/{exam_id}").text
    corrects = re.findall(r'name="corrects" value="([^"]+)"', page)[0]
    refused = {"outcome": "not_admitted", "reasons": "pressure_high", "comment": "пересмотр", "corrects": corrects}
    assert site.medic.decide(exam_id, **refused).status_code == 303
    assert site.card("1004") == "closed IN", "the admission was taken back"
    answers = [answer for answer, _ in site.passages("delegating") if answer != "not_examined"]
    assert answers == ["open", "already_opened", "not_admitted"]
    site.admit("1004")
    site.kill()
    assert site.card("1004") == "closed IN", "in our outage the controller's own setting decides"
    site.start()
    assert until(lambda: site.card("1004") == "opened IN"), "nothing was used up by the outage"


def test_sigur_is_told_and_an_echo_of_another_point_or_a_silent_gate_opens_nothing(site: Site) -> None:
    site.admit("1002", "kiosk-2")
    assert site.passing.hears() == "opened IN"
    assert until(lambda: site.passages("passing") == [("open", "told")])
    site.passing.type("trouble other_point")
    site.admit("1002", "kiosk-2")
    assert until(lambda: site.passages("passing")[1:] == [("open", "failed")])
    site.passing.close()
    site.admit("1004", "kiosk-2")
    assert until(lambda: site.passages("passing")[2:] == [("open", "failed")])
    assert site.passing.lines.empty(), "the turnstile did nothing more"
    assert site.medic.get("/gates").text.count("не открыт") >= 2


def test_what_was_handed_over_when_the_centre_was_killed_comes_again_and_is_one(site: Site) -> None:
    """Killed between the saying and the noting: operator and receiver hear the same once more, and know it."""
    site.operator.type(f"waybill {CARRIER_INN} {DRIVER_INN} Ветров Степан Ильич")
    name = site.operator.hears()
    assert until(lambda: site.waybills() == ["waiting"]), name
    site.operator.type("trouble hang")
    site.hooked.type("trouble hang")
    exam_id = site.exam("1001", "kiosk-3")
    shown = dict(TITLE.findall(site.medic.get(f"/exams/{exam_id}").text))
    assert site.medic.decide(exam_id, outcome="admitted", **shown).status_code == 303
    title, opened = site.operator.hears(), site.hooked.hears()
    assert (title.split()[0], opened) == ("title", "opened for 1001")
    site.kill()
    site.start()
    assert site.operator.hears() == f"a repeat of {title.split()[1]}"
    assert site.hooked.hears() == "a repeat"
    assert until(lambda: site.waybills() == ["sent"])
    assert until(lambda: site.passages("hooked") == [("open", "told")])
    assert site.hooked.lines.empty()
    site.operator.type("receipt accepted")
    assert until(lambda: site.waybills() == ["accepted"])
    site.operator.type("return")
    assert site.operator.hears().startswith("ON_PTLSODPARK_"), "no further title came"
    assert until(lambda: sorted(site.waybills()) == ["accepted", "not_needed"]), "no title after the trip is asked for"


def test_a_revoked_certificate_opens_no_gate_any_more(site: Site) -> None:
    site.admit("1002")
    (mine,) = json.loads(site.run("medic", "list", "--json"))
    site.run("medic", "revoke", mine["serial"], "--reason", "carrier_lost")
    assert site.card("1002") == "closed IN"
    assert site.passages("delegating")[-1][0] == "certificate"
