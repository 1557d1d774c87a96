"""Results go to partners in each one's codes; what has no mapping stays; a sick partner stops nobody; the log names nobody."""

import contextlib
import html
import json
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

from central.authority.pki import create_authority
from central.books import reading as books
from central.core.rights import Role
from central.egress import web
from central.store import code_maps, decisions, exchanges, sent_fields
from central.store.engine import reading, writing
from central.store.exchange_log import About, Ended, log
from central.store.registry import worker
from central.systems.converting.registry import Told, convert
from central.systems.map_files import read_codes, read_form
from central.systems.mapping import MapDraft, enter
from central.systems.partner_line import Handed, NotTaken
from central.systems.sending import PartnerSending
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import CSRF, ZOYA, Browser, ConsoleCentre, serving
from tests.partner_centre import PartnerCentre, partner, partner_centre
from tests.partner_server import PartnerServer

REASON = "pressure_high"
ERRING_H = 12


@pytest.fixture
def mis() -> Iterator[PartnerServer]:
    with PartnerServer() as made:
        yield made


@pytest.fixture
def register() -> Iterator[PartnerServer]:
    with PartnerServer() as made:
        yield made


@pytest.fixture
def linked(centre: ConsoleCentre, mis: PartnerServer, register: PartnerServer) -> PartnerCentre:
    """Two partners that both get decisions with reasons."""
    return partner_centre(centre, partner("mis", mis.url), partner("register", register.url))


@pytest.fixture
def browsers(linked: PartnerCentre) -> Iterator[tuple[Browser, Browser]]:
    """The medic and an administrator."""
    linked.centre.add_account("root", Role.ADMINISTRATOR)
    served = serving(linked.centre.app(), linked.centre.config.http.port)
    with (
        served as address,
        contextlib.closing(Browser(address)) as zoya,
        contextlib.closing(Browser(address)) as root,
    ):
        yield zoya.log_in("zoya"), root.log_in("root", unlock=False)


def _map(linked: PartnerCentre, system: str, code: str, *, relation: str = "equal") -> None:
    draft = MapDraft("reasons", REASON, f"urn:{system}", code if relation != "none" else "", "", relation, "письмо")
    with writing(linked.centre.engine) as connection:
        assert enter(connection, draft, system, ORG, "root", linked.centre.now()) is not None


def _refuse(linked: PartnerCentre, zoya: Browser, reason: str = REASON) -> str:
    exam_id = linked.centre.exam(systolic_mmhg=171)
    assert zoya.decide(exam_id, outcome="not_admitted", reasons=reason).status_code == 303
    return exam_id


def test_one_decision_goes_to_two_partners_in_the_codes_of_each(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer, register: PartnerServer
) -> None:
    zoya, root = browsers
    _map(linked, "mis", "I10")
    _map(linked, "register", "77")
    exam_id = _refuse(linked, zoya)
    assert (linked.step("mis"), linked.step("register")) == (1, 1)
    for server, code, system in ((mis, "I10", "urn:mis"), (register, "77", "urn:register")):
        ((key, body),) = server.taken
        said = json.loads(body)
        assert (said["exam_id"], said["decision_id"]) == (exam_id, key)
        assert said["reasons"] == [{"system": system, "code": code, "display": ""}]
        assert said["generation"] == "test"
        assert said["worker"] == {"external_id": "", "personnel_number": "1001", "employer_inn": "7700000027"}
    # What was sent is not sent again.
    assert (linked.step("mis"), len(mis.taken)) == (0, 1)

    # Without the map nothing goes, and it is said; after mapping it, "repeat" sends.
    _map(linked, "mis", "", relation="none")
    second = _refuse(linked, zoya)
    assert (linked.step("mis"), linked.step("register")) == (0, 1)
    assert len(mis.asked) == 1
    assert [(one.state, one.place) for one in linked.waiting("mis")] == [("unmapped", f"reasons/{REASON}")]
    shown = root.get("/exchange").text
    assert f"reasons/{REASON}" in shown
    assert "Коды без сопоставления: 1" in shown
    fields = {"own_code": REASON, "their_code": "I15", "relation": "wider", "basis": "письмо № 2"}
    answer = root.post("/exchange/mis/maps", fields | {"book": "reasons"}, page="/exchange/mis")
    assert answer.status_code == 303
    assert root.post("/exchange/mis/repeat", {}, page="/exchange").status_code == 303
    assert linked.step("mis") == 1
    assert json.loads(mis.taken[-1][1])["exam_id"] == second
    assert json.loads(mis.taken[-1][1])["reasons"][0]["code"] == "I15"
    assert [(row.outcome, row.code) for row in linked.log(system_id="mis")] == [
        ("ok", ""),
        ("refused", "unmapped"),
        ("ok", ""),
    ]


