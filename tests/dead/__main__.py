"""`python -m tests.dead` (part of `make check`): what nobody uses, by file and line; exit code 1 if there is any."""

import sys
from fnmatch import fnmatchcase

from tests.dead.code import unused_code
from tests.dead.columns import unread_columns
from tests.dead.found import ROOT, kept
from tests.dead.words import dead_words


def main() -> int:
    """Returns the exit code."""
    reasons = kept()
    found = sorted({*unused_code(ROOT), *unread_columns(ROOT), *dead_words(ROOT)})
    used = {pattern for one in found for pattern in reasons if fnmatchcase(one.key, pattern)}
    faults = [str(one) for one in found if not any(fnmatchcase(one.key, pattern) for pattern in reasons)]
    stale = set(reasons) - used
    faults += [f"tests/dead/kept.toml: {key} is used now, or is gone: take its line out" for key in sorted(stale)]
    faults += [f"tests/dead/kept.toml: {key} has no reason" for key, reason in reasons.items() if len(reason) < 10]
    for fault in faults:
        print(fault, file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
