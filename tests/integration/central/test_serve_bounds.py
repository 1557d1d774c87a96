"""`dopusk central serve` as it is started, and strangers who send much, slowly, or wrong passwords without end."""

import contextlib
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from central.core.clock import now_utc
from central.core.config import CentralConfig, load_config
from central.store.engine import open_engine, writing
from central.store.secret_tries import claim
from dopusk.commands.central_group import app
from dopusk.lab.broker import free_port
from tests.waiting import LONGEST_S

MIB = 1024 * 1024
MOST_GROWTH_MIB = 80
"""A stranger's request is 64 KiB; what one form of four megabytes would take is well below, a file kept in memory well above."""
MOST_WAIT_S = 5.0
"""A writer waited for half a minute when passwords were hashed under the lock."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[CentralConfig, int]]:
    """A running console with one account, and its process id."""
    folder = tmp_path_factory.mktemp("serve") / "centre"
    runner = CliRunner()
    ports = ["--mqtt-port", str(free_port()), "--http-port", str(free_port())]
    assert runner.invoke(app, ["init", str(folder), "--generation", "test", *ports]).exit_code == 0
    file = folder / "central.toml"
    words = ["user", "add", "root", "--role", "administrator", "--full-name", "Первая Анна", "--password-stdin"]
    assert runner.invoke(app, [*words, "-c", str(file)], input="чайник йогурт ёжик раз\n").exit_code == 0
    command = [sys.executable, "-m", "dopusk", "central", "serve", "-c", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("central serve ready")
            yield load_config(file), process.pid
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LONGEST_S)
            process.kill()


def _peak_mib(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def _parts(count: int, size: int, *, name: str) -> Iterator[bytes]:
    """A multipart body that is made while it is sent."""
    for number in range(count):
        yield f'--b\r\nContent-Disposition: form-data; name="f{number}"{name}\r\n\r\n'.encode()
        for _ in range(size // MIB):
            yield b"x" * MIB
        yield b"\r\n"
    yield b"--b--\r\n"


FORM = ("/exams/x/decision", "")
FILES = (("/login", '; filename="f"'), ("/registers/workers/import", '; filename="f"'))


@pytest.mark.parametrize(("path", "name"), [FORM, *FILES])
def test_a_stranger_fills_neither_memory_nor_disk(serving: tuple[CentralConfig, int], path: str, name: str) -> None:
    config, pid = serving
    address = f"http://127.0.0.1:{config.http.port}"
    httpx.get(f"{address}/login", timeout=LONGEST_S)
    before = _peak_mib(pid)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    # Cut off in the middle of it is an answer too: what is thrown away is read for a few seconds only.
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.post(
            f"{address}{path}", content=_parts(20, 15 * MIB, name=name), headers=headers, timeout=LONGEST_S
        )
        assert answer.status_code == 413
        assert "Слишком много данных" in answer.text
    assert _peak_mib(pid) - before < MOST_GROWTH_MIB
    large = [
        link
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if _size(link) > MIB and "central.db" not in str(link.resolve())
    ]
    assert large == []
    assert httpx.get(f"{address}/login", timeout=LONGEST_S).status_code == 200


def _size(link: Path) -> int:
    try:
        return link.stat().st_size
    except OSError:
        return 0


def test_wrong_passwords_hold_up_nobody_who_writes(serving: tuple[CentralConfig, int]) -> None:
    config, _ = serving
    address = f"http://127.0.0.1:{config.http.port}"
    over = threading.Event()
    engine = open_engine(config.store_url)

    def knock(number: int) -> list[int]:
        with httpx.Client(base_url=address, timeout=LONGEST_S) as client:
            token = client.get("/login").text.split('name="csrf" value="')[1].split('"')[0]
            told = []
            for _ in range(2):
                fields = {"username": f"nobody{number}", "password": "wrong password", "csrf": token}
                told.append(client.post("/login", data=fields).status_code)
            return told

    longest, pages = [0.0], [0.0]

    def write() -> None:
        number = 0
        while not over.is_set():
            began = time.monotonic()
            with writing(engine) as connection:
                claim(connection, f"test/{number}", "x", now_utc())
            longest[0] = max(longest[0], time.monotonic() - began)
            began = time.monotonic()
            assert httpx.get(f"{address}/check/unknown", timeout=LONGEST_S).status_code in {404, 429}
            pages[0] = max(pages[0], time.monotonic() - began)
            number += 1
            over.wait(0.05)

    with ThreadPoolExecutor(13) as pool:
        writer = pool.submit(write)
        told = [status for one in pool.map(knock, range(12)) for status in one]
        over.set()
        writer.result()
    engine.dispose()
    assert set(told) <= {401, 429}
    assert told.count(401) >= 12
    assert longest[0] < MOST_WAIT_S
    assert pages[0] < MOST_WAIT_S


def test_who_sends_half_a_request_is_let_go(serving: tuple[CentralConfig, int]) -> None:
    config, _ = serving
    place = ("127.0.0.1", config.http.port)
    kind = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nuser"
    form = b"POST /login HTTP/1.1\r\nHost: localhost\r\n" + kind
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(place, LONGEST_S)) for _ in range(60)]
        for line, begun in zip(lines, (b"", b"POST /login HT", form) * 20, strict=True):
            line.sendall(begun)
        # Meanwhile everybody else is served.
        assert httpx.get(f"http://127.0.0.1:{config.http.port}/login", timeout=LONGEST_S).status_code == 200
        for number, line in enumerate(lines):
            told = b""
            with contextlib.suppress(ConnectionError):
                while piece := line.recv(65536):
                    told += piece
            assert told.startswith(b"HTTP/1.1 408 ") if number % 3 == 2 else not told


def test_a_foreign_name_leads_home(serving: tuple[CentralConfig, int]) -> None:
    config, _ = serving
    answer = httpx.get(f"http://127.0.0.1:{config.http.port}/queue/", headers={"Host": "evil.example"})
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(config.http.public_url)


def test_ten_thousand_lines_of_a_head_are_refused(serving: tuple[CentralConfig, int]) -> None:
    config, _ = serving
    with socket.create_connection(("127.0.0.1", config.http.port), LONGEST_S) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 10_000 + b"\r\n")
        told = b""
        with contextlib.suppress(ConnectionError):
            told = line.recv(100)
    assert b" 200 " not in told