def test_a_sick_partner_is_left_alone_for_a_while_and_loses_nothing(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer, register: PartnerServer
) -> None:
    zoya, _ = browsers
    for name in ("mis", "register"):
        _map(linked, name, "1")
    for trouble in ("hang", "500", "cut", "junk", "noise"):
        mis.usual = trouble
        _refuse(linked, zoya)
        asked = len(mis.asked)
        assert linked.step("mis") == 0
        assert asked < len(mis.asked) <= asked + 2
        # It rests as a whole: neither what waits nor what is new goes to it.
        _refuse(linked, zoya)
        asked = len(mis.asked)
        assert (linked.step("mis"), len(mis.asked)) == (0, asked)
        # The other one hears of everything meanwhile.
        assert linked.step("register") == 2
        linked.centre.shift += timedelta(minutes=20)
    codes = {row.code for row in linked.log(system_id="mis")}
    assert codes == {"no_answer", "status", "not_reached", "unreadable"} or codes == {
        "no_answer",
        "status",
        "unreadable",
    }
    assert {row.outcome for row in linked.log(system_id="mis")} == {"retrying"}
    mis.usual = ""
    linked.step("mis")
    linked.step("mis")
    assert sorted(key for key, _ in mis.taken) == sorted(key for key, _ in register.taken)
    assert linked.waiting("mis") == []


def test_one_result_that_a_partner_cannot_take_stops_no_other(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer
) -> None:
    zoya, root = browsers
    _map(linked, "mis", "1")
    for _ in range(3):
        _refuse(linked, zoya)
    mis.troubles = ["422"]
    assert linked.step("mis") == 2
    ((one,), [row]) = linked.waiting("mis"), linked.log(system_id="mis", outcome="refused")
    assert (one.state, one.code, row.http_status) == ("refused", "status", 422)
    # A fault of their server at one result does not put the others off either.
    for _ in range(2):
        _refuse(linked, zoya)
    mis.troubles = ["500"]
    assert linked.step("mis") == 1
    answer = root.post("/exchange/mis/repeat", {"sending_id": one.sending_id}, page="/exchange")
    assert answer.status_code == 303
    linked.centre.shift += timedelta(minutes=1)
    assert linked.step("mis") == 2
    assert linked.waiting("mis") == []


def test_results_that_a_partner_never_takes_stop_no_other(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer
) -> None:
    zoya, _ = browsers
    _map(linked, "mis", "1")
    for _ in range(2):
        _refuse(linked, zoya)
    mis.troubles = ["500", "500"]
    assert linked.step("mis") == 0
    # The two are the oldest, and due at the same moment as what came after them.
    new = {_refuse(linked, zoya) for _ in range(2)}
    linked.centre.shift += timedelta(minutes=20)
    mis.troubles = ["", "", "500", "500"]
    assert linked.step("mis") == 2
    assert {json.loads(body)["exam_id"] for _, body in mis.taken} == new
    linked.centre.shift += timedelta(minutes=20)
    assert linked.step("mis") == 2
    assert linked.waiting("mis") == []


