"""The configuration of devices: read once, every fault told."""

from pathlib import Path

import pytest

from drivers.config import ConfigError, load_devices
from drivers.errors import DeviceError, NoResponse
from drivers.model import Act, Measures

GOOD = """
[[device]]
id = "cuff"
driver = "and_tm2655"
measures = "pressure"
port = "/dev/serial/by-id/usb-cuff"
verified_until = 2027-06-30
options = { bcc = "warn" }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "devices.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (device,) = load_devices(written(tmp_path, GOOD))
    assert (device.id, device.measures, device.options) == ("cuff", Measures.PRESSURE, {"bcc": "warn"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + GOOD, ["device.cuff: this id is used more than once"]),
        (
            GOOD.replace('"pressure"', '"height"').replace('id = "cuff"', 'id = "Cuff 1"'),
            ["device.0.measures", "device.0.id"],
        ),
        (GOOD + 'colour = "red"', ["device.0.colour"]),
        (GOOD + "unit = 300", ["device.0.unit"]),
        (GOOD + 'parity = "X"', ["device.0.parity"]),
        ("[[device]", ["Expected"]),
    ],
)
def test_all_faults_are_told_with_their_place(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_devices(written(tmp_path, text))
    assert all(any(one in fault for fault in caught.value.faults) for one in told), caught.value.faults


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.toml"):
        load_devices(tmp_path / "nothing.toml")


def test_an_error_says_who_must_act_and_may_not_be_vague() -> None:
    assert NoResponse("silent").act is Act.SERVICE
    assert NoResponse("silent", code="timeout", act=Act.WORKER).code == "timeout"
    with pytest.raises(TypeError, match="abstract"):
        DeviceError("something")
