"""Lines and the bench: what bad lines do to bytes, what the back door refuses, what scenarios reset."""

from pathlib import Path

import pytest

from simulators.bench import Bench
from simulators.calex_pyrominibus import CalexModel
from simulators.catalogue import catalogue
from simulators.dingo_e200 import DingoModel
from simulators.lines import SITUATIONS, Wire
from simulators.model import apply_scenario
from tests.waiting import LONGEST_S

FRAME = b"$R:0.000\r\n"


def carried(situation: str, seed: int = 1, frames: int = 50) -> bytes:
    wire = Wire(situation, seed)
    arrived = b"".join(wire.carry(FRAME, 0.05) for _ in range(frames))
    while wire.busy:
        arrived += wire.carry(b"", 0.4)
    return arrived


@pytest.mark.parametrize("situation", ["perfect", "split", "delays"])
def test_these_lines_lose_nothing(situation: str) -> None:
    assert carried(situation) == FRAME * 50


@pytest.mark.parametrize("situation", ["loss", "noise"])
def test_these_lines_damage_and_do_so_again_with_the_same_seed(situation: str) -> None:
    assert carried(situation) != FRAME * 50
    assert carried(situation) == carried(situation)
    assert carried(situation, seed=2) != carried(situation)


def test_a_split_line_hands_over_single_bytes() -> None:
    wire = Wire("split")
    assert wire.carry(FRAME, 0.01) == FRAME[:1]
    assert wire.busy


@pytest.mark.parametrize("name", catalogue())
def test_a_scenario_leaves_nothing_of_the_one_before(name: str) -> None:
    model = catalogue()[name]()
    fresh = dict(vars(catalogue()[name]()))
    for scenario in type(model).SCENARIOS:
        apply_scenario(model, scenario)
        for field, value in type(model).SCENARIOS[scenario].items():
            assert getattr(model, field) == value
    apply_scenario(model, "normal")
    touched = {field for overrides in type(model).SCENARIOS.values() for field in overrides}
    assert {field: getattr(model, field) for field in touched} == {field: fresh[field] for field in touched}


def test_a_line_in_retry_loses_the_beginning_only() -> None:
    arrived = carried("retry")
    assert arrived
    assert (FRAME * 50).endswith(arrived)
    assert len(arrived) < len(FRAME * 50)


def test_an_unknown_scenario_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"dingo_e200: unknown scenario 'drunk', there are: .*high"):
        apply_scenario(DingoModel(), "drunk")


def test_the_bench_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.add("breathalyzer", "dingo_e200")
        for wrong in (
            lambda: bench.add("other", "nobody"),
            lambda: bench.add("breathalyzer", "dingo_e200"),
            lambda: bench.add("other", "dingo_e200", transport="pigeon"),
            lambda: bench.scenario("nobody", "normal"),
            lambda: bench.scenario("breathalyzer", "nonsense"),
            lambda: bench.line("breathalyzer", "nonsense"),
            lambda: bench.change("breathalyzer", colour="red"),
            lambda: bench.change("breathalyzer", _outbox=b""),
        ):
            with pytest.raises(ValueError, match=r"nobody|breathalyzer|pigeon|nonsense|colour|_outbox"):
                wrong()
        with pytest.raises(TimeoutError, match="breathalyzer: not as wanted"):
            bench.wait_for("breathalyzer", lambda model: model.tests > 0, 0.01)
    with pytest.raises(ValueError, match="speed"):
        Bench(tmp_path, 0)


def test_a_link_keeps_its_name_and_changes_its_target(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        link = Path(bench.port("thermometer"))
        assert link.resolve().is_char_device()
        bench.unplug("thermometer")
        assert not link.is_symlink()
        bench.replug("thermometer")
        assert link.resolve().is_char_device()
    assert not link.is_symlink()


def test_in_unplug_the_cable_comes_back_by_itself(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        model = CalexModel()
        bench.add_model("thermometer", model)
        bench.start()
        bench.scenario("thermometer", "unplug")
        link = Path(bench.port("thermometer"))
        assert not link.is_symlink()
        bench.wait_for("thermometer", lambda _: link.is_symlink(), LONGEST_S)
        bench.scenario("thermometer", "unplug")
        bench.scenario("thermometer", "normal")
        assert link.is_symlink()


def test_situations_of_the_line_leave_the_device_in_normal(tmp_path: Path) -> None:
    with Bench(tmp_path) as bench:
        model = CalexModel()
        bench.add_model("thermometer", model)
        bench.scenario("thermometer", "high")
        assert model.forehead_celsius == 38.4
        for situation in set(SITUATIONS) - {"retry"}:
            bench.scenario("thermometer", situation)
            assert model.forehead_celsius == 36.6
