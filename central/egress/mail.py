"""Sends one mail to the operator's server, with a time limit for the whole exchange and a size limit for its answers."""

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import IO, Any, Literal

from central.egress.connecting import Unreached, connect
from central.egress.rules import OPERATORS_OWN, EgressRules
from central.egress.term import within

TERM_S = 10.0
MAX_REPLY_BYTES = 64 * 1024
"""Of all replies of a server in one exchange."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The operator's mail server. `tls`: from the first byte, by STARTTLS, or none."""

    host: str
    port: int
    tls: Literal["implicit", "starttls", "none"]
    ca_file: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)


class MailRefused(Exception):
    """The server answered and did not take it. `code`: its reply code (RFC 5321, 4.2)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail server answered {code}")
        self.code = code


def send_mail(
    server: MailServer,
    message: EmailMessage,
    sender: str,
    recipient: str,
    *,
    term_s: float = TERM_S,
    rules: EgressRules = OPERATORS_OWN,
) -> None:
    """Hand a letter over, within `term_s` seconds. Raises `Unreached` and `MailRefused`, `OSError` for a file of authorities."""
    context = ssl.create_default_context(cafile=server.ca_file) if server.tls != "none" else None
    lines: list[_Line] = []

    def deliver() -> None:
        # Made here: the library asks a name server for our own name.
        lines.append(_Line(server, context, rules, term_s))
        _deliver(lines[0], server, context, message, sender, recipient)

    try:
        within(term_s, deliver, "mail", lambda: lines[0].hang_up())
    except ssl.SSLError as error:
        raise Unreached("untrusted", "no secure connection: the mail server's certificate is not believed") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise MailRefused(next(iter(error.recipients.values()))[0]) from error
    except smtplib.SMTPResponseException as error:
        raise MailRefused(error.smtp_code) from error
    except smtplib.SMTPServerDisconnected as error:
        raise Unreached("not_reached", "the mail server ended the connection") from error
    except smtplib.SMTPException as error:
        raise Unreached(
            "unreadable", f"the mail server does not offer what is needed: {type(error).__name__}"
        ) from error
    except TimeoutError as error:
        raise Unreached("no_answer", f"the mail server did not answer within {term_s:g} s") from error
    except OSError as error:
        raise Unreached("not_reached", "the connection to the mail server was lost") from error


def _deliver(
    line: "_Line",
    server: MailServer,
    context: ssl.SSLContext | None,
    message: EmailMessage,
    sender: str,
    recipient: str,
) -> None:
    line.connect(server.host, server.port)
    try:
        if server.tls == "starttls":
            line.starttls(context=context)
        if server.user:
            line.login(server.user, server.password)
        line.send_message(message, from_addr=sender, to_addrs=[recipient])
        # It is taken: what the server says of our leaving changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            line.quit()
    finally:
        line.close()


class _Line(smtplib.SMTP):
    """The library's client with our way to connect and a limit for replies."""

    def __init__(
        self, server: MailServer, context: ssl.SSLContext | None, rules: EgressRules, timeout_s: float
    ) -> None:
        super().__init__(timeout=timeout_s)
        self._host = server.host  # the library checks the certificate against it
        self._implicit = context if server.tls == "implicit" else None
        self._rules = rules
        self._left_bytes = MAX_REPLY_BYTES

    def hang_up(self) -> None:
        """End the connection under the reader."""
        if self.sock is not None:
            # The shutdown of an SSLSocket would leave its reader with the bare cipher text.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def getreply(self) -> tuple[int, bytes]:
        """The next reply. Raises `smtplib.SMTPException` when the server has said too much."""
        if self.file is None and self.sock is not None:
            self.file = _Limited(self.sock.makefile("rb"), self)
        return super().getreply()

    def spend(self, count: int) -> None:
        """Count what the server has said."""
        self._left_bytes -= count
        if self._left_bytes < 0:
            raise smtplib.SMTPException(f"more than {MAX_REPLY_BYTES} bytes of replies")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = connect(host, port, self._rules, timeout)
        return self._implicit.wrap_socket(made, server_hostname=host) if self._implicit is not None else made


class _Limited:
    """The stream of replies, counted."""

    def __init__(self, stream: IO[bytes], line: _Line) -> None:
        self._stream, self._line = stream, line

    def readline(self, size: int = -1) -> bytes:
        found = self._stream.readline(size)
        self._line.spend(len(found))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
