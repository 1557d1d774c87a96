"""Every page in Russian, as each role sees it: no English reaches a reader but names of formats, codes and makers."""

import ast
import contextlib
import functools
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

import central
from central.console.audit_words import details
from central.core.rights import Role
from central.store import anomalies
from central.store.anomalies import NewAnomaly
from central.store.engine import writing
from central.store.terminals import device
from central.words.texts import LANGUAGES, catalogue
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, ConsoleCentre

_LATIN = re.compile(r"[A-Za-z][A-Za-z-]+")
_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\b[A-Z2-7]{32}\b")
_PLACE = re.compile(r"\{[a-z]+\}")
_NAMES = {
    *(
        "English",
        "PDF",
        "XLSX",
        "DOCX",
        "UTC",
        "CSV",
        "ZIP",
        "JSON",
        "Lines",
        "jsonl",
        "xlsx",
        "json",
        "JPEG",
        "PNG",
        "PEM",
        "QR",
        "QR-",
    ),
    *("TOTP", "OID", "SHA-", "HTTPS", "ca", "pem", "cms", "decision", "record", "check", "sh", "openssl", "sha", "sum"),
    *("XML", "okved", "data-", "structure-"),
    *("Debian", "LUKS", "USB", "ModemManager", "dialout"),
}
"""Names of formats, methods, files and, for engineers, of what a machine has, and the button that leads to the other language."""
_MAKERS = {"Calex", "Electronics", "PyroMiniBus", "TM-", "TM", "A", "D", "Sentech", "Korea", "Dingo", "E-"}
_READ_ALOUD = ("title", "placeholder", "aria-label", "alt", "data-lost", "data-on", "data-off")


@functools.cache
def _calls() -> list[ast.Call]:
    """Every call in the centre's program."""
    sources = sorted(Path(central.__file__).parent.rglob("*.py"))
    trees = [ast.parse(source.read_text(encoding="utf-8")) for source in sources]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


