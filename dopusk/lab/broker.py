"""Starting a Mosquitto of our own, for the demo, for tests and for benchmarks: TLS, client certificates, access list."""

import getpass
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template
from types import TracebackType

from central.authority.pki import Authority, services_authority, write_secret
from config import BROKER_TEMPLATES

TEMPLATES = BROKER_TEMPLATES
HOST = "127.0.0.1"
MOST_TERMINALS = 10_000
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
_POLL_S = 0.02


class BrokerError(Exception):
    """The broker did not start; the message holds what it said."""


class Broker:
    """A running Mosquitto in a folder of its own. Survives `kill` and `start` with what it had stored."""

    def __init__(self, folder: Path, authority: Authority, port: int) -> None:
        self.folder = folder
        self.host = HOST
        self.port = port
        """For terminals."""
        self.centre_port = port + 1
        """For the centre's processes."""
        self.ca_file = authority.folder / "ca.pem"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it takes connections. Raises `BrokerError`."""
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (_listens(self.host, self.port) and _listens(self.host, self.centre_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise BrokerError((self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Ask it to end, as the system would at shutdown; it writes its memory to disk."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing moves."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on after `pause`."""
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """Make it read the access list and the list of revoked certificates again."""
        self._signal(signal.SIGHUP)

    def forget(self) -> None:
        """Throw its memory away. Only while it is stopped."""
        shutil.rmtree(self.folder / "persistence")
        (self.folder / "persistence").mkdir()

    @property
    def pid(self) -> int:
        """Process id of the running broker. Raises `BrokerError`."""
        if self._process is None:
            raise BrokerError("the broker is not running")
        return self._process.pid

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._signal(signal.SIGCONT)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def __enter__(self) -> "Broker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_mosquitto(
    folder: Path, authority: Authority, *, port: int | None = None, hostnames: Sequence[str] = (HOST, "localhost")
) -> Broker:
    """Write configuration, access list and a server certificate into `folder` and start the broker.

    Terminals come to `port`, the centre to the one after it; without `port` two free ones are taken. Raises `BrokerError` when
    it does not start, for example on a port in use.
    """
    (folder / "persistence").mkdir(parents=True, exist_ok=True)
    issued = authority.issue_server(hostnames)
    (folder / "server.pem").write_bytes(issued.certificate_pem)
    (folder / "server.key").unlink(missing_ok=True)
    write_secret(folder / "server.key", issued.key_pem or b"")
    shutil.copy(TEMPLATES / "acl", folder / "acl")
    (folder / "acl").chmod(0o600)
    port = port or free_port()
    services = services_authority(authority)
    values = {
        "user": getpass.getuser(),
        "host": HOST,
        "port": port,
        "max_connections": MOST_TERMINALS,
        "centre_host": HOST,
        "centre_port": port + 1,
        "services_ca_file": services.folder / "ca.pem",
        "services_crl_file": services.crl_file,
        "ca_file": authority.folder / "ca.pem",
        "crl_file": authority.crl_file,
        "cert_file": folder / "server.pem",
        "key_file": folder / "server.key",
        "acl_file": folder / "acl",
        "persistence_dir": folder / "persistence",
    }
    lines = (TEMPLATES / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("#")) + "\n"
    (folder / "mosquitto.conf").write_text(Template(body).substitute(values), encoding="utf-8")
    broker = Broker(folder, authority, port)
    broker.start()
    return broker


def free_port() -> int:
    """A TCP port on the loopback that nobody uses, and that nobody who asks for any port gets for about a minute; the same is
    true of the port after it, since a broker takes two.

    The port's own connection is left in TIME_WAIT: Linux passes over such a port when it picks one, and lets a listener
    have it that asks for this very port with SO_REUSEADDR, as Mosquitto, uvicorn and Python's servers do.
    """
    while True:
        port = _set_aside(0)
        try:
            _set_aside(port + 1)
        except (OSError, OverflowError):
            continue
        return port


def _set_aside(port: int) -> int:
    with socket.create_server((HOST, port)) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        accepted.close()  # before the other end: whoever closes first keeps the port in TIME_WAIT
        return int(listener.getsockname()[1])


def client_context(ca_file: Path, cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """TLS for a client of this broker: the server is checked, a certificate is shown."""
    context = ssl.create_default_context(cafile=str(ca_file))
    context.load_cert_chain(cert_file, key_file)
    return context


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def _program() -> str:
    # Debian puts the broker where only root's path leads.
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise BrokerError("mosquitto is not installed (Debian package: mosquitto)")
    return found
