"""`make trials`: runs the trials (all, or those named), one after the other, and writes their table into `docs/trials.md`.

A trial that fails does not stop the others; the exit code is 1 then, and the table says what was seen.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from tests.trials.busy import run_beside_busy_loops
from tests.trials.generated_client import use_a_generated_client
from tests.trials.large_file import store_a_large_file
from tests.trials.machine import REPOSITORY
from tests.trials.runbook import follow_the_runbook
from tests.trials.spreadsheet import compare_in_libreoffice
from tests.trials.walks import walk_whole

PAGE = REPOSITORY / "docs" / "trials.md"
TRIALS: dict[str, tuple[str, Callable[[], str]]] = {
    "runbook": (
        "the runbook's commands as they stand there, on a booted Debian 12 with the shipped units",
        follow_the_runbook,
    ),
    "spreadsheet": (
        "the journal's workbook opened by LibreOffice, compared with our CSV cell by cell",
        compare_in_libreoffice,
    ),
    "client": (
        "a client made from the OpenAPI document by a program of others, used against a running console",
        use_a_generated_client,
    ),
    "walks": (
        "each change of each row that `verify` must find, each hostile value in each address, each story of the demonstration;"
        " the tests only draw some",
        walk_whole,
    ),
    "large_file": (
        "a file of 100,000 workers into SQLite: how long others wait for the store",
        store_a_large_file,
    ),
    "busy": (
        "all tests beside twenty busy loops",
        run_beside_busy_loops,
    ),
}
_HEAD = """# Trials

What is too long, too large or too foreign for `make test`. `make trials` runs all of it as root on Debian 12, installs what it
needs and writes this table; `make trials ARGS=NAME` runs one.

| trial | what | outcome | seconds | day | commit |
|---|---|---|---|---|---|
"""


def main(names: list[str]) -> int:
    """Run and note; returns the exit code."""
    unknown = [name for name in names if name not in TRIALS]
    if unknown:
        print(f"there is no trial {', '.join(unknown)}; there are: {', '.join(TRIALS)}", file=sys.stderr)
        return 2
    rows, failed = _rows(), False
    commit = subprocess.run(
        ["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in names or TRIALS:
        what, trial = TRIALS[name]
        print(f"-- {name}: {what}", flush=True)
        begun = time.monotonic()
        try:
            outcome = trial()
        except Exception as error:  # noqa: BLE001  # whatever ends a trial is its outcome, and the next one runs
            failed, outcome = True, f"**failed**: {type(error).__name__}"
            print(error, file=sys.stderr)
        took = time.monotonic() - begun
        rows[name] = f"| {name} | {what} | {outcome} | {took:.0f} | {datetime.now(UTC):%Y-%m-%d} | {commit} |"
        print(f"   {outcome} ({took:.0f} s)", flush=True)
        PAGE.write_text(_HEAD + "".join(f"{rows[one]}\n" for one in TRIALS if one in rows), encoding="utf-8")
    return int(failed)


def _rows() -> dict[str, str]:
    """What the page says of each trial by now."""
    if not PAGE.exists():
        return {}
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {line.split("|")[1].strip(): line for line in lines[1:]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