def test_another_certificate_gets_nothing_and_the_results_wait(
    centre: ConsoleCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = create_authority(tmp_path / "another")
    issued = authority.issue_server(["localhost"])
    (tmp_path / "partner.pem").write_bytes(issued.certificate_pem + (issued.key_pem or b""))
    (tmp_path / "another.pem").write_bytes(authority.ca_pem)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secure.load_cert_chain(tmp_path / "partner.pem")
    with PartnerServer(secure) as server:
        linked = partner_centre(centre, partner("mis", server.url))
        linked.centre.add_account("root", Role.ADMINISTRATOR)
        served = serving(linked.centre.app(), linked.centre.config.http.port)
        with (
            served as address,
            contextlib.closing(Browser(address)) as zoya,
            contextlib.closing(Browser(address)) as root,
        ):
            zoya.log_in("zoya")
            root.log_in("root", unlock=False)
            _map(linked, "mis", "1")
            _refuse(linked, zoya)
            assert linked.step("mis") == 0
            assert server.asked == [], "nothing travels to whom nobody vouches for"
            ((row,), (one,)) = linked.log(), linked.waiting("mis")
            assert (row.outcome, row.code, one.state) == ("retrying", "untrusted", "waiting")
            for shown in (root.get("/exchange").text, root.post("/exchange/mis/test", {}).text):
                assert "сертификат" in shown
            linked.centre.shift += timedelta(minutes=20)
            assert linked.step("mis") == 0
            # The machine is told of the authority: what waited goes.
            monkeypatch.setattr(web, "_trusted", lambda: ssl.create_default_context(cafile=tmp_path / "another.pem"))
            linked.centre.shift += timedelta(minutes=20)
            assert linked.step("mis") == 1
    codes = [(one.operation, one.outcome, one.code) for one in linked.log()]
    assert codes == [
        ("send", "retrying", "untrusted"),
        ("test", "error", "untrusted"),
        ("send", "retrying", "untrusted"),
        ("send", "ok", ""),
    ]
    assert [attempt.attempts for attempt in linked.log(operation="send")] == [1, 2, 3]


class _Erring:
    """A partner that answers each attempt with an error, until it is well."""

    def __init__(self) -> None:
        self.errors, self.taken, self.is_well = 0, list[str](), False

    def send(self, handed: Handed) -> int | None:
        if self.is_well:
            self.taken.append(handed.key)
            return 200
        self.errors += 1
        raise NotTaken("status", "it answered 500", later=True, http_status=500)


def test_errors_without_end_grow_the_log_by_the_clock_and_lose_nothing(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], register: PartnerServer
) -> None:
    """Ten thousand errors take 52 days: two each quarter of an hour, however much waits."""
    zoya, _ = browsers
    for name in ("mis", "register"):
        _map(linked, name, "1")
    for _ in range(4):
        _refuse(linked, zoya)
    theirs, centre = _Erring(), linked.centre
    mis = PartnerSending(centre.engine, centre.config.partners.systems[0], theirs, "test", centre.now)
    mis.queue()
    begin = centre.shift
    while centre.shift - begin < timedelta(hours=ERRING_H):
        assert mis.send() == 0
        centre.shift += timedelta(seconds=1) + max(
            timedelta(), min(one.next_at for one in linked.waiting("mis")) - centre.now()
        )
    assert linked.step("register") == 4
    quarters = ERRING_H * 4
    # The first quarter has the short pauses: 5 s, 10 s, and so on.
    assert quarters <= theirs.errors <= 2 * (quarters + 8)
    assert len(linked.log(system_id="mis", outcome="retrying")) == theirs.errors
    theirs.is_well = True
    centre.shift += timedelta(minutes=20)
    while linked.waiting("mis"):
        assert mis.send() > 0
    assert sorted(theirs.taken) == sorted(key for key, _ in register.taken)


def test_the_log_holds_nobody(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer, register: PartnerServer
) -> None:
    zoya, _ = browsers
    for name in ("mis", "register"):
        _map(linked, name, "1")
    register.usual = "junk"
    for _ in range(2):
        _refuse(linked, zoya)
    linked.step("mis")
    linked.step("register")
    with reading(linked.centre.engine) as connection:
        dump = repr(connection.execute(select(exchanges.exchange)).all())
        dump += repr(connection.execute(select(exchanges.partner_sending)).all())
        people = connection.execute(select(worker.c.full_name, worker.c.personnel_number)).all()
    assert len(mis.taken) == 2
    assert [row.outcome for row in linked.log()] == ["ok", "ok", "retrying", "retrying"]
    for row in people:
        assert row.full_name.split()[0] not in dump
        digits = sample_snils(row.personnel_number)
        assert digits not in dump
    assert ZOYA.split()[0] not in dump
    assert ZOYA.split()[0] in mis.taken[0][1].decode()


