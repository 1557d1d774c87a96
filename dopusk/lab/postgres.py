"""A PostgreSQL of our own, for tests and benchmarks: Debian's programs, a temporary folder, a socket instead of a port."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text

BINARIES = Path("/usr/lib/postgresql/15/bin")
_OWNER = "postgres"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")


def _as_owner(*command: str) -> None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() == 0:
        _run("runuser", "-u", _OWNER, "--", *command)
    else:
        _run(*command)


@contextlib.contextmanager
def running_postgres() -> Iterator[Path]:
    """A running cluster; yields the folder of its socket. It commits as durably as a real one."""
    folder = Path(tempfile.mkdtemp(prefix="dopusk-pg-", dir="/tmp"))  # short: it becomes a socket path
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        cluster = str(folder / "cluster")
        _as_owner(
            str(BINARIES / "initdb"), "-D", cluster, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8"
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=50"
        control = (str(BINARIES / "pg_ctl"), "-D", cluster, "-w", "-t", "120")
        _as_owner(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield folder
        finally:
            _as_owner(*control, "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder)


def store_url(socket_folder: Path, database: str = _OWNER) -> str:
    """URL of a database of the cluster, as a configuration has it."""
    return f"postgresql+psycopg://{_OWNER}@/{database}?host={quote(str(socket_folder))}"


def fresh_database(socket_folder: Path, name: str) -> str:
    """Create an empty database; returns its URL."""
    engine = create_engine(store_url(socket_folder), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return store_url(socket_folder, name)
