"""The same messages give the same store, byte for byte, whatever seed the process hashes by."""

import os
import subprocess
import sys

from tests.waiting import LONGEST_S

PROGRAM = """
import hashlib, sqlite3
from sqlite_utils import Database
from sync.contract.roster import Roster
from terminal.store import roster as roster_tables
from terminal.store.roster import RosterStore
from tests.unit.terminal.test_identity import worker

def listed(numbers, version):
    made = [
        worker(
            worker_id=f"019c0000-0000-7000-8000-{n:012d}",
            personnel_number=str(n), cards=(f"C{n}", f"D{n}"),
            employer_id="019c0000-0000-7000-8000-000000000001",
            snils_hmac=f"{n:064x}", biometric_consent=True, photo_sha256=f"{n:064x}",
        )
        for n in numbers
    ]
    return Roster(version=version, workers=tuple(made))

connection = sqlite3.connect(":memory:", isolation_level=None)
db = Database(connection)
roster_tables.migrations.apply(db)
store = RosterStore(db)
store.replace(listed(range(1000, 1060), 1))
store.replace(listed([*range(1030, 1100), *range(1000, 1010)], 2))
found = [list(map(tuple, db.execute(f"SELECT rowid, * FROM {t} ORDER BY rowid"))) for t in ("roster_worker", "roster_key")]
found.append(list(store.photos_to_compare().items()))
print(hashlib.sha256(repr(found).encode()).hexdigest(), len(found[0]), len(found[1]))
"""


def test_a_roster_is_written_in_the_order_of_its_list() -> None:
    told = {_run(seed) for seed in ("0", "1", "4711")}
    assert len(told) == 1
    assert told.pop().split()[1:] == ["80", "320"]


def _run(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=LONGEST_S, env=environment, check=True
    )
    return done.stdout.strip()
