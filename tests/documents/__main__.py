"""`python -m tests.documents --write` makes the pages of the documentation that come from the code; `--check` looks at them, at
everything that a page names, and at the words of the pages.

`--release` notes the steps of the store that the present version releases.
"""

import sys

from tests.documents.decisions import BadDecision
from tests.documents.made import MADE, stale
from tests.documents.paths import lost
from tests.documents.released import release
from tests.documents.wording import unstyled


def main(words: list[str]) -> int:
    """Returns the exit code: 0 when all pages are as they should be."""
    if "--release" in words:
        release()
        return 0
    try:
        if "--write" in words:
            for file, make in MADE.items():
                file.write_text(make(), encoding="utf-8")
            return 0
        faults = [f"{name} is not up to date: python -m tests.documents --write" for name in stale()]
        faults += [*lost(), *unstyled()]
    except (BadDecision, LookupError) as error:
        faults = [str(error.args[0])]
    for fault in faults:
        print(fault, file=sys.stderr)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
