"""What a stranger may send: little, in time, and nothing is read of the rest. What somebody with a right may send: enough."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from central.console import bounds
from central.console.app import every_route, guards_of
from central.console.bounds import PAGE_BYTES, STRANGER_BYTES
from central.console.guard import SAFE_METHODS, Guard
from central.core.rights import RIGHTS, Role
from dopusk.commands.central_protocol import BoundedProtocol
from tests.console_centre import Browser, ConsoleCentre
from tests.waiting import LONGEST_S, until

SIGN = "—" * 100
FILE = {"file": ("f.xlsx", b"x" * (STRANGER_BYTES + 1))}


def _walked(app: FastAPI) -> list[tuple[str, str, Guard | object]]:
    """Every route that takes something, with samples in its address, and its door."""
    return [
        (method, re.sub(r"\{\w+(:\w+)?\}", "x", route.path), guards_of(route)[0])
        for route in every_route(app)
        for method in sorted(route.methods - SAFE_METHODS)
    ]


def test_no_route_reads_more_of_a_stranger_than_a_little(app: FastAPI, browser: Browser) -> None:
    walked = _walked(app)
    assert len(walked) > 40
    for method, path, _ in walked:
        # A login service that is not set up has no address.
        told = {303, 401, 403} | ({404} if path.startswith("/login/outside") else set())
        # Whoever has read a worker's code may ask about it, and is told of what is none that it is none.
        told |= {200} if path == "/check/gate" else set()
        for sent in (
            {"data": {"comment": "x" * STRANGER_BYTES}},
            {"files": FILE},
            {"content": b"x" * (STRANGER_BYTES + 1)},
        ):
            answer = browser.http.request(method, path, **sent)
            if "content" in sent:
                # Without a type it is no form, and nobody reads it.
                assert answer.status_code in {*told, 413, 422}, path
            else:
                assert answer.status_code == 413, path
                assert "Слишком много данных" in answer.text, path
        assert browser.http.request(method, path, data={"comment": "x"}).status_code in told, path


def test_nobody_without_the_right_sends_a_large_file(app: FastAPI, centre: ConsoleCentre, address: str) -> None:
    centre.add_account("employer", Role.EMPLOYER, employer_id=centre.people.employers[0])
    large = {"file": ("f.xlsx", b"x" * (PAGE_BYTES + 1))}
    with contextlib.closing(Browser(address)) as employer:
        employer.log_in("employer", unlock=False)
        for method, path, door in _walked(app):
            if isinstance(door, Guard) and door.right not in RIGHTS[Role.EMPLOYER]:
                assert employer.http.request(method, path, files=large).status_code == 403, path


def test_pieces_without_a_length_are_counted(browser: Browser) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"comment="
        for _ in range(1000):
            yield b"x" * 1024

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = browser.http.post("/exams/x/decision", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert "Слишком много данных" in answer.text


@pytest.mark.parametrize("fields", [1, 20, 150])
def test_many_fields_are_bounded_together(browser: Browser, fields: int) -> None:
    files = {f"field{number}": (None, "x" * (400_000 // fields)) for number in range(fields)}
    assert browser.http.post("/exams/x/decision", files=files).status_code == 413


def test_who_is_logged_in_sends_what_a_page_holds_and_no_more(zoya: Browser, centre: ConsoleCentre) -> None:
    exam_id = centre.exam()
    token = zoya.get(f"/exams/{exam_id}").text.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "outcome": "admitted", "comment": "x" * (PAGE_BYTES // 2)}
    assert zoya.http.post(f"/exams/{exam_id}/decision", data=fields).status_code == 422
    fields["comment"] = "x" * PAGE_BYTES
    assert zoya.http.post(f"/exams/{exam_id}/decision", data=fields).status_code == 413


def test_terminals_are_answered_in_their_own_form(centre: ConsoleCentre, address: str) -> None:
    answer = httpx.post(f"{address}/api/v1/admissions", content=b"x" * (STRANGER_BYTES + 1))
    assert answer.status_code in {401, 405, 413}
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "lines", [{f"x-{number}": "1" for number in range(200)}, {"x": "y" * 14_000, "z": "y" * 20_000}]
)
def test_heads_are_bounded(address: str, lines: dict[str, str]) -> None:
    host = urlsplit(address)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host.hostname or "", host.port or 0), LONGEST_S) as line:
        line.sendall(f"GET /login HTTP/1.1\r\nHost: {host.netloc}\r\n{head}\r\n".encode())
        assert line.recv(100).split(b" ")[1] in {b"431", b"400"}


def test_a_form_that_comes_too_slowly_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STRANGER_S", 0.3)
    host = urlsplit(address)
    with socket.create_connection((host.hostname or "", host.port or 0), LONGEST_S) as line:
        line.sendall(
            f"POST /login HTTP/1.1\r\nHost: {host.netloc}\r\nContent-Length: 100\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nusername=zo".encode()
        )
        told = b""
        while piece := line.recv(65536):
            told += piece
    assert told.startswith(b"HTTP/1.1 408 ")
    assert "слишком долго" in told.decode()


class _Impatient(BoundedProtocol):
    head_s = 0.3


class _Crowded(BoundedProtocol):
    head_s = LONGEST_S
    most_connections = 5


@contextlib.contextmanager
def _serving(app: FastAPI, port: int, protocol: type[BoundedProtocol]) -> Iterator[tuple[str, int]]:
    """The console behind the product's own connections, with times and numbers that a test can wait for."""
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=protocol, log_level="critical"))
    thread = threading.Thread(target=server.run, name="console")
    thread.start()
    try:
        assert until(lambda: server.started)
        yield "127.0.0.1", port
    finally:
        server.should_exit = True
        thread.join(LONGEST_S)


@pytest.fixture
def impatient(app: FastAPI, centre: ConsoleCentre) -> Iterator[tuple[str, int]]:
    with _serving(app, centre.config.http.port, _Impatient) as found:
        yield found


@pytest.mark.parametrize("begun", [b"", b"GET /login HT", b"GET /login HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_head_that_does_not_come_ends_the_connection(impatient: tuple[str, int], begun: bytes) -> None:
    with socket.create_connection(impatient, LONGEST_S) as line:
        line.sendall(begun)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(100) == b""


def test_a_second_head_is_waited_for_no_longer_than_the_first(impatient: tuple[str, int]) -> None:
    with socket.create_connection(impatient, LONGEST_S) as line:
        line.sendall(b"GET /session HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert line.recv(65536).startswith(b"HTTP/1.1 404")
        line.sendall(b"GET /login HT")
        with contextlib.suppress(ConnectionResetError):
            while line.recv(65536):
                pass


def test_connections_that_only_wait_make_room_for_those_that_ask(app: FastAPI, centre: ConsoleCentre) -> None:
    with _serving(app, centre.config.http.port, _Crowded) as place, contextlib.ExitStack() as stack:
        for begun in (
            b"",
            b"POST /login HTTP/1.1\r\n",
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx",
        ):
            for _ in range(10):
                line = stack.enter_context(socket.create_connection(place, LONGEST_S))
                with contextlib.suppress(ConnectionError):
                    line.sendall(begun)
        assert httpx.get(f"http://127.0.0.1:{place[1]}/login", timeout=LONGEST_S).status_code == 200
