"""A time-stamping authority that is silent, slow or too busy holds few of those who sign, and none for long."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from central.signature import stamp_line
from central.signature.stamp_line import AT_ONCE, StampError, StampLine
from tests.waiting import LONGEST_S, until

SHORT_S = 0.2
LONG_S = LONGEST_S
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nConnection: close\r\n"


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Authority:
    """Takes connections and does with each what `behave` says; `release` ends those that wait."""

    def __init__(self) -> None:
        self.behave: Callable[[socket.socket], None] = self.answer
        self.asked = 0
        self.release = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/tsp"
        self._over = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def close(self) -> None:
        self.release.set()
        self._over.set()
        for thread in [self._listener, *self._threads]:
            thread.join(LONG_S)
        self._socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(TimeoutError):
                taken, _ = self._socket.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(taken,)))
                self._threads[-1].start()

    def _serve(self, taken: socket.socket) -> None:
        self.asked += 1
        # The other side hangs up when its term is over.
        with taken, contextlib.suppress(ConnectionError):
            taken.settimeout(LONG_S)
            received = b""
            while not received.endswith(b"query"):
                piece = taken.recv(4096)
                if not piece:
                    return
                received += piece
            self.behave(taken)

    def answer(self, taken: socket.socket) -> None:
        taken.sendall(_OK + b"Content-Length: 5\r\n\r\nreply")

    def be_silent(self, taken: socket.socket) -> None:
        self.release.wait(LONG_S)

    def answer_when_released(self, taken: socket.socket) -> None:
        self.release.wait(LONG_S)
        self.answer(taken)

    def drip(self, taken: socket.socket) -> None:
        """A byte now and then: each read is quick, and the answer never ends."""
        taken.sendall(_OK + b"Content-Length: 100000\r\n\r\n")
        while not self.release.wait(0.02):
            taken.sendall(b".")

    def flood(self, taken: socket.socket) -> None:
        taken.sendall(_OK + b"\r\n")
        while not self.release.is_set():
            taken.sendall(b"." * 65536)


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.close()


def _code(line: StampLine) -> str:
    with pytest.raises(StampError) as refused:
        line.ask(b"query")
    return refused.value.code


def _all_hung_up() -> bool:
    """Who was cut off may still be hanging up for a moment."""
    return not [one for one in threading.enumerate() if one.name == "time-stamp"]


def test_an_answer_is_given_and_leaves_the_line_free(authority: Authority) -> None:
    line = StampLine(authority.url, LONG_S)
    assert [line.ask(b"query") for _ in range(AT_ONCE + 1)] == [b"reply"] * (AT_ONCE + 1)


@pytest.mark.parametrize("behaviour", ["be_silent", "drip"])
def test_the_term_is_that_of_the_whole_answer(authority: Authority, behaviour: str) -> None:
    authority.behave = getattr(authority, behaviour)
    assert _code(StampLine(authority.url, SHORT_S)) == "no_answer"


def test_a_silent_name_server_holds_nobody(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    def hanging(*_: object, **__: object) -> list[object]:
        authority.release.wait(LONG_S)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    line = StampLine("http://tsa.example/tsp", SHORT_S)
    assert _code(line) == "no_answer"
    authority.release.set()
    assert until(_all_hung_up)


def test_an_endless_answer_is_not_read(authority: Authority) -> None:
    authority.behave = authority.flood
    assert _code(StampLine(authority.url, LONG_S)) == "unreadable"


def test_a_silent_authority_is_left_alone_longer_each_time_until_it_speaks(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    line = StampLine(authority.url, SHORT_S, clock)
    asked, outcome = [], line._outcome
    # Counted where the asking begins: in so short a term it does not always get as far as the authority.
    monkeypatch.setattr(line, "_outcome", lambda request: (asked.append(request), outcome(request))[1])
    authority.behave = authority.be_silent
    for times, rest_s in enumerate((5, 10, 20, 40, 60, 60), start=1):
        assert _code(line) == "no_answer"
        clock.now_s += rest_s - 0.5
        assert _code(line) == "resting"
        assert until(_all_hung_up)
        assert len(asked) == times, "nobody asks while it rests"
        clock.now_s += 1
    monkeypatch.setattr(line, "_timeout_s", LONG_S)
    authority.behave = _refuse
    assert _code(line) == "refused", "quick, so it holds nobody and is asked again at once"
    assert _code(line) == "refused"


def _refuse(taken: socket.socket) -> None:
    taken.sendall(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")


def _together(line: StampLine, times: int) -> tuple[list[threading.Thread], list[object]]:
    """That many who ask at once; what each gets."""
    outcomes: list[object] = []

    def ask() -> None:
        try:
            outcomes.append(line.ask(b"query"))
        except StampError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(times)]
    for thread in threads:
        thread.start()
    return threads, outcomes


def test_only_so_many_wait_for_a_slow_one(authority: Authority) -> None:
    line = StampLine(authority.url, LONG_S)
    authority.behave = authority.answer_when_released
    threads, outcomes = _together(line, AT_ONCE)
    assert until(lambda: authority.asked == AT_ONCE)
    assert _code(line) == "busy"
    authority.release.set()
    for thread in threads:
        thread.join(LONG_S)
    assert outcomes == [b"reply"] * AT_ONCE
    assert line.ask(b"query") == b"reply"


def test_those_who_met_one_silence_together_make_one_rest(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    line = StampLine(authority.url, SHORT_S, clock)
    authority.behave = authority.be_silent
    threads, outcomes = _together(line, AT_ONCE)
    for thread in threads:
        thread.join(LONG_S)
    assert set(outcomes) <= {"no_answer", "resting"}
    assert _code(line) == "resting"
    authority.release.set()
    authority.behave = authority.answer
    clock.now_s += stamp_line.FIRST_REST_S
    assert until(_all_hung_up)
    monkeypatch.setattr(line, "_timeout_s", LONG_S)
    assert line.ask(b"query") == b"reply"


def test_one_alone_finds_out_whether_it_speaks_again(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    line = StampLine(authority.url, SHORT_S, clock)
    authority.behave = authority.be_silent
    assert _code(line) == "no_answer"
    assert until(_all_hung_up)
    clock.now_s += stamp_line.FIRST_REST_S
    monkeypatch.setattr(line, "_timeout_s", LONG_S)
    authority.behave = authority.answer_when_released
    threads, outcomes = _together(line, 1)
    assert until(lambda: line._asking == 1)
    assert _code(line) == "resting"
    authority.release.set()
    threads[0].join(LONG_S)
    assert outcomes == [b"reply"]
