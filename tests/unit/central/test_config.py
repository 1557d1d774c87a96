"""`central.toml`: read whole or refused with every fault in one list."""

from pathlib import Path

import pytest

from central.core.config import ConfigError, load_config
from central.keeping.installation import Choices, create_secrets, write_config


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    folder = tmp_path / "centre"
    create_secrets(folder)
    write_config(folder, Choices("test", 8883, 8080))
    return folder / "central.toml"


def test_relative_paths_are_relative_to_the_file(
    installed: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(installed)
    assert config.store_url == f"sqlite:///{installed.parent / 'central.db'}"
    assert config.mqtt.ca_file == installed.parent / "authority" / "ca.pem"
    assert config.mqtt.ca_file.exists()


@pytest.mark.parametrize("generation", ["real", "demo", "test"])
def test_only_real_records_are_behind_a_second_factor_and_only_tests_knock_without_limit(
    tmp_path: Path, generation: str
) -> None:
    create_secrets(tmp_path / "made")
    config = write_config(tmp_path / "made", Choices(generation, 8883, 8080))  # type: ignore[arg-type]
    assert bool(config.accounts.second_factor_roles) == (generation == "real")
    assert (config.rates.api_per_minute > 1000) == (generation == "test")


def test_all_faults_are_listed_together(installed: Path) -> None:
    text = installed.read_text(encoding="utf-8")
    text = text.replace("generation = ", "colour = 1\ngeneration = ").replace("port = 8883", "port = 99999999")
    text = text.replace("sqlite:///central.db", "mysql://x").replace('session_secret_file = "session.secret"\n', "")
    installed.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(installed)
    places = {fault.split(":")[0] for fault in refused.value.faults}
    assert places == {"colour", "mqtt.port", "store_url", "keys.session_secret_file"}


@pytest.mark.parametrize("text", ["not toml [", ""])
def test_a_broken_file_is_refused(installed: Path, text: str) -> None:
    installed.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_config(installed)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "central.toml")


def test_secrets_are_for_their_owner_only(installed: Path) -> None:
    for name in ("centre.key", "signing.key", "session.secret", "snils.secret", "authority/ca.key"):
        assert (installed.parent / name).stat().st_mode & 0o077 == 0


def test_an_installation_is_not_replaced(installed: Path) -> None:
    before = (installed.parent / "authority" / "ca.pem").read_bytes()
    with pytest.raises(FileExistsError):
        create_secrets(installed.parent)
    assert (installed.parent / "authority" / "ca.pem").read_bytes() == before


def test_nobody_signs_for_half_a_minute(installed: Path) -> None:
    section = '[timestamp]\nurl = "http://tsa.example/tsp"\nca_file = "tsa.pem"\ntimeout_s = {}\n'
    text = installed.read_text(encoding="utf-8")
    installed.write_text(text + section.format(30), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_config(installed)
    assert refused.value.faults == ["timestamp.timeout_s: Input should be less than or equal to 10"]
    installed.write_text(text + section.format(10), encoding="utf-8")
    assert load_config(installed).timestamp is not None
