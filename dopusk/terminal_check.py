"""All that is wrong with a terminal's configuration, found in one place: `check-config` lists it, `run` and `sync` refuse it.

What the file itself says is judged by `terminal.config`, devices by their drivers; here also what stands behind it on the disk.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cryptography import x509

from dopusk.keys import centre_key_of, signing_key_of
from drivers.config import ConfigError
from drivers.registry import attach
from drivers.relay_profile import relay_of
from sync.broker_address import BrokerAddress, LinkFilesError
from terminal.config import Biometrics, Broker, Files, Gate, Identity, TerminalConfig, read_config
from terminal.decision_check import load_anchor
from terminal.store.database import KeyFile, StoreError, connect, is_current

ENROL = "get a one-time code from the centre's administrator and run `dopusk terminal enrol`"


@dataclass(frozen=True, slots=True)
class Checked:
    """`faults` keep the terminal from starting; with `remarks` it starts, and what they name will not work."""

    config: TerminalConfig | None
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def check_terminal(path: Path) -> Checked:
    """Read the configuration and look at everything that it names, but devices and network. Changes nothing."""
    read = read_config(path)
    faults, remarks = list(read.faults), list[str]()
    identity, files = read.sections.get("identity"), read.sections.get("files")
    faults += _device_faults(read.sections)
    if files is not None:
        faults += _file_faults(files)
        store_faults, store_remarks = _store_faults(files, identity)
        faults += store_faults
        remarks += store_remarks
    if (broker := read.sections.get("broker")) is not None:
        faults += _link_faults(broker)
    if (gate := read.sections.get("gate")) is not None:
        gate_faults, gate_remarks = _gate_faults(gate)
        faults += gate_faults
        remarks += gate_remarks
    if (biometrics := read.sections.get("biometrics")) is not None:
        remarks += _engine_faults(biometrics)
    return Checked(None if faults else read.config, tuple(faults), tuple(remarks))


def _device_faults(sections: Any) -> list[str]:
    identity = sections.get("identity")
    production = identity is None or identity.generation == "real"
    try:
        attach(sections.get("device", ()), production=production)
    except ConfigError as error:
        return error.faults
    return []


def _gate_faults(gate: Gate) -> tuple[list[str], list[str]]:
    """A board that nobody knows, or that has no such relay; and one that may stay on when the kiosk dies."""
    try:
        profile = relay_of(gate.profile)
    except ConfigError as error:
        return error.faults, []
    if gate.relay > profile.coils.count:
        return [f"gate.relay: {profile.model} has relays 1 to {profile.coils.count}"], []
    if profile.ends_by_itself:
        return [], []
    return [], [
        f"gate.profile: {profile.model} stays on when the kiosk loses power meanwhile; take a board with a pulse"
    ]


def _file_faults(files: Files) -> Iterator[str]:
    """Keys and certificates that are missing or are something else than they should be."""
    yield from _fault_of("files.signing_key", files.signing_key, signing_key_of)
    yield from _fault_of("files.centre_key", files.centre_key, centre_key_of)
    yield from _fault_of("files.trust_anchor", files.trust_anchor, load_anchor)
    if files.medic_roots is not None:
        yield from _fault_of(
            "files.medic_roots", files.medic_roots, _load_roots, "copy the roots of that authority there"
        )
    if files.snils_key is not None:
        yield from _fault_of(
            "files.snils_key", files.snils_key, _load_snils_key, "copy the centre's key there, or leave it out"
        )
    if files.master_key.exists():
        try:
            KeyFile(files.master_key).master_key()
        except StoreError as error:
            yield f"files.master_key: {error}; without the right one the store cannot be read"
    else:
        yield from _unwritable("files.master_key", files.master_key.parent)
    yield from _unwritable("files.store", files.store.parent)
    yield from _unwritable("files.media", files.media)


def _fault_of(place: str, path: Path, load: Callable[[Path], object], act: str = ENROL) -> Iterator[str]:
    try:
        path.read_bytes()
        load(path)
    except FileNotFoundError:
        yield f"{place}: {path} is not there; {act}"
    except ConfigError as error:
        yield f"{place}: {path}: {'; '.join(error.faults)}; {act}"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds something else, or is damaged"
        yield f"{place}: {path} cannot be used: {reason}; {act}"


def _load_roots(path: Path) -> None:
    x509.load_pem_x509_certificates(path.read_bytes())


def _load_snils_key(path: Path) -> None:
    if not path.read_bytes():
        raise ValueError("empty")


def _unwritable(place: str, folder: Path) -> Iterator[str]:
    """A folder that is not there is made; what it is made in must let us."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        yield f"{place}: {there} is no folder; name another one"
    elif not os.access(there, os.W_OK | os.X_OK):
        yield f"{place}: nothing can be written in {there}; give the folder to the user of the service"


def _store_faults(files: Files, identity: Identity | None) -> tuple[list[str], list[str]]:
    """A store that is there must be this terminal's, of this key and of no newer program."""
    if not files.store.is_file() or not files.master_key.exists():
        return [], []
    try:
        master = KeyFile(files.master_key).master_key()
        with closing(connect(files.store, master, busy_timeout_s=2.0)) as db:
            is_current(db, str(files.store))
            owner = db.execute("SELECT terminal_id, org FROM identity").fetchone() if db["identity"].exists() else None
    except StoreError as error:
        if error.code == "damaged":
            return [], [f"files.store: {error}; it will be set aside at the start, see `dopusk terminal recover`"]
        return ([] if error.code == "wrong_key" else [f"files.store: {error}"]), []
    if owner is not None and identity is not None and tuple(owner) != (identity.terminal_id, identity.org):
        told = f"it belongs to {owner[0]} of {owner[1]}, and this is {identity.terminal_id} of {identity.org}"
        return [f"files.store: {told}; move the store away or give the terminal its own keys again"], []
    return [], []


def _link_faults(broker: Broker) -> Iterator[str]:
    names = ("ca_file", "cert_file", "key_file")
    unreadable = [fault for name in names for fault in _fault_of(f"broker.{name}", getattr(broker, name), bool)]
    yield from unreadable
    if unreadable:
        return
    try:
        BrokerAddress(broker.host, broker.port, broker.ca_file, broker.cert_file, broker.key_file).tls()
    except LinkFilesError as error:
        yield f"broker: {error}"


def _engine_faults(biometrics: Biometrics) -> Iterator[str]:
    """Faces that could not be compared, searched or looked at; exams go on without."""
    if not biometrics.legal_basis.strip() and not biometrics.liveness:
        return
    if biometrics.engine == "sface" and biometrics.legal_basis.strip():
        from terminal.face.engines.choose import models_folder
        from terminal.face.engines.fetching import MODELS, is_in_place

        folder = models_folder()
        absent = [model.name for model in MODELS if not is_in_place(model, folder)]
        if absent:
            yield f"biometrics.engine: {', '.join(absent)} not in {folder}; run `dopusk face models` as the user of the service"
    if biometrics.engine == "dlib" or biometrics.liveness:
        packages = [name for name in ("dlib", "face_recognition_models") if find_spec(name) is None]
        if packages:
            yield f"biometrics: the packages {', '.join(packages)} are not installed; install dopusk's packages anew"
