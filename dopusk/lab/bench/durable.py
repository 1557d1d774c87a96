"""A terminal's store on the disk, for timing how long a measurement takes until it is committed."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.messages import MeasurementTaken
from sync.contract.canonical import new_id
from sync.contract.exam import Device, Measurement
from sync.contract.topics import TerminalAddress
from terminal.clock import SystemClock
from terminal.exam import events
from terminal.store.database import KeyFile
from terminal.store.store import TerminalStore


@contextmanager
def durable_commit() -> Iterator[Callable[[MeasurementTaken], None]]:
    """Gives a function that commits a result as the terminal does: chained, signed, with a full sync, on a real disk."""
    with tempfile.TemporaryDirectory(prefix="dopusk-bench-", dir="/var/tmp") as name:
        folder = Path(name)
        address = TerminalAddress("bench", "kiosk-1")
        keys = KeyFile(folder / "master.key")
        store = TerminalStore(
            folder / "terminal.db", folder / "media", keys, Ed25519PrivateKey.generate(), address, "test"
        )
        exam_id, clock, one_at_a_time = new_id(), SystemClock(), threading.Lock()

        def commit(taken: MeasurementTaken) -> None:
            identity, stamp = taken.identity, clock.now()
            measurement = Measurement(
                measurement_id=new_id(),
                step="pressure",
                attempt=1,
                at=stamp.at,
                values=dict(taken.reading.values),
                device=Device(
                    device_id=taken.device_id,
                    driver="and_tm2655",
                    maker=identity.maker,
                    model=identity.model,
                    serial=identity.serial_number,
                    medical_device=identity.medical_device,
                ),
                generation="test",
                raw_hex=taken.reading.raw.hex(),
            )
            event = events.MeasurementTaken(exam_id=exam_id, stamp=stamp, request_id=new_id(), measurement=measurement)
            with one_at_a_time, store.transaction():
                store.log.append(event)

        with closing(store):
            yield commit
