"""`central/store/migrations/released.toml`: the hashes of the steps that were released, by release. They are never edited again."""

import hashlib
import tomllib
from pathlib import Path

from tests.documents.pages import ROOT

STEPS = ROOT / "central" / "store" / "migrations" / "versions"
LISTED = STEPS.parent / "released.toml"
_HEAD = """# Steps of the store that were released, with the SHA-256 of their files. A centre somewhere has run
# them: what must change is a new step. `python -m tests.documents --release` adds the newest ones at a release.
"""


def version() -> str:
    """The version of the program, as `pyproject.toml` has it."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def listed(file: Path = LISTED) -> dict[str, dict[str, str]]:
    """By release, oldest first: file name of each step, and its hash."""
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def steps(folder: Path = STEPS) -> dict[str, str]:
    """All steps that there are, in their order, with their hashes now."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("[0-9]*.py"))}


def faults(releases: dict[str, dict[str, str]], now: dict[str, str]) -> list[str]:
    """What of the released steps is not as it was released."""
    known = {name: digest for release in releases.values() for name, digest in release.items()}
    found = [f"{name} was released and is gone" for name in known if name not in now]
    found += [
        f"{name} was released and is changed: write a new step"
        for name in known
        if now.get(name, "") not in ("", known[name])
    ]
    newest = max(known, default="")
    found += [
        f"{name} is new and stands before {newest}, which was released"
        for name in now
        if name not in known and name < newest
    ]
    return found


def release() -> None:
    """Add the steps that no release has to that of the present version."""
    releases = listed()
    known = {name for one in releases.values() for name in one}
    own = releases.setdefault(version(), {})
    own.update({name: digest for name, digest in steps().items() if name not in known})
    sections = (
        f'\n["{one}"]\n' + "".join(f'"{k}" = "{v}"\n' for k, v in found.items()) for one, found in releases.items()
    )
    LISTED.write_text(_HEAD + "".join(sections), encoding="utf-8")
