"""A connection to a Sigur server: whole lines in bounded time, nothing longer than a line may be."""

import time
from typing import Self

from central.egress.connecting import Unreached, connect
from central.egress.rules import OPERATORS_OWN
from central.partners.sigur_words import MAX_LINE_BYTES, login

ANSWER_S = 3.0


class SigurAway(OSError):
    """The server was not reached, did not answer in time, or said something else than was asked."""


class SigurLine:
    """One connection, logged in. Used by one thread. Raises `SigurAway`."""

    def __init__(self, host: str, port: int, name: str, password: str) -> None:
        try:
            self._socket = connect(host, port, OPERATORS_OWN, ANSWER_S)
        except Unreached as error:
            raise SigurAway(f"{host}:{port}: {error}") from error
        self._place, self._received = f"{host}:{port}", b""
        try:
            self.ask_ok(login(name, password))
        except SigurAway:
            self.close()
            raise

    def say(self, line: str) -> None:
        """Send one line."""
        try:
            self._socket.sendall(line.encode("utf-8") + b"\r\n")
        except OSError as error:
            raise SigurAway(f"{self._place}: the connection is gone") from error

    def hear(self, within_s: float) -> str | None:
        """The next line; None when none came in time."""
        until_s = time.monotonic() + within_s
        while b"\n" not in self._received:
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return None
            if len(self._received) > MAX_LINE_BYTES:
                raise SigurAway(f"{self._place}: a line without an end")
            self._socket.settimeout(left_s)
            try:
                more = self._socket.recv(MAX_LINE_BYTES)
            except TimeoutError:
                return None
            except OSError as error:
                raise SigurAway(f"{self._place}: the connection is gone") from error
            if not more:
                raise SigurAway(f"{self._place}: the server has hung up")
            self._received += more
        line, _, self._received = self._received.partition(b"\n")
        try:
            return line.decode("utf-8").strip()
        except UnicodeDecodeError:
            return line.decode("cp1251", "replace").strip()

    def ask(self, line: str) -> str:
        """One line, and the answer to it: events in between belong to nobody here."""
        self.say(line)
        until_s = time.monotonic() + ANSWER_S
        while (left_s := until_s - time.monotonic()) > 0:
            heard = self.hear(left_s)
            if heard is None:
                break
            if not heard.startswith("EVENT_CE"):
                return heard
        raise SigurAway(f"{self._place}: no answer to {line.split()[0]}")

    def ask_ok(self, line: str) -> None:
        """One line that is to be answered by `OK`."""
        heard = self.ask(line)
        if heard != "OK":
            raise SigurAway(f"{self._place}: {line.split()[0]} was answered by {heard[:60]!r}")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
