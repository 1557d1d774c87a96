"""The promises of `docs/promises.md`: page and patches fit together, and a few are proved here; `make prove` proves all."""

from pathlib import Path

import pytest

import tests.without.__main__ as run
from tests.without.page import PAGE, page_of
from tests.without.patches import BadPatch, Patch, all_patches, read
from tests.without.proving import Proof, applies, copy_sources, prove
from tests.without.said import PROMISING, faults_of

QUICK = [patch for patch in all_patches() if patch.test.startswith("tests/unit/")][::12]
"""Every twelfth of those whose test takes no processes."""


def test_the_page_tells_what_the_patches_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of(all_patches())


@pytest.mark.parametrize("patch", all_patches(), ids=lambda patch: patch.name)
def test_the_line_of_each_promise_is_there(patch: Patch) -> None:
    assert applies(patch)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    copy_sources(folder)
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", QUICK, ids=lambda patch: patch.name)
def test_without_its_line_the_test_of_a_promise_goes_red(patch: Patch, sources: Path) -> None:
    proof = prove(patch, sources)
    assert proof.red, proof.words


@pytest.mark.timeout(600)
def test_a_promise_whose_test_stays_green_is_named(sources: Path) -> None:
    """The diff takes nothing out but a comment."""
    first = Path("drivers/deadline.py").read_text(encoding="utf-8").partition("\n")[0]
    diff = (
        "diff --git a/drivers/deadline.py b/drivers/deadline.py\n--- a/drivers/deadline.py\n+++ b/drivers/deadline.py\n"
        f"@@ -1 +1 @@\n-{first}\n"
        '+"""Deadlines."""\n'
    )
    test = "tests/unit/test_free_port.py"
    proof = prove(Patch("nothing", "a", "b", "c", test, diff), sources)
    assert not proof.red
    assert "stays green" in proof.words


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [patch.name for patch in all_patches()[:3]]
    begun: list[str] = []

    def stand_in(patch: Patch, _sources: Path) -> Proof:
        begun.append(patch.name)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return Proof(True, "red", 0.0)

    monkeypatch.setattr(run, "prove", stand_in)
    monkeypatch.setattr(run, "copy_sources", lambda folder: None)
    monkeypatch.setattr(run, "KEPT", tmp_path / "kept" / "proved.json")
    with pytest.raises(KeyboardInterrupt):
        run.main(names)
    assert run.main(names) == 0
    assert run.main(names) == 0
    assert begun == [names[0], names[1], names[1], names[2]]
    (tmp_path / "kept" / "proved.json").write_text('{"cut o')
    assert run.main(names) == 0
    assert begun[4:] == names


def test_what_a_page_no_longer_says_is_named(tmp_path: Path) -> None:
    for page, heading in PROMISING:
        path = tmp_path / page
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# X\n\n## {heading}\n\n- **Nothing is lost.** Never\n  at all.\n- Nothing is late.\n")
    kept = Patch("kept", "a", 'README.md "Never at all."', "c", "d", "")
    lost = Patch("lost", "a", 'README.md "Nothing is wrong."; docs/none.md "x"', "c", "d", "")
    found = list(faults_of((kept, lost), tmp_path))
    assert found[:2] == [
        "lost: README.md does not say (any more) 'Nothing is wrong.'",
        "lost: it is said in docs/none.md, which is not there",
    ]
    assert "README.md:7: no patch of tests/without quotes this promise: - Nothing is late." in found
    assert not any(fault.startswith("README.md:5:") for fault in found)


def test_a_patch_that_says_nothing_is_named(tmp_path: Path) -> None:
    head = "Promise: a\nKeeps: c\nTest: tests/nowhere.py::test_a\n"
    for content, words in (
        ("Promise: one\n", "no diff"),
        ("Promise: one\n\ndiff --git a/x b/x\n", "lacks Said"),
        (f"{head}Said: b\n\ndiff --git a/x b/x\n", "not of the form"),
        (f'{head}Said: README.md "b"\n\ndiff --git a/x b/x\n+++ b/x\n', "not there"),
        (f'{head}Said: README.md "b"\n\ndiff --git a/README.md b/README.md\n+++ b/README.md\n', "no test"),
    ):
        path = tmp_path / "one.patch"
        path.write_text(content)
        with pytest.raises(BadPatch, match=words):
            read(path)