class _Words(HTMLParser):
    """What a reader sees or hears of a page, without what is marked as English or as code; and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.unread: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in {"input", "img", "meta", "link", "br", "col", "source"}:
            silent = tag in {"script", "style", "code", "kbd"} or given.get("lang") == "en"
            self.unread.append(tag if silent or (self.unread and self.unread[-1]) else "")
        self.words += [given[name] for name in _READ_ALOUD if name in given and given.get("lang") != "en"]
        if tag == "a":
            self.links.append(given.get("href", "").split("#")[0])

    def handle_endtag(self, tag: str) -> None:
        if self.unread:
            self.unread.pop()

    def handle_data(self, data: str) -> None:
        if not (self.unread and self.unread[-1]):
            self.words.append(data)


def _walk(browser: Browser) -> Iterator[tuple[str, str]]:
    """Each page that links lead to, one of each kind, with its words."""
    waiting, kinds = ["/"], set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"=[^&]*", "=", _ID.sub("ID", path))
        if kind in kinds or not path.startswith("/"):
            continue
        kinds.add(kind)
        answer = browser.get(path, follow_redirects=True)
        if "text/html" in answer.headers.get("content-type", ""):
            assert answer.status_code == 200, path
            page = _Words()
            page.feed(answer.text)
            waiting += page.links
            yield path, " | ".join(word for word in page.words if word.strip())


@pytest.fixture
def lively(centre: ConsoleCentre, zoya: Browser) -> ConsoleCentre:
    """A centre where something of everything has happened."""
    decided = centre.exam("1001", systolic_mmhg=170)
    centre.exam("1002")
    zoya.decide(decided, outcome="not_admitted", reasons="pressure_high")
    zoya.post("/login", {"username": "zoya", "password": "no"})
    zoya.post("/journal/exports/csv", {}, page="/journal")
    with writing(centre.engine) as connection:
        for kind in ("gap", "wrong_signature", "foreign_message_below"):
            found = NewAnomaly(kind, "", "messages 3 to 5 have not come, a later one has", "kiosk-1")
            anomalies.note(connection, found, now=centre.now())
        thermometer = {
            "terminal_id": "kiosk-1",
            "device_id": "thermometer",
            "measures": "temperature",
            "maker": "Calex Electronics",
            "model": "PyroMiniBus",
            "serial": "7",
            "state": "fault",
            "reason": "the sensor does not answer",
            "verified_until": "2026-12-31",
            "last_seen": centre.now(),
        }
        connection.execute(device.insert().values(thermometer))
    return centre


def test_no_english_reaches_a_russian_page(lively: ConsoleCentre, address: str) -> None:
    data = {"zoya", "kiosk-", ORG, "test", "default-", *(role.value.replace("_", "-") for role in Role)} | _MAKERS
    strange: dict[str, str] = {}
    walked, days = 0, ""
    # The senior medic sees all that a medic sees.
    for role in set(Role) - {Role.MEDIC}:
        lively.add_account(role.value.replace("_", "-"), role, employer_id=lively.people.employers[0])
        with contextlib.closing(Browser(address)) as browser:
            for path, words in _walk(browser.log_in(role.value.replace("_", "-"), unlock=False)):
                walked += 1
                days += words if "31.12.2026" in words else ""
                for found in _LATIN.findall(_PLACE.sub("", _ID.sub("", words))):
                    if found not in _NAMES | data:
                        strange.setdefault(found, f"{role}: {path}")
    with contextlib.closing(Browser(address)) as stranger:
        for path in ("/login", "/check/00000000", "/nowhere"):
            page = _Words()
            page.feed(stranger.get(path).text)
            strange |= {found: path for found in _LATIN.findall(" | ".join(page.words)) if found not in _NAMES}
    assert strange == {}
    assert walked > 60
    assert "поверен до 31.12.2026" in days, "the fleet writes days as days"


def test_every_action_of_the_access_log_has_its_words() -> None:
    actions = {
        node.value
        for call in _calls()
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in {"write", "note", "_log"}
        for node in ast.walk(call)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+(\.[a-z_]+)?", node.value)
        and "." in node.value
        and not node.value.endswith((".xlsx", ".pem", ".pdf", ".cms"))
    }
    assert len(actions) > 30
    for language in LANGUAGES:
        assert sorted(name for name in actions if f"audit.name.{name}" not in catalogue(language)) == []


def test_every_oddity_that_is_noted_has_its_words() -> None:
    kinds = {
        str(argument.value)
        for call in _calls()
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in {"NewAnomaly", "ContractError", "odd", "Refused"}
        for argument in [node for node in call.args if isinstance(node, ast.Constant)][:1]
        if re.fullmatch(r"[a-z]+(_[a-z]+)+|gap|malformed|oversized|unstorable", str(argument.value))
    }
    assert len(kinds) > 12
    for language in LANGUAGES:
        assert sorted(kind for kind in kinds if f"oddity.{kind}" not in catalogue(language)) == []


def test_details_of_the_access_log_are_words_in_the_readers_language() -> None:
    assert details({"rows": 3, "form": "xlsx"}, "ru", {}) == [("строк", "3"), ("вид", "XLSX")]
    assert details({"outcome": "admitted"}, "ru", {}) == [("исход", catalogue("ru")["outcome.admitted"])]
    assert details({"code": "wrong"}, "en", {}) == [("why", "name, password or code did not fit")]
    assert details({"relieved": "id-1"}, "ru", {"id-1": "Бережной Фома"}) == [("у кого взят", "Бережной Фома")]
    assert details({"newer": "thing"}, "ru", {}) == [("newer", "thing")]


def test_a_page_of_the_walk_is_read_as_a_person_reads_it() -> None:
    page = _Words()
    with contextlib.closing(page):
        page.feed('<p title="Имя">Раз <b lang="en">two <i>three</i></b> четыре<br>пять <code>six</code></p>')
    assert [word.strip() for word in page.words] == ["Имя", "Раз", "четыре", "пять"]
