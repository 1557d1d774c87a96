"""`python -m tests.without`: prove all promises (`make prove`), or with `--check` only that page, patches and tests fit together.

A run that was broken off goes on where it was: what was proved of the same sources is kept in `.prove/`.
"""

import json
import sys
import tempfile
from pathlib import Path

from tests.without.page import PAGE, page_of
from tests.without.patches import ROOT, BadPatch, Patch, all_patches
from tests.without.proving import applies, copy_sources, prove
from tests.without.said import faults_of

KEPT = ROOT / ".prove" / "proved.json"


def main(words: list[str]) -> int:
    """Returns the exit code: 0 when all that was asked for holds."""
    try:
        patches = all_patches()
    except BadPatch as error:
        print(error, file=sys.stderr)
        return 1
    if "--write" in words:
        PAGE.write_text(page_of(patches), encoding="utf-8")
        return 0
    if "--check" in words:
        return _check(patches)
    names = [word for word in words if not word.startswith("-")]
    unknown = set(names) - {patch.name for patch in patches}
    if unknown:
        print(f"there is no promise {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    return _prove([patch for patch in patches if not names or patch.name in names])


def _check(patches: tuple[Patch, ...]) -> int:
    faults = [f"{patch.name}: its patch does not apply any more" for patch in patches if not applies(patch)]
    faults += faults_of(patches)
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page_of(patches):
        faults.append("docs/promises.md is not up to date: python -m tests.without --write")
    for fault in faults:
        print(fault, file=sys.stderr)
    return int(bool(faults))


def _prove(patches: list[Patch]) -> int:
    kept = _proved_before()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dopusk-without-", dir="/var/tmp") as scratch:  # room
        sources = Path(scratch) / "sources"
        sources.mkdir()
        copy_sources(sources)
        keys = {patch.name: patch.key for patch in patches}  # of what was copied, whatever is written meanwhile
        for number, patch in enumerate(patches, start=1):
            place = f"{number:3}/{len(patches)} {patch.name:<44}"
            if kept.get(patch.name) == keys[patch.name]:
                print(f"{place} red (proved before)", flush=True)
                continue
            proof = prove(patch, sources)
            print(f"{place} {proof.words} ({proof.seconds:.0f} s)", flush=True)
            failed += not proof.red
            if proof.red:
                _keep({**_proved_before(), patch.name: keys[patch.name]})
    print(f"{len(patches) - failed} of {len(patches)} promises proved")
    return int(bool(failed))


def _proved_before() -> dict[str, str]:
    try:
        kept: dict[str, str] = json.loads(KEPT.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return kept


def _keep(proved: dict[str, str]) -> None:
    """Whole or not at all: the run may be broken off here too."""
    KEPT.parent.mkdir(exist_ok=True)
    written = KEPT.with_suffix(".new")
    written.write_text(json.dumps(proved, indent=1, sort_keys=True), encoding="utf-8")
    written.replace(KEPT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
