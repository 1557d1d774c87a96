"""`docs/promises.md`, made from the patches."""

from tests.without.patches import ROOT, Patch

PAGE = ROOT / "docs" / "promises.md"
_HEAD = """# Promises and what proves them

Made from `tests/without/` by `python -m tests.without --write`; do not edit. Each promise has a test that goes red when the line
that keeps the promise is taken out.

- `make check` names a sentence that its page no longer says, a promise that nobody proves, a patch that does not apply, and a test,
  file or decision that is not there.
- `make test` proves a few.
- `make prove` proves all: it runs each test, takes the line out of a copy of the sources, and runs it again. What was proved of the
  same sources is not proved again, so a run that was broken off goes on where it was. `ARGS="NAME"` proves one.

Promises are the items below "What is different here" in `README.md`, "The laws" in `docs/laws.md` and "Promises" in
`docs/reliability.md`; each needs at least one patch. Any other sentence of a page becomes one when a patch quotes it.

To add a promise, or a control against a risk:

1. Write the sentence on the page where its reader looks for it.
2. Find or write a test that starts what ships and looks where that reader would look. See it green.
3. Take out the line that keeps the promise, and keep the change: `git diff > tests/without/NAME.patch`. Put the line back.
4. Write four lines over the diff, and leave one line empty: `Promise:` in one sentence; `Said:` the page and its words, as in
   `docs/laws.md "A missing measurement stays missing."`, more of them after a semicolon; `Keeps:` what the line does; `Test:` as
   pytest takes it.
5. `python -m tests.without NAME` must say "red". Then `python -m tests.without --write` makes this page anew.

Where the test stays green, the promise is not proved: mend the test, or take the promise back.

| promise | said in | the line that keeps it | test |
|---|---|---|---|
"""


def page_of(patches: tuple[Patch, ...]) -> str:
    """The whole page."""
    return _HEAD + "".join(
        f"| {one.promise} | {_pages(one)} | {one.keeps} ({_files(one)}) | `{one.test}` |\n" for one in patches
    )


def _pages(patch: Patch) -> str:
    return ", ".join(f"`{page}`" for page in dict.fromkeys(page for page, _ in patch.quotations))


def _files(patch: Patch) -> str:
    return ", ".join(f"`{name}`" for name in patch.files)
