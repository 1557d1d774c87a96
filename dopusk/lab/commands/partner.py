"""`dopusk partner`: a simulated partner (a gate's controller, an operator of waybills) that any centre may be tried with.

The first line of output is where it listens; then a line for all that it does. What somebody does there is typed, a line each:

sigur: `card SERIES NUMBER [IN|OUT]`. operator: `waybill CARRIER_INN DRIVER_INN SURNAME NAME PATRONYMIC`, `return`, `receipt STATE`.
rest: `ask PERSONNEL_NUMBER`. All but rest: `trouble NAME`, for the next call; `simulators/` says which there are.
"""

import shlex
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central.authority.pki import create_authority
from central.signature.software import SoftwareKey
from dopusk.commands.choices import one_of
from dopusk.words import say
from simulators.gate_receiver import RestController, WebhookReceiver
from simulators.perco_web import PercoWeb
from simulators.sigur_server import SigurServer
from simulators.waybill_carrier import came_back, driver, waybill
from simulators.waybill_operator import WaybillGateway

KINDS = ("sigur", "perco", "webhook", "rest", "operator")


@dataclass
class _Partner:
    """What runs, where it is, and what may be done there by hand."""

    place: str
    running: AbstractContextManager[object]
    doings: dict[str, Callable[..., object]] = field(default_factory=dict)

    def listen(self) -> None:
        """Do what is typed; what is wrong with a line is said, and the next one counts."""
        for line in sys.stdin:
            try:
                words = shlex.split(line)
            except ValueError:
                words = [line.strip()]  # a quotation without an end is no word of ours
            if words:
                self._do(words)

    def _do(self, words: list[str]) -> None:
        doing = self.doings.get(words[0])
        if doing is None:
            _tell(say("nothing is called {word} here; there are: {known}", word=words[0], known=", ".join(self.doings)))
            return
        try:
            doing(*words[1:])
        except TypeError:
            _tell(say("{word} takes other values", word=words[0]))
        except (ValueError, OSError) as error:
            _tell(say("not done: {error}", error=error))


def partner(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="`sigur`, `perco`, `webhook`, `rest` or `operator`.")],
    port: Annotated[int, typer.Option(help="Port on the loopback; 0 takes a free one.")] = 0,
    login: Annotated[str, typer.Option(help="Login that the centre uses.")] = "dopusk",
    secret: Annotated[str, typer.Option(help="Password, webhook key, token, or key of the employer (`rest`).")] = "",
    centre: Annotated[str, typer.Option(help="Of `rest`: address of the centre.")] = "http://127.0.0.1:8080",
    gate: Annotated[str, typer.Option(help="Of `rest`: name of the gate.")] = "main",
    carriers_ca: Annotated[
        Path | None, typer.Option(help="Of `operator`: where to write the carrier's root, PEM.")
    ] = None,
) -> None:
    """Run a simulated partner of the centre until it is interrupted; what happens there is typed and printed line by line."""
    one_of(kind, KINDS, "KIND")
    made = _made(kind, port, login, secret, centre, gate, carriers_ca)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with made.running:
        _tell(made.place)
        # Whoever types may wait for ever: the process does not wait for them.
        threading.Thread(target=made.listen, name="typed", daemon=True).start()
        stop.wait()


def _made(kind: str, port: int, login: str, secret: str, centre: str, gate: str, carriers_ca: Path | None) -> _Partner:
    if kind == "sigur":
        sigur = SigurServer(login, secret, port)
        sigur.happened = _tell

        def card(series: str, number: str, direction: str = "IN") -> None:
            sigur.card(int(series), int(number), direction=direction)

        return _Partner(f"127.0.0.1:{sigur.port}", sigur, {"card": card, "trouble": sigur.troubles.append})
    if kind == "rest":
        asking = RestController(centre, secret, gate)
        return _Partner(centre, nullcontext(), {"ask": lambda number: _tell(str(asking.ask(number)))})
    if kind == "operator":
        return _operator(WaybillGateway(secret, port), carriers_ca)
    server = PercoWeb(login, secret, port) if kind == "perco" else WebhookReceiver(secret, port)
    server.happened = _tell
    return _Partner(server.url, server, {"trouble": server.troubles.append})


def _operator(gateway: WaybillGateway, carriers_ca: Path | None) -> _Partner:
    gateway.happened = _tell
    with tempfile.TemporaryDirectory(prefix="dopusk-carrier-") as folder:
        authority = create_authority(Path(folder) / "authority", "Simulated carriers")
        issued = authority.issue_medic("Диспетчерова Анна Павловна", "carrier", "ООО «Перевозчик Имитация»")
        if carriers_ca is not None:
            carriers_ca.write_bytes(authority.ca_pem)
    key = load_pem_private_key(issued.key_pem or b"", None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the carrier's key is of another kind")
    signing = SoftwareKey(x509.load_pem_x509_certificate(issued.certificate_pem), key)
    uids: list[str] = []

    def put(prefix: str, content_of: Callable[[str], bytes]) -> None:
        name = f"{prefix}_2BM-0000000001_2BM-0000000002_0_{datetime.now().astimezone():%Y%m%d}_{str(uuid4()).upper()}"
        content = content_of(name)
        gateway.put_file(f"{name}.xml", content, signing.sign_detached(content))
        _tell(name)

    def sends(carrier_inn: str, driver_inn: str, *name: str) -> None:
        uids.append(str(uuid4()))
        one = driver(driver_inn, " ".join(name))
        put("ON_PTLSSOBTS", lambda own: waybill(own, drivers=one, uid=uids[-1], inn=carrier_inn, day=_today()))

    def comes_back() -> None:
        if not uids:
            raise ValueError("no waybill was sent")
        put("ON_PTLSODPARK", lambda own: came_back(own, uid=uids[-1], day=_today()))

    def answers(state: str) -> None:
        for file_id in gateway.titles:
            gateway.receipts.append({"receipt_id": str(uuid4()), "file_id": file_id, "state": state, "words": ""})

    doings: dict[str, Callable[..., object]] = {"waybill": sends, "return": comes_back, "receipt": answers}
    doings["trouble"] = gateway.troubles.append
    return _Partner(gateway.url, gateway, doings)


def _today() -> str:
    return f"{datetime.now().astimezone():%d.%m.%Y}"


def _tell(line: str) -> None:
    print(line, flush=True)
