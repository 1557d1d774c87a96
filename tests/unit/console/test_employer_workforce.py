"""An HR department keeps its workers: at once, or after a senior medic's confirmation, and never what is the medic's."""

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import select

from central.core.config import EmployersConfig
from central.core.days import day_of
from central.core.rights import Role
from central.link import roster_lists
from central.store import register_changes, roster_entries, workforce_changes
from central.store.engine import reading, writing
from central.store.registry import worker
from central.store.workers import find_worker
from dopusk.lab.demo.sample_people import ORG, sample_snils
from tests.console_centre import Browser, ConsoleCentre, serving

PAGE = "/employer/workers"
NEW = {
    "personnel_number": "8001",
    "full_name": "Новикова Раиса Львовна",
    "position": "водитель",
    "birth_date": "1990-02-03",
}


@pytest.fixture
def hr(centre: ConsoleCentre, address: str) -> Iterator[Browser]:
    """HR of the first employer."""
    centre.add_account("hr", Role.EMPLOYER_HR, employer_id=centre.people.employers[0])
    with contextlib.closing(Browser(address)) as browser:
        yield browser.log_in("hr", unlock=False)


def _row(centre: ConsoleCentre, number: str) -> dict[str, Any] | None:
    with reading(centre.engine) as connection:
        found = find_worker(connection, ORG, number, centre.people.employers[0])
        return None if found is None else dict(found)


def _told(centre: ConsoleCentre) -> set[str]:
    """Whom terminals would be told of now."""
    with writing(centre.engine) as connection:
        roster_lists.make_all_entries(connection, ORG, day_of(centre.now()))
    with reading(centre.engine) as connection:
        return set(connection.execute(select(roster_entries.roster_entry.c.worker_id)).scalars())


def _card(browser: Browser, worker_id: str) -> dict[str, str]:
    """The fields of the card as a browser would send them back."""
    form = browser.get(f"{PAGE}/{worker_id}").text.split(f'action="{PAGE}/{worker_id}"')[1].split("</form>")[0]
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    chosen = re.findall(r'<select name="(\w+)".*?</select>', form, re.DOTALL)
    fields |= {name: "".join(re.findall(rf'name="{name}".*?value="(\w*)" selected', form)[:1]) for name in chosen}
    return fields


def test_a_worker_is_added_changed_and_dismissed_at_once(centre: ConsoleCentre, hr: Browser) -> None:
    added = hr.post(f"{PAGE}/new", NEW)
    assert added.status_code == 303, added.text
    made = _row(centre, "8001")
    assert made is not None
    assert made["remote_allowed"] is False, "leave to be examined at a terminal is the medic's to give"
    assert made["snils_hmac"] is None

    card = f"{PAGE}/{made['worker_id']}"
    fields = _card(hr, made["worker_id"]) | {"position": "механик", "department": "Гараж"}
    assert hr.post(card, fields).status_code == 303
    changed = _row(centre, "8001")
    assert changed is not None
    assert (changed["position"], changed["department"], changed["full_name"]) == ("механик", "Гараж", NEW["full_name"])
    assert "Имя hr" in hr.get(card).text, "the history says who"

    stepan = centre.people.workers["1001"]
    before = _row(centre, "1001")
    assert stepan in _told(centre)
    seen = _card(hr, stepan)["seen"]
    assert (
        hr.post(f"{PAGE}/{stepan}/dismissal", {"last_day": "", "seen": seen}, page=f"{PAGE}/{stepan}").status_code
        == 303
    )
    assert stepan not in _told(centre), "the roster that terminals get has them no more"
    assert _row(centre, "1001") is None
    with reading(centre.engine) as connection:
        last = register_changes.of_entry(connection, "workers", stepan)[0]
        row = connection.execute(select(worker).where(worker.c.worker_id == stepan)).mappings().one()
    assert (last.action, last.author) == ("archive", "Имя hr")
    assert before is not None
    kept = ("snils_hmac", "cards", "block_text", "status", "remote_allowed", "toxicology_at")
    assert {name: row[name] for name in kept} == {name: before[name] for name in kept}


