"""The gate of `make coverage`: below its floor, without a floor, gone. What it measures is measured by `make coverage`."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.covered.__main__ import ROOT, main
from tests.covered.shares import faults, package_of, read_floors, shares, written


def _report(**files: tuple[int, int]) -> dict[str, Any]:
    return {
        "files": {
            f"{name.replace('__', '/')}.py": {"summary": {"covered_lines": ran, "num_statements": there}}
            for name, (ran, there) in files.items()
        }
    }


def test_a_room_of_the_centre_is_a_package_of_its_own() -> None:
    assert package_of("central/people/registry.py") == "central.people"
    assert package_of("central/__init__.py") == "central"
    assert package_of("drivers/nibp/core.py") == "drivers"


def test_a_share_is_that_of_all_statements_of_the_package() -> None:
    report = _report(drivers__a=(90, 90), drivers__b__c=(0, 10), central__people__d=(1, 2), central__empty=(0, 0))
    assert shares(report) == {"drivers": 90.0, "central.people": 50.0}


def test_below_the_floor_without_one_and_gone_are_faults() -> None:
    measured = {"drivers": 89.9, "sync": 97.0, "signer": 50.0}
    found = list(faults(measured, {"drivers": 90, "sync": 97, "lost": 1}))
    assert [fault.split(" ", 1)[0].rstrip(":") for fault in found] == ["drivers", "signer", "lost"]
    assert "89.9" in found[0]


def test_writing_raises_a_floor_and_never_lowers_one() -> None:
    said = written({"drivers": 91.9, "sync": 80.0}, {"drivers": 90, "sync": 85})
    assert '"drivers" = 91' in said
    assert '"sync" = 85' in said


def test_every_measured_package_has_its_floor() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name for name in settings["tool"]["coverage"]["run"]["source_pkgs"] if name != "central"}
    rooms = {f"central.{folder.parent.name}" for folder in (ROOT / "central").glob("*/__init__.py")}
    assert read_floors().keys() == packages | rooms


@pytest.mark.parametrize(("less", "code"), [(0, 0), (1, 1)])
def test_the_command_ends_with_the_verdict(tmp_path: Path, less: int, code: int) -> None:
    files = {
        name.replace(".", "/") + "/x.py": {"summary": {"covered_lines": floor, "num_statements": 100}}
        for name, floor in read_floors().items()
    }
    files["drivers/x.py"]["summary"]["covered_lines"] -= less
    (tmp_path / "report.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    assert main(["--report", str(tmp_path / "report.json")]) == code
