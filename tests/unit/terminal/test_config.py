"""The configuration: the shipped example is right, and a broken file shows all its faults at once."""

from pathlib import Path

import pytest
import tomli_w

from drivers.config import ConfigError
from terminal.config import load_config

EXAMPLE = Path(__file__).resolve().parents[3] / "config" / "terminal.toml"


def test_the_shipped_example_is_right() -> None:
    config = load_config(EXAMPLE)
    assert [device.measures for device in config.device] == ["temperature", "pressure", "breath"]
    assert config.files.store == EXAMPLE.parent / "store" / "terminal.db"
    assert config.plan().repeats["pressure"].rest_s == 1200


def test_every_fault_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "terminal.toml"
    path.write_text(
        'version = "1"\n[identity]\nterminal_id = "Ü"\n[broker]\nport = 0\n[limits]\nversion = "1"\nentries = []\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    faults = "\n".join(caught.value.faults)
    for place in ("identity.terminal_id", "identity.org", "files", "broker.host", "broker.port", "limits.entries"):
        assert place in faults


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "terminal.toml"
    path.write_text("version = \n")
    with pytest.raises(ConfigError, match="line 1"):
        load_config(path)


RELAY = {"profile": "waveshare_v3", "exit_and_fire_release_are_apart": True}


def test_a_relay_may_not_share_the_line_of_a_device_by_another_name_either(tmp_path: Path) -> None:
    import tomllib

    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    line, by_id = tmp_path / "ttyUSB0", tmp_path / "by-id"
    line.touch()
    by_id.symlink_to(line)
    path = tmp_path / "terminal.toml"
    fields["device"][0]["port"] = str(line)
    path.write_text(tomli_w.dumps(fields | {"gate": RELAY | {"port": str(by_id)}}), encoding="utf-8")
    with pytest.raises(ConfigError, match="the relay needs a line of its own"):
        load_config(path)
    path.write_text(tomli_w.dumps(fields | {"gate": RELAY | {"port": str(tmp_path / "other")}}), encoding="utf-8")
    assert load_config(path).gate is not None


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"exam": {"steps": ["consent", "horoscope"]}}, "horoscope"),
        ({"device": []}, "no device measures temperature"),
        (
            {"limits": {"version": "1", "entries": [{"parameter": "x", "low": 2, "high": 1, "version": "1"}]}},
            "above high",
        ),
        ({"timeouts": {"asking_s": 0}}, "timeouts.asking_s"),
        ({"typo": 1}, "typo"),
        ({"media": {"keep_days": 29}}, "media.keep_days"),
        ({"film": {"least_free_mb": 100}}, "film.least_free_mb"),
        ({"film": {"codec": "h264"}}, "film.codec"),
        (
            {"gate": RELAY | {"port": "/dev/serial/by-id/usb-thermometer"}},
            "gate.port: the relay needs a line of its own",
        ),
        ({"camera": {"source": "vidio0"}}, "camera.source: camera source 'vidio0' is not understood"),
    ],
)
def test_faults_that_only_the_whole_shows(tmp_path: Path, change: dict[str, object], word: str) -> None:
    import tomllib

    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    path = tmp_path / "terminal.toml"
    path.write_text(tomli_w.dumps(fields | change), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert word in str(caught.value)


def test_a_wrong_camera_is_listed_with_the_other_faults_and_its_password_is_not(tmp_path: Path) -> None:
    import tomllib

    fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    fields["camera"]["source"] = "rtsp://kiosk:geheim@10.0.0.7/live"
    fields["broker"]["port"] = 0
    path = tmp_path / "terminal.toml"
    path.write_text(tomli_w.dumps(fields), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["broker.port", "camera.source"]
    assert "geheim" not in str(caught.value)
