"""Quality ledgers: every fault is told; a `todo` keeps a driver out of production."""

from importlib.resources import files
from pathlib import Path

import pytest

from drivers.config import ConfigError, DeviceConfig
from drivers.ledger import RULES, check_ledger, todos
from drivers.registry import attach

GOOD = dict.fromkeys(RULES, "done")


def test_a_complete_ledger_is_returned_in_order() -> None:
    assert check_ledger("x.toml", {"rules": GOOD}) == GOOD


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({}, "the table [rules] is missing"),
        ({"rules": GOOD | {"noise": "perhaps"}}, "rules.noise: must be"),
        ({"rules": GOOD | {"noise": "todo:"}}, "rules.noise: must be"),
        ({"rules": GOOD | {"noise": "exempt"}}, "rules.noise: must be"),
        ({"rules": GOOD | {"colour": "done"}}, "rules.colour: unknown rule"),
        ({"rules": {key: value for key, value in GOOD.items() if key != "noise"}}, "rules.noise: missing"),
        ({"rules": GOOD, "more": 1}, "more: only the table"),
    ],
)
def test_faults_of_a_ledger(content: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_ledger("x.toml", content)
    assert any(told in fault for fault in caught.value.faults)


def test_todos_are_named() -> None:
    assert todos(GOOD | {"noise": "todo: no capture yet", "simulator": "exempt: none"}) == ["noise"]


def test_a_driver_with_a_todo_is_refused_in_production() -> None:
    config = DeviceConfig.model_validate({"id": "a", "driver": "ct100", "measures": "temperature", "port": "/dev/a"})
    assert attach([config])
    with pytest.raises(ConfigError, match=r"device\.a: the ledger of ct100 has capture_from_real_unit to do"):
        attach([config], production=True)


def test_the_first_devices_may_go_into_production() -> None:
    configs = [
        DeviceConfig.model_validate({"id": "a", "driver": "and_tm2655", "measures": "pressure", "port": "/dev/a"}),
        DeviceConfig.model_validate({"id": "b", "driver": "dingo_e200", "measures": "breath", "port": "/dev/b"}),
    ]
    assert len(attach(configs, production=True)) == 2


def test_a_profile_of_the_site_brings_its_own_ledger(tmp_path: Path) -> None:
    content = files("drivers").joinpath("profiles/calex_pyrominibus.toml").read_text("utf-8")
    path = tmp_path / "site.toml"
    config = DeviceConfig.model_validate(
        {"id": "a", "driver": "modbus_profile", "measures": "temperature", "port": "/dev/a"}
        | {"options": {"profile": str(path)}}
    )
    path.write_text(content, "utf-8")
    assert attach([config], production=True)
    path.write_text(content.replace('noise = "done"', 'noise = "todo: not tried"'), "utf-8")
    with pytest.raises(ConfigError, match=r"device\.a: the ledger of calex_pyrominibus has noise to do"):
        attach([config], production=True)
    path.write_text(content[: content.index("[ledger]")], "utf-8")
    with pytest.raises(ConfigError, match=r"the table \[rules\] is missing"):
        attach([config], production=True)
