"""`dopusk terminal check-config` lists every fault, and `run` refuses by the very same list."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from central.authority.pki import create_authority
from dopusk.terminal_check import check_terminal
from sync.contract.topics import TerminalAddress
from terminal.store.database import KeyFile, open_store
from terminal.store.store import TerminalStore
from tests.unit.terminal.test_config import EXAMPLE
from tests.waiting import LONGEST_S

PIN_HASH = "$argon2id$v=19$m=65536,t=3,p=4$AoIuv/1CIXHIhPrvBgkWkg$9VNQuMLhn9vOz3SQP/cfCrLuN9ED2+sH4J8LMRkY4q4"

Fields = dict[str, Any]


class Site:
    """A terminal's folder in which everything is right, until a test spoils it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys = folder, folder / "keys"
        self.keys.mkdir(parents=True)
        authority = create_authority(folder / "authority")
        issued = authority.issue_terminal("kiosk-01")
        self.signing_key = Ed25519PrivateKey.generate()
        pkcs8 = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = self.signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name, content in {
            "signing.key": self.signing_key.private_bytes(*pkcs8),
            "centre.pub": public,
            "ca.pem": authority.ca_pem,
            "terminal.pem": issued.certificate_pem,
            "terminal.key": issued.key_pem or b"",
            "snils.key": b"0" * 32,
        }.items():
            (self.keys / name).write_bytes(content)
        self.fields: Fields = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
        self.fields["service"] = {"pin_hash": PIN_HASH}
        self.fields["identity"]["generation"] = "test"

    @property
    def config(self) -> Path:
        path = self.folder / "terminal.toml"
        path.write_text(tomli_w.dumps(self.fields), encoding="utf-8")
        return path

    def device(self, number: int = 0) -> Fields:
        device: Fields = self.fields["device"][number]
        return device


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "kiosk")


def _write(name: str, content: bytes) -> Callable[[Site], None]:
    return lambda site: (site.keys / name).write_bytes(content) and None


def _set(section: str, **values: Any) -> Callable[[Site], None]:
    return lambda site: site.fields.setdefault(section, {}).update(values)


def _device(number: int = 0, **values: Any) -> Callable[[Site], None]:
    return lambda site: site.device(number).update(values)


def _remove(name: str) -> Callable[[Site], None]:
    return lambda site: (site.keys / name).unlink()


def _real_with_todo(site: Site) -> None:
    site.fields["identity"]["generation"] = "real"
    own = site.folder / "own.toml"
    shipped = Path(EXAMPLE).parent.parent / "drivers" / "profiles" / "ct100.toml"
    own.write_text(shipped.read_text("utf-8").replace('= "done"', '= "todo: try it"', 1), encoding="utf-8")
    site.device().update(driver="modbus_profile", options={"profile": str(own)})


def _store_of(terminal: str) -> Callable[[Site], None]:
    def make(site: Site) -> None:
        (site.folder / "store").mkdir()
        keys = KeyFile(site.keys / "master.key")
        address = TerminalAddress("zarya", terminal)
        path = site.folder / "store" / "terminal.db"
        TerminalStore(path, site.folder / "media", keys, site.signing_key, address, "test").close()

    return make


def _newer_store(site: Site) -> None:
    _store_of("kiosk-01")(site)
    with closing(
        open_store(site.folder / "store" / "terminal.db", KeyFile(site.keys / "master.key").master_key())
    ) as db:
        db.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('x', 'm999', '2030')")


