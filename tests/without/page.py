"""`docs/promises.md`, made from the patches."""

from tests.without.patches import ROOT, Patch

PAGE = ROOT / "docs" / "promises.md"
_HEAD = """# Promises and what proves them

Made from `tests/without/` by `python -m tests.without --write`; do not edit. Each promise has a test that goes red when the line
that keeps the promise is taken out. `make prove` takes each line out of a copy of the sources and runs the test; `make test`
does so for a few.

| promise | said in | the line that keeps it | test |
|---|---|---|---|
"""


def page_of(patches: tuple[Patch, ...]) -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"| {one.promise} | {one.said} | {one.keeps} ({_files(one)}) | `{one.test}` |\n" for one in patches
    )


def _files(patch: Patch) -> str:
    return ", ".join(f"`{name}`" for name in patch.files)