def test_ten_thousand_lines_cost_a_page_as_many_statements_as_a_hundred(
    linked: PartnerCentre, browsers: tuple[Browser, Browser]
) -> None:
    _, root = browsers
    said: list[str] = []

    def heard(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    def statements() -> int:
        said.clear()
        assert root.get("/exchange?outcome=refused").status_code == 200
        # What else the console asks meanwhile (sessions, live pages) is not the page's.
        return len([one for one in said if "exchange" in one or "partner_sending" in one])

    def fill(count: int) -> None:
        about = About(ORG, "mis", "out", "rest", "send", "decision-json", "decision", "x")
        with writing(linked.centre.engine) as connection:
            for number in range(count):
                outcome = "ok" if number % 100 else "refused"
                log(connection, about, b"x", Ended(outcome, "" if number % 100 else "status"), linked.centre.now())

    fill(100)
    root.get("/exchange")
    event.listen(linked.centre.engine, "before_cursor_execute", heard)
    few = statements()
    fill(9_900)
    assert statements() == few
    event.remove(linked.centre.engine, "before_cursor_execute", heard)
    shown = root.get("/exchange").text
    assert shown.count('<td class="nowrap">') == 100
    older = shown.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert root.get(older).text.count('<td class="nowrap">') == 100
    # The rows are found by their places: neither page sorts or counts what it does not show.
    with reading(linked.centre.engine) as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM exchange WHERE org IN ('clinic') AND outcome = 'refused' "
            "ORDER BY exchange_id DESC LIMIT 101"
        ).all()
    assert "TEMP B-TREE" not in repr(plan)


def test_a_dictionary_shows_its_difference_proposes_and_refuses_what_is_not_in_it(
    linked: PartnerCentre, browsers: tuple[Browser, Browser]
) -> None:
    _, root = browsers
    with reading(linked.centre.engine) as connection:
        items = books.in_force(connection, "reasons", ORG, linked.centre.now().date()).by_code
    same = items[REASON].ru

    def send(text: str) -> int:
        token = CSRF.findall(root.get("/exchange/mis").text)[-1]
        files = {"file": ("codes.csv", text.encode(), "text/csv")}
        fields = {"csrf": token, "book": "reasons"}
        return root.http.post("/exchange/mis/dictionary", data=fields, files=files).status_code

    assert send(f"Код;Название\nI10;{same}\nX1;Прочее\n") == 303
    assert send("Код;Название\nI10;Один\nI10;Другой\n") == 422
    assert send("Код;Название\n;Без кода\n") == 422
    shown = root.get("/exchange/mis").text
    assert "называется так же:" in shown
    wrong = {"book": "reasons", "own_code": REASON, "their_code": "I11", "relation": "equal", "basis": "письмо"}
    answer = root.post("/exchange/mis/maps", wrong, page="/exchange/mis")
    assert answer.status_code == 422
    assert "такого кода нет в словаре партнёра" in answer.text
    assert root.post("/exchange/mis/maps", wrong | {"their_code": "I10"}, page="/exchange/mis").status_code == 303
    assert (
        root.post("/exchange/mis/maps", wrong | {"relation": "", "their_code": ""}, page="/exchange/mis").status_code
        == 422
    )
    assert send("Код;Название\nX1;Иное\nX2;Новое\n") == 303
    shown = root.get("/exchange/mis").text
    assert "новые: 1" in shown
    assert "исчезли: 1" in shown
    assert "кода больше нет в словаре партнёра" in shown
    codes = json.loads(root.get("/exchange/mis/codes").content)
    assert [(one["own_code"], one["their_code"]) for one in codes["codes"]] == [(REASON, "I10")]
    with reading(linked.centre.engine) as connection:
        (kept,) = code_maps.versions(connection, "mis", "reasons", REASON)
    assert (kept.version, kept.their_display) == (1, same)


