"""Which worker runs which test: a module stays with one worker, and what takes long begins first.

pytest-xdist writes the group of `xdist_group` where this pytest no longer looks, so the groups are made here.
"""

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

FOLDERS_IN_ORDER = ("e2e", "ui", "integration", "contract", "unit")
"""Those that run whole processes first: at the end of a run only quick tests are left to share out."""

TEST_BY_TEST = ("tests/e2e/", "tests/integration/torture/")
"""Where each test makes everything for itself and takes long: any worker may take the next one."""

FUNCTION_BY_FUNCTION = ("tests/ui/console/test_every_page.py",)
"""Where the cases of one function share what they have seen, and the functions nothing."""


def group_of(nodeid: str) -> str:
    """The tests that one worker runs one after the other: those of a module, so that its fixtures are made once."""
    if nodeid.startswith(TEST_BY_TEST):
        return nodeid
    return nodeid.split("[", 1)[0] if nodeid.startswith(FUNCTION_BY_FUNCTION) else nodeid.split("::", 1)[0]


def place_of(group: str) -> int:
    """The sooner the smaller. A folder that nobody named comes last."""
    folder = PurePosixPath(group.split("::", 1)[0]).parts[1]
    return FOLDERS_IN_ORDER.index(folder) if folder in FOLDERS_IN_ORDER else len(FOLDERS_IN_ORDER)


class ModuleScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Hands out modules, and the long tests one by one."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        first = min(self.workqueue, key=place_of)
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ModuleScheduling:
    """The one that pytest-xdist asks for, whatever `--dist` says."""
    return ModuleScheduling(config, log)