FAULTS: dict[str, tuple[Callable[[Site], None], str]] = {
    "unknown driver": (_device(driver="dingo_e2OO"), "did you mean dingo_e200?"),
    "unknown option": (_device(options={"spead": "1"}), "spead"),
    "option that only the driver knows to be wrong": (
        _device(driver="lu90614", options={"steady_readings": "many"}),
        "steady_readings: 'many' is no number",
    ),
    "codec's option": (_device(driver="calex_pyrominibus", options={"block": "here"}), "'here' is no register"),
    "profile that is not there": (_device(driver="modbus_profile", options={"profile": "/no/such"}), "/no/such"),
    "driver of another quantity": (_device(driver="dingo_e200"), "does not measure temperature"),
    "ledger with something to do": (_real_with_todo, "to do"),
    "one port twice": (_device(1, port="/dev/serial/by-id/usb-breathalyzer"), "share the port"),
    "no signing key": (_remove("signing.key"), "files.signing_key"),
    "signing key of another kind": (_write("signing.key", b"-----BEGIN NOTHING-----"), "files.signing_key"),
    "no centre's key": (_remove("centre.pub"), "files.centre_key"),
    "centre's key that is none": (_write("centre.pub", b"x"), "files.centre_key"),
    "no trust anchor": (_set("files", trust_anchor="keys/nowhere.pem"), "files.trust_anchor"),
    "no medic roots": (_set("files", medic_roots="keys/nowhere.pem"), "files.medic_roots"),
    "empty medic roots": (_set("files", medic_roots="keys/signing.key"), "files.medic_roots"),
    "no SNILS key": (_remove("snils.key"), "files.snils_key"),
    "short master key": (_write("master.key", b"short"), "files.master_key"),
    "no authority": (_set("broker", ca_file="keys/nowhere.pem"), "broker.ca_file"),
    "no certificate": (_remove("terminal.pem"), "broker.cert_file"),
    "certificate of another key": (_set("broker", key_file="keys/signing.key"), "broker: certificate and key"),
    "authority that is none": (_set("broker", ca_file="keys/signing.key"), "broker: certificate and key"),
    "no host": (_set("broker", host=""), "broker.host"),
    "PIN instead of its hash": (_set("service", pin_hash="4711"), "service.pin_hash: no Argon2 hash"),
    "hash that was cut": (_set("service", pin_hash=PIN_HASH[:-50]), "service.pin_hash"),
    "unknown key": (_set("exam", setps=["consent"]), "exam.setps: there is no such key; did you mean steps?"),
    "unknown section": (_set("bioemtrics", search=True), "bioemtrics: there is no such key; did you mean biometrics?"),
    "unknown key of a device": (_device(verified_untill="2027-01-01"), "did you mean verified_until?"),
    "unknown step": (_set("exam", steps=["consent", "horoscope"]), "horoscope"),
    "search without a basis": (_set("biometrics", search=True), "biometrics.search"),
    "camera that is none": (_set("camera", source="vidio0"), "camera.source"),
    "store of another terminal": (_store_of("kiosk-77"), "it belongs to kiosk-77"),
    "store of a newer program": (_newer_store, "made by a newer program"),
    "store in a file": (_set("files", store="keys/ca.pem/terminal.db"), "files.store"),
}


def test_a_right_configuration_has_no_faults(site: Site) -> None:
    checked = check_terminal(site.config)
    assert (checked.faults, checked.remarks) == ((), ())
    assert checked.config is not None


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_listed(site: Site, name: str) -> None:
    spoil, words = FAULTS[name]
    spoil(site)
    checked = check_terminal(site.config)
    assert any(words in fault for fault in checked.faults), checked.faults
    assert "4711" not in str(checked.faults)
    assert checked.config is None


def test_an_engine_without_its_files_is_a_remark(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exams go on without a comparison of faces, so the terminal starts."""
    monkeypatch.setenv("DOPUSK_CACHE", str(tmp_path / "nothing"))
    site.fields["biometrics"] |= {"legal_basis": "приказ № 1", "engine": "sface"}
    checked = check_terminal(site.config)
    assert checked.faults == ()
    assert "dopusk face models" in checked.remarks[0]


def _together(site: Site) -> None:
    """As many faults at once as fit into one file, in sections that cannot be read and in those that can."""
    for name in (
        "unknown option",
        "no signing key",
        "no centre's key",
        "no SNILS key",
        "no certificate",
        "PIN instead of its hash",
        "unknown section",
        "unknown step",
        "camera that is none",
    ):
        FAULTS[name][0](site)
    site.device(1)["port"] = site.device(0)["port"]
    site.device(2)["driver"] = "dingo_e2OO"


def test_run_and_sync_refuse_by_the_list_that_check_config_prints(site: Site) -> None:
    _together(site)
    listed = _dopusk("terminal", "check-config", "-c", str(site.config), "--json")
    assert listed.returncode == 2
    faults = json.loads(listed.stdout.splitlines()[-1])["faults"]
    wanted = (
        "spead",
        "share the port",
        "signing_key",
        "centre_key",
        "snils_key",
        "cert_file",
        "pin_hash",
        "bioemtrics",
    )
    assert all(any(word in fault for fault in faults) for word in (*wanted, "horoscope", "camera.source", "e2OO"))
    for command in ("run", "sync", "check-config"):
        refused = _dopusk("terminal", command, "-c", str(site.config))
        assert refused.returncode == 2
        assert [line.strip() for line in refused.stderr.splitlines()[1:]] == faults
        assert "Traceback" not in refused.stderr


def _dopusk(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dopusk", *arguments], capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
