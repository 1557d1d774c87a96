"""A list of thousands of workers over a real broker that dies in the middle: the old list stays, then the new one is there."""

import pytest
from sqlalchemy import insert

from central.core.clock import now_utc
from central.store.engine import writing
from central.store.outgoing import unacknowledged
from central.store.registry import worker
from sync.contract.canonical import new_id
from tests.broker import ORG
from tests.integration.sync.test_refusals import Kiosk, kiosk
from tests.waiting import until

__all__ = ["kiosk"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CROWD = 4000


def _employ(kiosk: Kiosk) -> None:
    """A whole factory is entered at once."""
    centre = kiosk.synced.centre
    rows = [
        {
            "worker_id": new_id(),
            "org": ORG,
            "employer_id": centre.employer_id,
            "personnel_number": str(2000 + number),
            "cards": [],
            "full_name": f"Имярек Номер {number}",
            "position": "слесарь",
            "status": "active",
            "remote_allowed": True,
            "block_text": "",
            "updated_at": now_utc(),
        }
        for number in range(CROWD)
    ]
    with writing(centre.engine) as connection:
        connection.execute(insert(worker), rows)
        centre.registry.publish_roster(connection, ORG)
    centre.dispatcher.wake()


def test_a_large_roster_survives_the_death_of_the_broker(kiosk: Kiosk) -> None:
    centre, store = kiosk.synced.centre, kiosk.synced.store
    assert until(lambda: kiosk.incoming.apply_new() > 0)
    assert store.roster.version() == 1
    kiosk.synced.proxy.cut()
    _employ(kiosk)

    def waiting() -> int:
        with writing(centre.engine) as connection:
            return len(unacknowledged(connection, "kiosk-1", 100))

    assert waiting() > 4
    kiosk.synced.proxy.heal()
    assert until(lambda: kiosk.incoming.apply_new() > 0)
    centre.broker.kill()
    centre.broker.forget()
    centre.broker.start()

    def is_there() -> bool:
        kiosk.incoming.apply_new()
        (known,) = store.db.execute("SELECT count(*) FROM roster_worker").fetchone()
        assert known == (1 if store.roster.version() == 1 else CROWD + 1)
        return store.roster.version() == 2 and waiting() == 0

    assert until(is_there)
