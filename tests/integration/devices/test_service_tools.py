"""The service engineer's tools against simulated devices: find, check, record, decode, simulate."""

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dopusk.commands import devices as commands
from dopusk.commands import terminal_devices
from dopusk.lab.commands.simulate import simulate
from drivers.config import DeviceConfig
from drivers.discovery import ReadOnlyBus, discover
from drivers.inspection import Inspected, inspect
from drivers.model import Measures
from drivers.recorder import record
from drivers.registry import attach
from simulators.bench import Bench
from simulators.control import BenchClient, Control
from tests.contract.replay import replay
from tests.contract.rig import SIMULATED
from tests.integration.devices.desk import configured, measured_by
from tests.waiting import LONGEST_S

SPEED = 20.0
CANNOT_BE_ASKED = {"and_tm2655", "and_ua767pc", "lu90614", "omron_hbp9030"}

app = typer.Typer()
app.command("devices")(commands.devices)
app.command("decode")(commands.decode)
app.command("check")(terminal_devices.check)
app.command("find")(terminal_devices.find)
app.command("record")(terminal_devices.record)
app.command("simulate")(simulate)


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", [name for name in SIMULATED if name not in CANNOT_BE_ASKED])
def test_each_device_that_can_be_asked_is_found_on_its_port(tmp_path: Path, name: str) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", name)
        bench.start()
        found = list(discover([bench.port("device")], [name]))
        assert [one.driver for one in found] == [name]
        assert found[0].identity is not None