def test_what_is_the_medics_stays_when_the_card_is_changed(centre: ConsoleCentre, hr: Browser) -> None:
    before = _row(centre, "1006")
    assert before is not None
    sent = _card(hr, before["worker_id"]) | {
        "status": "active",
        "remote_allowed": "yes",
        "snils": "1",
        "block_text": "",
    }
    assert hr.post(f"{PAGE}/{before['worker_id']}", sent | {"department": "Склад"}).status_code == 303
    after = _row(centre, "1006")
    assert after is not None
    assert after["department"] == "Склад"
    for name in ("status", "remote_allowed", "block_text", "snils_hmac", "cards", "toxicology_at", "birth_date", "sex"):
        assert after[name] == before[name], name


def test_two_who_change_the_same_worker_are_told_apart(centre: ConsoleCentre, hr: Browser) -> None:
    worker_id = centre.people.workers["1001"]
    first = _card(hr, worker_id)
    assert hr.post(f"{PAGE}/{worker_id}", first | {"position": "стропальщик"}).status_code == 303
    late = hr.post(f"{PAGE}/{worker_id}", first | {"position": "крановщик"})
    assert late.status_code == 409
    assert "тем временем" in late.text
    assert 'value="крановщик"' in late.text, "what was typed is not lost"
    row = _row(centre, "1001")
    assert row is not None
    assert row["position"] == "стропальщик"


def test_a_link_to_somebody_elses_worker_is_404(centre: ConsoleCentre, hr: Browser) -> None:
    strange = centre.people.workers["1003"]
    assert hr.get(f"{PAGE}/{strange}").status_code == 404
    for path, fields in (("", NEW), ("/dismissal", {"last_day": ""}), ("/transfer", {"since": "2030-01-01"})):
        assert hr.post(f"{PAGE}/{strange}{path}", fields, page=PAGE).status_code == 404, path
    assert "Громов" not in hr.get(f"{PAGE}?worker_id={strange}").text
    for words in ("громов", "1003", sample_snils("1003")):
        answer = hr.post(PAGE, {"q": words})
        shown = hr.get(str(answer.headers["location"])).text if answer.status_code == 303 else answer.text
        assert "Громов" not in shown


def test_wrong_entries_are_told_at_their_fields(centre: ConsoleCentre, hr: Browser) -> None:
    for fields, words in (
        (NEW | {"full_name": ""}, "заполните"),
        (NEW | {"personnel_number": "1002"}, "1002"),
        (NEW | {"birth_date": "2999-01-01"}, "ещё не наступил"),
    ):
        answer = hr.post(f"{PAGE}/new", fields)
        assert answer.status_code == 422, fields
        assert words in answer.text
        assert "/registers/" not in answer.text.split("<main")[1]
    assert _row(centre, "8001") is None
    with reading(centre.engine) as connection:
        assert connection.execute(select(workforce_changes.workforce_change)).all() == []


def test_the_list_is_found_sorted_and_taken_along(centre: ConsoleCentre, hr: Browser) -> None:
    page = hr.get(PAGE).text
    assert "Ветров" in page
    assert "Громов" not in page
    found = hr.get(str(hr.post(PAGE, {"q": "ветр"}).headers["location"])).text
    assert "Ветров" in found
    assert "Заречная" not in found
    book = openpyxl.load_workbook(io.BytesIO(hr.get(f"{PAGE}/export").content))
    cells = [str(cell) for row in book.active.values for cell in row if cell]  # type: ignore[union-attr]
    assert "Ветров Степан Ильич" in cells
    assert sample_snils("1001") not in " ".join(cells)


def test_a_dispatcher_keeps_no_workforce(centre: ConsoleCentre, browser: Browser) -> None:
    centre.add_account("boss", Role.EMPLOYER, employer_id=centre.people.employers[0])
    assert browser.log_in("boss", unlock=False).get(PAGE).status_code == 403


