"""Every registered driver is complete: facts, options, ledger, page, simulator, published frames."""

from pathlib import Path

import pytest

from dopusk.lab.bench.fuzz import golden_frames
from drivers.ledger import RULES
from drivers.registry import complete_options, driver, drivers, ledger
from drivers.spec import LineSettings, Transport
from simulators.catalogue import catalogue
from tests.contract.rig import SIMULATED, WITHOUT_CHECKSUM

ROOT = Path(__file__).parents[2]
NAMES = list(drivers())
FIRST_EIGHT = {
    "and_tm2655", "omron_hbp9030", "nonin", "contec_v7", "dingo_e200", "winsen_ze29a", "calex_pyrominibus", "lu90614",
}  # fmt: skip


def test_the_first_eight_and_the_two_general_ones_are_there() -> None:
    assert FIRST_EIGHT | {"modbus_profile", "manual_entry"} <= drivers().keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_says_what_it_is(name: str) -> None:
    spec = driver(name)
    assert spec.name == name
    assert all((spec.maker, spec.model, spec.source))
    makers = {
        Transport.SERIAL: spec.make_serial,
        Transport.MODBUS: spec.make_modbus,
        Transport.MANUAL: spec.make_manual,
    }
    assert makers.pop(spec.transport) is not None
    assert set(makers.values()) == {None}
    assert spec.line.baudrate > 0
    assert spec.line.parity in "NEO"
    assert spec.line.stopbits in (1, 2)


@pytest.mark.parametrize("name", NAMES)
def test_the_defaults_of_the_options_are_allowed(name: str) -> None:
    spec = driver(name)
    defaults = {key: option.default for key, option in spec.options.items()}
    assert complete_options(spec, defaults)[1] == []
    assert all(option.help for option in spec.options.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_gives_a_verdict_for_every_rule(name: str) -> None:
    assert tuple(ledger(name)) == RULES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_describes_it(name: str) -> None:
    page = (ROOT / "docs" / "devices" / f"{name}.md").read_text("utf-8")
    for option in driver(name).options:
        assert f"`{option}" in page, f"the page does not explain the option {option}"


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_devices_tells_the_same(name: str) -> None:
    spec = driver(name)
    listed = (ROOT / "docs" / "devices" / "README.md").read_text("utf-8")
    rows = [line for line in listed.splitlines() if line.startswith(f"| [{name}]")]
    assert len(rows) == 1, (
        f"docs/devices/README.md needs one row that begins with `| [{name}]({name}.md) |`, as the others have"
    )
    row = rows[0]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == (", ".join(spec.measures) or "as the profile says")
    assert cells[4] == ("yes" if spec.medical_device else "no")
    if name in SIMULATED:
        assert cells[2].endswith(f"{spec.line.baudrate} {spec.line.bytesize}{spec.line.parity}{spec.line.stopbits}")
        assert cells[3] == ("no" if name in WITHOUT_CHECKSUM else "yes")


@pytest.mark.parametrize("name", SIMULATED)
def test_a_simulator_has_the_situations_that_all_have(name: str) -> None:
    scenarios = catalogue()[name].SCENARIOS
    assert {"normal", "high", "silence", "stuck"} <= scenarios.keys()
    assert not scenarios["normal"]


@pytest.mark.parametrize("name", SIMULATED)
def test_published_frames_are_at_hand(name: str) -> None:
    frames = golden_frames(ROOT / "tests" / "golden" / "frames.toml")
    assert any(frame.driver == name and frame.is_result for frame in frames)


def test_those_without_a_checksum_are_known() -> None:
    assert set(SIMULATED) >= WITHOUT_CHECKSUM


LINES = {
    "accuniq_bp500": LineSettings(9600, 8, "N", 1),
    "and_ua767pc": LineSettings(9600, 8, "N", 1),
    "contec_legacy": LineSettings(19200, 8, "O", 1),
    "contec_v7": LineSettings(115200, 8, "N", 1),
    "lu90614": LineSettings(9600, 8, "N", 1),
    "masimo_ascii1": LineSettings(9600, 8, "N", 1),
    "nonin": LineSettings(9600, 8, "N", 1),
    "omron_hbp9030": LineSettings(9600, 8, "N", 1),
    "optris_ct": LineSettings(115200, 8, "N", 1),
}
"""The line of each model as its manual has it."""


@pytest.mark.parametrize("name", LINES)
def test_the_line_is_the_manuals(name: str) -> None:
    assert driver(name).line == LINES[name]