def test_a_stranger_and_a_missing_port_are_told_apart(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", "calex_pyrominibus", scenario="wrong_device")
        bench.start()
        assert list(discover([bench.port("device")], ["calex_pyrominibus"])) == []
        (missing,) = discover([str(tmp_path / "nothing")], ["dingo_e200"])
        assert "the port is not there" in missing.problem


def checked(bench: Bench, config: DeviceConfig) -> Inspected:
    (found,) = inspect([config], date(2026, 7, 1))
    return found


def test_a_check_tells_identity_self_test_and_days_left(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("thermometer", "calex_pyrominibus")
        bench.start()
        config = configured(bench, thermometer="calex_pyrominibus")[0]
        found = checked(bench, config.model_copy(update={"verified_until": date(2026, 7, 31)}))
        assert (found.found, found.self_test, found.verification_days_left, found.problem) == (True, "passed", 30, "")
        assert found.identity is not None
        assert found.identity.serial_number == "123456"
        found = checked(bench, config.model_copy(update={"verified_until": date(2026, 6, 30)}))
        assert (found.code, found.act) == ("verification_expired", "service")
        bench.scenario("thermometer", "error_sensor_too_hot")
        found = checked(bench, config)
        assert (found.found, found.self_test, found.code) == (True, "failed", "sensor_too_hot")
        bench.scenario("thermometer", "wrong_device")
        found = checked(bench, config)
        assert (found.code, found.act, found.identity) == ("wrong_device", "service", None)
        bench.unplug("thermometer")
        found = checked(bench, config)
        assert (found.found, found.code) == (False, "not_found")


def test_the_check_command_reads_a_configuration(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("breathalyzer", "dingo_e200")
        bench.start()
        config = tmp_path / "devices.toml"
        device = f'[[device]]\nid = "breath"\ndriver = "dingo_e200"\nmeasures = "breath"\nport = "{bench.port("breathalyzer")}"\n'
        config.write_text(device, "utf-8")
        code, out, _ = run("check", "--config", str(config))
        assert code == 0
        assert out.startswith("[1/1] breath (dingo_e200)")
        assert out.rstrip().endswith("ready")
        config.write_text(
            device + device.replace('"breath"\ndriver', '"gone"\ndriver').replace(tmp_path.name, "nowhere"), "utf-8"
        )
        code, out, _ = run("check", "--config", str(config), "--json")
        assert code == 1
        assert [row["code"] for row in json.loads(out)] == ["", "not_found"]
        config.write_text(device.replace("dingo_e200", "dongo"), "utf-8")
        code, _, told = run("check", "--config", str(config))
        assert code == 2
        assert "device.breath: dongo: no such driver" in told


@pytest.mark.parametrize("name", SIMULATED)
def test_a_recording_replays_without_editing(tmp_path: Path, name: str) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", name)
        bench.start()
        config = DeviceConfig(id="device", driver=name, measures=measured_by(name), port=bench.port("device"))
        path = tmp_path / "first-visit.jsonl"
        outcome = record(attach([config])[0], path, 60.0, {})
        assert outcome["values"]
    found, recorded = replay(path)
    assert found == recorded == json.loads(json.dumps(outcome))


@pytest.mark.parametrize(
    ("name", "scenario", "code"),
    [
        ("dingo_e200", "error_flow", "flow"),
        ("calex_pyrominibus", "silence", "no_response"),
        ("ct100", "busy", "modbus_6"),
    ],
)
def test_a_failed_session_is_a_recording_too(tmp_path: Path, name: str, scenario: str, code: str) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", name, scenario=scenario)
        bench.start()
        config = DeviceConfig(id="device", driver=name, measures=measured_by(name), port=bench.port("device"))
        path = tmp_path / "visit.jsonl"
        assert record(attach([config])[0], path, 60.0, {})["code"] == code
    found, recorded = replay(path)
    assert found == recorded


def test_what_has_no_line_cannot_be_recorded(tmp_path: Path) -> None:
    code, _, told = run("record", "manual_entry", "manual", "--out", str(tmp_path / "visit.jsonl"))
    assert code == 2
    assert "has no line to record" in told


def test_a_probe_cannot_write() -> None:
    class Untouched:
        def read_registers(self, *_: object, **__: object) -> None:
            raise AssertionError("nobody reads here")

    with pytest.raises(PermissionError, match="must not write register 16"):
        ReadOnlyBus(Untouched()).write_register(1, 16, 1)


def test_a_recording_covers_what_is_personal(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", "omron_hbp9030")
        bench.change("device", subject="4607112233445566")
        bench.start()
        config = DeviceConfig(
            id="device", driver="omron_hbp9030", measures=Measures.PRESSURE, port=bench.port("device")
        )
        path = tmp_path / "visit.jsonl"
        record(attach([config])[0], path, 60.0, {})
        assert b"4607112233445566".hex() not in path.read_text("utf-8")


def test_a_recording_is_never_overwritten(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("device", "lu90614")
        bench.start()
        path = tmp_path / "first-visit.jsonl"
        assert run("record", "lu90614", bench.port("device"), "--out", str(path))[0] == 0
        code, _, told = run("record", "lu90614", bench.port("device"), "--out", str(path))
        assert code == 2
        assert "is there already" in told


def test_the_list_of_drivers_is_complete_in_both_forms() -> None:
    code, out, _ = run("devices", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert code == 0
    assert rows["calex_pyrominibus"]["medical_device"] is False
    assert rows["and_tm2655"]["measures"] == ["pressure"]
    assert all({"maker", "model", "measures", "transport", "source", "ledger"} <= row.keys() for row in rows.values())
    code, out, _ = run("devices")
    assert code == 0
    assert all(name in out for name in rows)


@pytest.mark.parametrize(
    ("arguments", "code", "kinds"),
    [
        (["dingo_e200", "--hex", "24 52 3A 46 41 49 4C 0D 0A"], 0, ["measurement"]),
        (["dingo_e200", "--hex", "0x24,0x52,0x3A,0x46,0x41,0x49,0x4C,0x0D,0x0A", "--no-session"], 0, ["rejected"]),
        (["dingo_e200", "--hex", "24 52 3A 46"], 1, ["frame_error"]),
        (["calex_pyrominibus", "--registers", "365 360 367 366 366 281 0"], 0, ["measurement"]),
        (["calex_pyrominibus", "--registers", "365 360 367 366 366 281 0x1"], 0, ["fault"]),
        (
            ["calex_pyrominibus", "--hex", "0103020 16E3838".replace(" ", ""), "--option", "block=0x0E"],
            0,
            ["measurement"],
        ),
        (["omron_hbp9030", "--hex", ""], 0, []),
    ],
)
def test_decode_prints_one_object_for_each_thing_found(arguments: list[str], code: int, kinds: list[str]) -> None:
    got, out, _ = run("decode", *arguments, "--json")
    assert [json.loads(line)["kind"] for line in out.splitlines()] == kinds
    assert got == code


def test_decode_reads_standard_input_and_speaks_to_people() -> None:
    code, out, _ = run("decode", "dingo_e200", "--hex", "-", stdin="24 52 3A 30 2E 34 31 32\n0D 0A\n")
    assert code == 0
    assert out == "measurement: breath_alcohol_mg_per_l=0.412\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody", "--hex", "00"], "nobody: no such driver"),
        (["dingo_e200", "--hex", "0G"], "is not hexadecimal"),
        (["dingo_e200", "--hex", "00", "--option", "unit"], "write it as key=value"),
        (["dingo_e200", "--hex", "00", "--option", "unit=pint"], "'pint' is none of"),
        (["dingo_e200", "--hex", "00", "--option", "colour=red"], "has no such option"),
        (["calex_pyrominibus", "--hex", "00", "--option", "block=first"], "block: 'first' is no register"),
        (["calex_pyrominibus", "--registers", "70000"], "0 to 65535"),
        (["modbus_profile", "--hex", "00"], "say which profile"),
    ],
)
def test_bad_input_is_told(arguments: list[str], told: str) -> None:
    code, out, err = run("decode", *arguments)
    assert (code, out) == (2, "")
    assert told in err


def test_the_bench_is_steered_from_another_process(tmp_path: Path) -> None:
    with Bench(tmp_path, SPEED) as bench:
        bench.add("breathalyzer", "dingo_e200")
        bench.start()
        control = Control(bench, tmp_path / "control")
        control.start()
        with BenchClient(tmp_path / "control") as client:
            client.scenario("breathalyzer", "high")
            assert client.look("breathalyzer")["alcohol"] == "0.412"
            client.change("breathalyzer", alcohol="0.300")
            client.wait("breathalyzer", "phase", "idle", LONGEST_S)
            assert client.port("breathalyzer") == bench.port("breathalyzer")
            for wrong in ({"name": "nobody"}, {"name": "breathalyzer", "scenario": "nonsense"}):
                with pytest.raises(ValueError, match=r"nobody|nonsense"):
                    client.ask("scenario", **({"scenario": "high"} | wrong))
            client.unplug("breathalyzer")
            assert not Path(bench.port("breathalyzer")).exists()
            client.replug("breathalyzer")
            assert Path(bench.port("breathalyzer")).exists()
        control.close()


def test_simulate_prints_its_port_and_ends_when_told(tmp_path: Path) -> None:
    program = "import sys, typer; from dopusk.lab.commands.simulate import simulate; typer.run(simulate)"
    arguments = [
        sys.executable,
        "-c",
        program,
        "calex_pyrominibus",
        "--scenario",
        "high",
        "--folder",
        str(tmp_path),
        "--json",
    ]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."}
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        (found,) = discover([told["port"]], ["calex_pyrominibus"])
        assert found.identity is not None
        with BenchClient(Path(told["control"])) as client:
            assert client.look("calex_pyrominibus")["forehead_celsius"] == 38.4
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONGEST_S) == 0
    assert not list(tmp_path.iterdir())


def test_simulate_refuses_what_it_does_not_know() -> None:
    assert run("simulate", "nobody")[0] == 2
    assert run("simulate", "dingo_e200", "--scenario", "nonsense")[0] == 2
    assert "dingo_e200" in run("simulate", "list")[1]