def test_a_partner_gets_its_own_fields_and_nothing_with_a_code_that_it_has_not(
    linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer, tmp_path: Path
) -> None:
    zoya, root = browsers

    def say(field_: str, kind: str, **said: str) -> int:
        fields = {"their_field": field_, "kind": kind, "basis": "письмо № 3"} | said
        return root.post("/exchange/mis/fields", fields, page="/exchange/mis").status_code

    for wrong in (
        say("", "constant", words="7"),
        say("Ид", "field", own_field="full_name"),
        say("Ид", "code", own_field="medic"),
        say("Ид", "text", words="Осмотр {full_name}"),
        say("Ид", "constant"),
        say("Ид", "none"),
        say("Ид", "somehow", words="7"),
        say("Ид", "constant", words="7", basis=" "),
    ):
        assert wrong == 422
    assert "Уходит форма центра." in root.get("/exchange/mis").text
    for right in (
        say("Ид", "text", words="осмотр/{exam_id}"),
        say("Вид", "code", own_field="exam_type"),
        say("Источник", "constant", words="ПМО-1"),
        say("Врач", "field", own_field="medic"),
        say("Причины", "code", own_field="reasons"),
        say("Врач", "none"),
        say("Источник", "constant", words="ПМО-2"),
    ):
        assert right == 303
    _map(linked, "mis", "I10")
    exam_id = _refuse(linked, zoya)
    # Both lists are looked at before anything goes: the kind of exam has no code of theirs yet.
    assert (linked.step("mis"), mis.asked) == (0, [])
    ((one,), shown) = linked.waiting("mis"), root.get("/exchange/mis?book=exam_types").text
    assert (one.state, one.place) == ("unmapped", "exam_types/pre_shift")
    assert "предсменный" in shown
    fields = {"book": "exam_types", "own_code": "pre_shift", "their_code": "21", "relation": "equal", "basis": "ФНСИ"}
    assert root.post("/exchange/mis/maps", fields, page="/exchange/mis").status_code == 303
    assert root.post("/exchange/mis/repeat", {}, page="/exchange").status_code == 303
    assert linked.step("mis") == 1
    expected = {"Ид": f"осмотр/{exam_id}", "Вид": "21", "Источник": "ПМО-2", "Причины": ["I10"], "generation": "test"}
    assert json.loads(mis.taken[0][1]) == expected
    # The trial and the command say the same with what the page gives.
    assert "осмотр/" in html.unescape(root.get("/exchange/mis/test").text)
    given = root.get("/exchange/mis/codes").content
    form, bindings = read_form(given), read_codes(given, "mis")
    with reading(linked.centre.engine) as connection:
        found = decisions.find(connection, mis.taken[0][0])
        kept = sent_fields.in_force(connection, "mis", "result")
    assert found is not None
    assert json.loads(convert("exam", "decision-json", found.record, Told(bindings, form=form))) == expected
    assert [(row.their_field, row.kind, row.version) for row in kept] == [
        ("Ид", "text", 1),
        ("Вид", "code", 1),
        ("Источник", "constant", 2),
        ("Врач", "none", 2),
        ("Причины", "code", 1),
    ]


def test_a_trial_sends_no_result(linked: PartnerCentre, browsers: tuple[Browser, Browser], mis: PartnerServer) -> None:
    _, root = browsers
    assert f"reasons/{REASON}" in root.get("/exchange/mis/test").text
    _map(linked, "mis", "I10")
    shown = root.get("/exchange/mis/test").text
    assert "I10" in shown
    assert "Образцова" in shown
    assert "Партнёр отвечает" in root.post("/exchange/mis/test", {}).text
    assert mis.asked == []
    assert [(row.operation, row.outcome) for row in linked.log()] == [("test", "ok")]


def test_who_may(linked: PartnerCentre, browsers: tuple[Browser, Browser]) -> None:
    zoya, root = browsers
    assert zoya.get("/exchange").status_code == 403
    assert root.get("/exchange/nobody").status_code == 404
    assert root.get("/exchange/mis?book=vaccines").status_code == 404
    assert root.post("/exchange/mis/repeat", {"sending_id": "none"}, page="/exchange").status_code == 404
