"""A list of thousands of workers over a real broker that dies in the middle: the old list stays, then the new one is there."""

import pytest

from central.core.parties import Worker
from central.store.engine import writing
from central.store.outgoing import unacknowledged
from tests.broker import ORG
from tests.integration.sync.test_refusals import Kiosk, kiosk
from tests.waiting import until

__all__ = ["kiosk"]

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

CROWD = 4000


def _employ(kiosk: Kiosk) -> None:
    """A whole factory is entered at once."""
    centre = kiosk.synced.centre
    crowd = [
        Worker(ORG, centre.employer_id, str(2000 + number), f"Имярек Номер {number}", "слесарь")
        for number in range(CROWD)
    ]
    with writing(centre.engine) as connection:
        centre.registry.save_workers(connection, crowd)
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

    kiosk.synced.proxy.heal()
    assert until(lambda: waiting() > 4)
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
