"""The promises of `docs/promises.md`: page and patches fit together, and a few are proved here; `make prove` proves all."""

from pathlib import Path

import pytest

from tests.without.page import PAGE, page_of
from tests.without.patches import Patch, all_patches, read
from tests.without.proving import applies, copy_sources, prove

QUICK = [patch for patch in all_patches() if patch.test.startswith("tests/unit/")][::4]
"""Every fourth of those whose test takes no processes."""


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


@pytest.mark.xdist_group("without")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("patch", QUICK, ids=lambda patch: patch.name)
def test_without_its_line_the_test_of_a_promise_goes_red(patch: Patch, sources: Path) -> None:
    proof = prove(patch, sources)
    assert proof.red, proof.words


def test_a_patch_that_says_nothing_is_named(tmp_path: Path) -> None:
    from tests.without.patches import BadPatch

    for content, words in (
        ("Promise: one\n", "no diff"),
        ("Promise: one\n\ndiff --git a/x b/x\n", "lacks Said"),
        ("Promise: a\nSaid: b\nKeeps: c\nTest: tests/nowhere.py::test_a\n\ndiff --git a/x b/x\n+++ b/x\n", "not there"),
    ):
        path = tmp_path / "one.patch"
        path.write_text(content)
        with pytest.raises(BadPatch, match=words):
            read(path)
