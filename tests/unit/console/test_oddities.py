"""The fleet page shows what came and should not have: of strangers too, page by page, to each whose business it is."""

import contextlib

from central.core.rights import Role
from central.store import anomalies
from central.store.anomalies import NewAnomaly
from central.store.engine import writing
from tests.console_centre import ORG, Browser, ConsoleCentre


def _note(centre: ConsoleCentre, count: int, topic: str = "dopusk/1/{org}/stranger-{number}/status") -> None:
    with writing(centre.engine) as connection:
        for number in range(count):
            found = NewAnomaly("unknown_terminal", topic.format(org=ORG, number=number), "status of a stranger")
            anomalies.note(connection, found, now=centre.now())


def test_strangers_are_shown_with_their_topics_and_nobody_is_cut_off(centre: ConsoleCentre, address: str) -> None:
    _note(centre, 60)
    _note(centre, 1, "dopusk/1/invented/rogue/status")
    centre.add_account("overseer", Role.ADMINISTRATOR, orgs=())
    centre.add_account("engineer", Role.SERVICE, orgs=(ORG,))
    centre.add_account("stranger", Role.ADMINISTRATOR, orgs=("chuzhaya",))
    seen = {}
    for name in ("overseer", "engineer", "stranger"):
        with contextlib.closing(Browser(address)) as browser:
            browser.log_in(name, unlock=False)
            seen[name] = browser.get("/fleet").text + browser.get("/fleet?odd=2").text
    for name in ("overseer", "engineer"):
        assert all(f"dopusk/1/{ORG}/stranger-{number}/status" in seen[name] for number in range(60))
        assert "odd=2" in seen[name]
    assert f"dopusk/1/{ORG}/" not in seen["stranger"]
    assert all("dopusk/1/invented/rogue/status" in text for text in seen.values())


def test_a_gap_that_was_filled_is_no_news(centre: ConsoleCentre, zoya: Browser, address: str) -> None:
    with writing(centre.engine) as connection:
        anomalies.note(connection, NewAnomaly("gap", "", "missing", "kiosk-1", None, 1, 2), now=centre.now())
        [gap] = anomalies.open_gaps(connection, "kiosk-1")
        anomalies.resolve(connection, gap["anomaly_id"], now=centre.now())
    centre.add_account("engineer", Role.SERVICE, orgs=(ORG,))
    with contextlib.closing(Browser(address)) as browser:
        browser.log_in("engineer", unlock=False)
        text = browser.get("/fleet").text
    assert "Ничего необычного" in text
    assert "Пропуски, которые потом заполнились: 1" in text
