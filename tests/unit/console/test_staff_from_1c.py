"""Staff of an employer from 1C: as a whole, by the rules of the workers' file; whatever 1C does wrong changes nothing."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.core.days import day_of
from central.core.rights import Role
from central.store import staff_fetches
from central.store.engine import reading
from central.store.registry import worker
from central.systems.converting.one_c import CURRENT, PEOPLE, STAFF
from central.systems.staff import StaffSync
from central.systems.staff_line import StaffLine
from tests.console_centre import Browser, ConsoleCentre, serving
from tests.one_c_infobase import LOGIN, PASSWORD, OneCServer
from tests.partner_centre import EMPLOYER_INN, TERM_S, PartnerCentre, partner, partner_centre

PEOPLE_THERE = 10


@pytest.fixture
def one_c() -> Iterator[OneCServer]:
    with OneCServer(PEOPLE_THERE) as made:
        yield made


@pytest.fixture
def linked(centre: ConsoleCentre, one_c: OneCServer) -> PartnerCentre:
    (centre.folder / "password").write_text(PASSWORD)
    common = {"kind": "1c", "login": LOGIN, "secret_file": centre.folder / "password", "sends": None, "since": None}
    config = partner("zup", one_c.url, all_employers=False, employers=(EMPLOYER_INN,), staff="apply", **common)
    return partner_centre(centre, config)


@pytest.fixture
def sync(linked: PartnerCentre) -> StaffSync:
    centre = linked.centre
    (config,) = centre.config.partners.systems
    return StaffSync(centre.engine, config, StaffLine(config, TERM_S, page_rows=4), centre.registry, centre.now)


def _came(linked: PartnerCentre) -> dict[str, tuple[str, object, str]]:
    """By key of 1C: number, last day, department."""
    c = worker.c
    with reading(linked.centre.engine) as connection:
        query = select(c.external_id, c.personnel_number, c.until, c.department).where(c.external_id.is_not(None))
        return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def _again(linked: PartnerCentre, sync: StaffSync) -> str:
    linked.centre.shift += timedelta(hours=2)
    return sync.step()


def test_staff_comes_page_by_page_and_a_second_time_changes_nothing(
    linked: PartnerCentre, sync: StaffSync, one_c: OneCServer
) -> None:
    assert sync.step() == "applied"
    came = _came(linked)
    assert set(came) == {row["Ref_Key"] for row in one_c.rows(STAFF)}
    assert came[one_c.rows(STAFF)[3]["Ref_Key"]] == ("0000-00003", None, "Контора")
    pages = [address for address in one_c.asked if f"/{STAFF}?" in address]
    assert len(pages) == 4, "each begins with the last row of the one before"
    assert all("DeletionMark" in one and "$orderby=Ref_Key" in one for one in pages)
    assert sync.step() == "", "not before its time"
    assert _again(linked, sync) == "same"
    # Somebody leaves, somebody is marked for deletion: today is the last day, and nobody is taken away.
    gone, ended = one_c.entities[STAFF].pop(), one_c.rows(CURRENT)[0]
    ended["ДатаУвольнения"] = "2026-01-15T00:00:00"
    assert _again(linked, sync) == "applied"
    came = _came(linked)
    assert came[gone["Ref_Key"]][1] == day_of(linked.centre.now())
    assert str(came[one_c.rows(STAFF)[0]["Ref_Key"]][1]) == "2026-01-15"
    assert _again(linked, sync) == "same"
    rows = linked.log(system_id="zup")
    assert [row.outcome for row in rows] == ["ok"] * 4
    assert all(row.bytes > 1_000 and row.operation == "staff" for row in rows)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("hang", "no_answer"),
        ("500", "status"),
        ("cut", ""),
        ("junk", "unreadable"),
        ("no_value", "unreadable"),
        ("login", "login"),
        ("gone", "changed_meanwhile"),
    ],
)
@pytest.mark.parametrize("at", [0, 2])
def test_half_a_list_is_no_list(
    linked: PartnerCentre, sync: StaffSync, one_c: OneCServer, trouble: str, code: str, at: int
) -> None:
    assert sync.step() == "applied"
    before = _came(linked)
    # After the last page of a catalogue nothing is skipped any more.
    one_c.troubles = [""] * (min(at, 1) if trouble == "gone" else at) + [trouble]
    assert _again(linked, sync) == "failed"
    assert _came(linked) == before
    said = linked.log(system_id="zup")[-1]
    assert (said.outcome, said.code or "?") == ("retrying", code or said.code)
    # It is asked again sooner than in an hour, and then all is well.
    linked.centre.shift += timedelta(minutes=2)
    assert sync.step() in {"same", "applied"}


def test_a_fifth_that_would_leave_asks_first_and_what_changed_since_asks_again(
    linked: PartnerCentre, sync: StaffSync, one_c: OneCServer
) -> None:
    linked.centre.add_account("root", Role.ADMINISTRATOR)
    assert sync.step() == "applied"
    before = _came(linked)
    kept = list(one_c.entities[STAFF])
    del one_c.entities[STAFF][:3]
    assert _again(linked, sync) == "asks"
    assert _again(linked, sync) == "asks"
    assert _came(linked) == before
    served = serving(linked.centre.app(), linked.centre.config.http.port)
    with served as address, contextlib.closing(Browser(address)) as root:
        root.log_in("root", unlock=False)
        shown = root.get("/exchange/zup").text
        assert "больше нет в списке: 3" in shown
        assert "0000-00000, 0000-00001, 0000-00002" in shown
        with reading(linked.centre.engine) as connection:
            newest = staff_fetches.newest(connection, "zup")
        assert newest is not None
        take = {"action": "accept", "fetch_id": newest.fetch_id}
        assert root.post("/exchange/zup/staff", take, page="/exchange/zup").status_code == 303
        assert root.post("/exchange/zup/staff", take, page="/exchange/zup").status_code == 409
        # What was accepted is what was shown: another list asks again.
        del one_c.entities[STAFF][:1]
        assert sync.step() == "asks"
        assert _came(linked) == before
        with reading(linked.centre.engine) as connection:
            newest = staff_fetches.newest(connection, "zup")
        assert newest is not None
        take["fetch_id"] = newest.fetch_id
        assert root.post("/exchange/zup/staff", take, page="/exchange/zup").status_code == 303
        assert sync.step() == "applied"
    ended = [key for key, (_, until, _) in _came(linked).items() if until is not None]
    assert sorted(ended) == sorted(row["Ref_Key"] for row in kept[:4])


def _no_name(one_c: OneCServer) -> None:
    one_c.rows(PEOPLE)[1]["ФИО"] = one_c.rows(PEOPLE)[1]["Description"] = one_c.rows(STAFF)[1]["Description"] = ""


def _another_number(one_c: OneCServer) -> None:
    one_c.rows(STAFF)[1]["Code"] = "0000-09999"


def _same_number(one_c: OneCServer) -> None:
    one_c.rows(STAFF)[1]["Code"] = one_c.rows(STAFF)[2]["Code"]


def _wrong_snils(one_c: OneCServer) -> None:
    one_c.rows(PEOPLE)[1]["СтраховойНомерПФР"] = "112-233-445 96"


@pytest.mark.parametrize("spoil", [_no_name, _another_number, _same_number, _wrong_snils])
def test_one_fault_and_nothing_is_taken_over(
    linked: PartnerCentre, sync: StaffSync, one_c: OneCServer, spoil: Callable[[OneCServer], None]
) -> None:
    assert sync.step() == "applied"
    before = _came(linked)
    spoil(one_c)
    one_c.rows(CURRENT)[5]["ТекущееПодразделение_Key"] = one_c.rows("Catalog_ПодразделенияОрганизаций")[0]["Ref_Key"]
    assert _again(linked, sync) == "faults"
    assert _came(linked) == before
    with reading(linked.centre.engine) as connection:
        said = staff_fetches.newest(connection, "zup")
    assert said is not None
    assert said.faults[0]["row"] in {2, 3}
    for row in one_c.rows(PEOPLE):
        assert row["ФИО"] not in repr(said) or not row["ФИО"]


def test_an_empty_list_is_no_dismissal_of_everybody(linked: PartnerCentre, sync: StaffSync, one_c: OneCServer) -> None:
    assert sync.step() == "applied"
    before = _came(linked)
    one_c.entities[STAFF].clear()
    assert _again(linked, sync) == "failed"
    assert _came(linked) == before
    assert linked.log()[-1].code == "empty"