def test_changes_wait_for_a_senior_medic_who_confirms_or_refuses(centre: ConsoleCentre) -> None:
    """`[employers] confirm_changes`: nothing is done before, and who decided and why is said to HR."""
    config = centre.config.model_copy(update={"employers": EmployersConfig(confirm_changes=True)})
    waiting = replace(centre, config=config)
    waiting.add_account("hr", Role.EMPLOYER_HR, employer_ids=centre.people.employers)
    waiting.add_account("senior", Role.SENIOR_MEDIC)
    worker_id = centre.people.workers["1001"]
    with (
        serving(waiting.app(), config.http.port) as address,
        contextlib.closing(Browser(address)) as one,
        contextlib.closing(Browser(address)) as other,
    ):
        hr, senior = one.log_in("hr", unlock=False), other.log_in("senior", unlock=False)
        first, second = centre.people.employers
        assert hr.post(f"{PAGE}/new", NEW | {"employer": first}).status_code == 303
        seen = _card(hr, worker_id)["seen"]
        gone = hr.post(f"{PAGE}/{worker_id}/dismissal", {"last_day": "", "seen": seen}, page=f"{PAGE}/{worker_id}")
        assert gone.status_code == 303
        assert _row(centre, "8001") is None
        assert _row(centre, "1001") is not None
        assert "ждёт подтверждения" in hr.get(PAGE).text

        # What nobody has decided on yet is taken back by whoever asked, once, and by nobody of another employer.
        again = {"last_day": f"{centre.now() + timedelta(days=9):%Y-%m-%d}", "seen": seen}
        assert hr.post(f"{PAGE}/{worker_id}/dismissal", again, page=f"{PAGE}/{worker_id}").status_code == 303
        with reading(centre.engine) as connection:
            newest = workforce_changes.of_worker(connection, worker_id)[0].change_id
        back = f"/employer/changes/{newest}/withdraw"
        assert back in hr.get(PAGE).text
        waiting.add_account("other", Role.EMPLOYER_HR, employer_id=second)
        with contextlib.closing(Browser(address)) as stranger:
            assert stranger.log_in("other", unlock=False).post(back, {}, page=PAGE).status_code == 404
        assert hr.post(back, {}, page=PAGE).status_code == 303
        assert hr.post(back, {}, page=PAGE).status_code == 409
        assert (
            senior.post(f"/workforce/changes/{newest}", {"action": "confirm"}, page="/workforce/changes").status_code
            == 409
        )

        page = senior.get("/workforce/changes").text
        assert NEW["full_name"] in page
        with reading(centre.engine) as connection:
            asked = {one.kind: one.change_id for one in workforce_changes.waiting(connection, [ORG], 9)}
        add, dismiss = (f"/workforce/changes/{asked[kind]}" for kind in ("add", "dismiss"))
        unsaid = senior.post(add, {"action": "confirm"}, page="/workforce/changes")
        assert unsaid.status_code == 422, "whether a terminal may examine is said, or it is a fault"
        assert (
            senior.post(add, {"action": "confirm", "remote_allowed": "yes"}, page="/workforce/changes").status_code
            == 303
        )
        made = _row(centre, "8001")
        assert made is not None
        assert made["remote_allowed"] is True
        assert senior.post(dismiss, {"action": "refuse"}, page="/workforce/changes").status_code == 422
        refusal = {"action": "refuse", "reason": "сначала приказ"}
        assert senior.post(dismiss, refusal, page="/workforce/changes").status_code == 303
        assert senior.post(dismiss, refusal, page="/workforce/changes").status_code == 409
        assert _row(centre, "1001") is not None
        assert "сначала приказ" in hr.get(PAGE).text

        begin = f"{centre.now() + timedelta(days=3):%Y-%m-%d}"
        move = {"to_employer": second, "personnel_number": "5001", "position": "мастер", "since": begin}
        moved = hr.post(f"{PAGE}/{worker_id}/transfer", move | {"seen": seen}, page=f"{PAGE}/{worker_id}")
        assert moved.status_code == 303, moved.text
        with reading(centre.engine) as connection:
            (transfer,) = workforce_changes.waiting(connection, [ORG], 9)
        confirmed = senior.post(
            f"/workforce/changes/{transfer.change_id}", {"action": "confirm"}, page="/workforce/changes"
        )
        assert confirmed.status_code == 303
        with reading(centre.engine) as connection:
            new = find_worker(connection, ORG, "5001", second)
            last = register_changes.of_entry(connection, "workers", worker_id)[0]
        assert new is not None
        assert last.author == "Имя senior"
