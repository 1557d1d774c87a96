"""Acts of destruction as files beside the media: with their signatures they prove themselves, whatever store is restored.

A backup from before a deletion knows nothing of its act. The files bring the act back into the store, as it was signed; what an act
names goes again, and nothing else does.
"""

import base64
import binascii
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

from central.core.trust import Trust
from central.deciding.act_signing import act_signed_by
from central.store.acts import SIGNATURES_NEEDED, Act, ActSignature
from sync.contract.canonical import canonical
from sync.contract.model import utc_text

ACT_FILE_SCHEMA = "dopusk.act_file/1"


class ActFiles:
    """The folder of acts. A file appears under its name complete or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, item: Act, signatures: Sequence[ActSignature]) -> None:
        """Store an act with its signatures; the same one twice is written once. Raises `OSError`."""
        path = self._folder / f"{item.act_id}.json"
        if path.exists():
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "schema": ACT_FILE_SCHEMA,
            "record": base64.b64encode(item.record).decode("ascii"),
            "signatures": [_as_json(one) for one in signatures],
        }
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with fresh.open("wb") as file:
            file.write(canonical(content))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def every(self, trust: Trust) -> Iterator[tuple[str, tuple[Act, tuple[ActSignature, ...]] | None]]:
        """Name and content of each file, the oldest first; None for one that is no act signed by two people."""
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            yield path.name, _read(path, trust)


def _read(path: Path, trust: Trust) -> tuple[Act, tuple[ActSignature, ...]] | None:
    try:
        content = json.loads(path.read_bytes())
        record = base64.b64decode(content["record"], validate=True)
        signed = json.loads(record)
        drafted, org = signed["act"], signed["organisation"]["org"]
        item = Act(
            act_id=drafted["act_id"],
            org=org,
            kind=drafted["kind"],
            year=drafted["year"],
            number=drafted["number"],
            drafted_at=datetime.fromisoformat(drafted["drafted_at"]),
            drafted_by=drafted["drafted_by"],
            record=record,
        )
        signatures = tuple(_signature(one) for one in content["signatures"])
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        return None
    is_whole = (
        canonical(signed) == record
        and path.stem == item.act_id
        and [one.place for one in signatures] == list(range(1, SIGNATURES_NEEDED + 1))
        and len({one.medic_id for one in signatures}) == SIGNATURES_NEEDED
        and all(one.act_id == item.act_id and one.org == org for one in signatures)
    )
    found = [act_signed_by(item, one, trust) for one in signatures] if is_whole else []
    serials = [f"{one.certificate.serial_number:x}" for one in found if one is not None]
    # Two people have two certificates: that is what the signatures themselves prove.
    if len(set(serials)) != SIGNATURES_NEEDED or serials != [one.certificate_serial for one in signatures]:
        return None
    return item, signatures


def _as_json(one: ActSignature) -> dict[str, Any]:
    values = {each.name: getattr(one, each.name) for each in fields(ActSignature)}
    return values | {"signed_at": utc_text(one.signed_at), "cms": base64.b64encode(one.cms).decode("ascii")}


def _signature(values: dict[str, Any]) -> ActSignature:
    moment = datetime.fromisoformat(values["signed_at"])
    return ActSignature(**(values | {"signed_at": moment, "cms": base64.b64decode(values["cms"], validate=True)}))
