"""A Debian 12 machine of its own on this one: a bare root, the project cloned to /opt/dopusk, systemd booted in it.

Needs root, `debootstrap` and `systemd-container`, and the host's own package sources while it is made; the booted machine has a
network of its own without any way out.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.waiting import until

REPOSITORY = Path(__file__).parents[2]
_STORE = Path(os.environ.get("TRIALS_FOLDER", "/var/tmp/dopusk-trials"))  # noqa: S108  # kept between runs on purpose
_PACKAGES = "ca-certificates,git,make,python3,python3-venv,systemd-sysv,dbus,udev,procps,openssl"
_KEPT = ("PIP_CERT", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class MachineError(Exception):
    """The machine could not be made, or a command on it failed; the message holds what it said."""


class Machine:
    """A booted machine. Use as a context; everything of it is gone afterwards but the bare root, which later ones share."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=_made(_STORE)))
        self.root = self.folder / "root"
        self._mounts: list[Path] = []
        self._boot: subprocess.Popen[bytes] | None = None
        self._init = 0

    def __enter__(self) -> "Machine":
        try:
            self._lay()
            self._boot_up()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, script: str, timeout_s: float = 600) -> str:
        """Run shell lines as root on the booted machine; returns what they print. Raises `MachineError` at the first that fails."""
        inside = ["nsenter", "-t", str(self._init), "-m", "-u", "-i", "-n", "-p", "-C"]
        inside += [f"--root=/proc/{self._init}/root", "--wd=/root"]
        return _say([*inside, *_shell(script)], timeout_s)

    def close(self) -> None:
        """Power off, and take the machine away."""
        if self._boot is not None:
            if self._init:
                subprocess.run(["kill", "-s", "RTMIN+4", str(self._init)], check=False)  # "power off" to systemd
            try:
                self._boot.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._boot.kill()
                self._boot.wait()
        for place in reversed(self._mounts):
            subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lay(self) -> None:
        upper, work = self.folder / "upper", self.folder / "work"
        for one in (upper, work, self.root):
            one.mkdir()
        layers = f"lowerdir={_bare_root()},upperdir={upper},workdir={work}"
        self._mount("-t", "overlay", "overlay", "-o", layers, self.root)
        for name in ("proc", "dev", "dev/pts"):
            self._mount("--bind", f"/{name}", self.root / name)
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        source = self.root / "opt/dopusk"
        _say(["git", "clone", "-q", "--no-hardlinks", str(REPOSITORY), str(source)], 300)
        prepare = "cd /opt/dopusk; ./setup.sh run"
        _say(["chroot", str(self.root), *_shell(prepare, _KEPT)], 1800)
        for place in reversed(self._mounts[1:]):
            subprocess.run(["umount", "-l", place], check=True)
        del self._mounts[1:]

    def _mount(self, *words: str | Path) -> None:
        subprocess.run(["mount", *words], check=True)
        self._mounts.append(Path(words[-1]))

    def _boot_up(self) -> None:
        command = ["systemd-nspawn", "--register=no", "--keep-unit", "-D", str(self.root), "-M", "dopusk"]
        with (self.folder / "boot.log").open("wb") as log:
            self._boot = subprocess.Popen(
                [*command, "--private-network", "--boot"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if not until(self._find_init) or not until(self._is_up):
            raise MachineError((self.folder / "boot.log").read_text(errors="replace")[-2000:])

    def _find_init(self) -> bool:
        assert self._boot is not None
        for child in Path(f"/proc/{self._boot.pid}/task/{self._boot.pid}/children").read_text().split():
            # The first child only prepares the second one, which becomes the machine's init.
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                self._init = int(child)
        return bool(self._init)

    def _is_up(self) -> bool:
        try:
            return "degraded" in self.state() or "running" in self.state()
        except (MachineError, OSError):
            return False

    def state(self) -> str:
        """What systemd says of the whole: `running`, `degraded` …"""
        return self.run("systemctl is-system-running || true").strip()


def _bare_root() -> Path:
    base = _STORE / "debian-12"
    if not (base / ".ready").exists():
        print("making a bare Debian 12 (once) ...", file=sys.stderr, flush=True)
        shutil.rmtree(base, ignore_errors=True)
        _say(["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(base), _mirror()], 1800)
        (base / "etc/apt/sources.list").write_text("")
        for folder in ("etc/apt/sources.list.d", "usr/share/keyrings"):
            shutil.copytree(f"/{folder}", base / folder, dirs_exist_ok=True)
        for file in Path("/etc/apt/apt.conf.d").glob("99*"):
            shutil.copy(file, base / "etc/apt/apt.conf.d")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", base / "etc/ssl/certs/ca-certificates.crt")
        if Path("/etc/pip.conf").exists():
            shutil.copy("/etc/pip.conf", base / "etc/pip.conf")
        (base / ".ready").touch()
    return base


def _mirror() -> str:
    """Where this machine takes Debian's packages from."""
    places = [*Path("/etc/apt/sources.list.d").glob("*.sources"), Path("/etc/apt/sources.list")]
    for place in places:
        for line in place.read_text().splitlines() if place.exists() else ():
            if line.startswith("URIs:"):
                return line.split()[1]
            if line.startswith("deb "):
                return next(word for word in line.split()[1:] if "://" in word)
    raise MachineError("this machine names no source of Debian packages")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _shell(script: str, kept: Sequence[str] = ()) -> list[str]:
    """A shell with a clean environment; `kept`: names that it takes over from this process."""
    clean = ["HOME=/root", "USER=root", f"PATH={_PATH}", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
    clean += [f"{name}={os.environ[name]}" for name in kept if name in os.environ]
    return ["/usr/bin/env", "-i", *clean, "/bin/bash", "-euo", "pipefail", "-c", script]


def _say(command: Sequence[str], timeout_s: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    if done.returncode:
        raise MachineError(f"{command[-1]!r} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
    return done.stdout
