"""`dopusk signer`: the program at a medic's workplace that holds her key, on her own computer.

Exit codes: 0 it was ended by hand, 2 the set-up does not work, 3 the port is taken.
"""

import contextlib
import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from central.core.clock import now_utc
from central.signature.provider import SignatureProvider
from central.signature.token import certificate_on, look_anew, open_token
from dopusk.told import told
from dopusk.words import say, word
from signer.desk import Desk
from signer.door import make_server
from signer.settings import PORT, BadSettings, Settings, load, origin_of, save

app = typer.Typer(no_args_is_help=True, help="A medic's own key at her workplace: set up, run.")

_BAD_SETTINGS, _PORT_TAKEN = 2, 3
File = Annotated[
    Path, typer.Option("--config", "-c", help="signer.toml", envvar="DOPUSK_SIGNER_CONFIG", show_default=False)
]


class TerminalWindow:
    """The window is the terminal in which the program runs. Implements `signer.desk.Window`."""

    def ask_pin(self, purpose: str, tries_left: int) -> str | None:
        """See `Window`. The PIN is not shown."""
        if purpose == "enrol":
            typer.echo(say("The console asks to show the certificate of your token, to be entered in the register."))
        else:
            typer.echo(say("The console asks to open your key for this session. Have you just asked for it there?"))
        try:
            return getpass.getpass(say("PIN of the token ({left} tries left, empty to refuse): ", left=tries_left))
        except (EOFError, OSError):
            return None

    def opened(self, certificate: x509.Certificate) -> None:
        """See `Window`."""
        typer.echo(
            say(
                "The key is open: certificate {serial}, until {until}.",
                serial=f"{certificate.serial_number:x}",
                until=f"{certificate.not_valid_after_utc:%Y-%m-%d}",
            )
        )

    def signed(self, at: datetime, outcome: str, exam_id: str) -> None:
        """See `Window`."""
        moment = f"{at.astimezone():%H:%M:%S}"
        typer.echo(say("{at} signed: {outcome}, exam {exam}", at=moment, outcome=word(outcome), exam=exam_id))

    def signed_passport(self, at: datetime, record_id: str) -> None:
        """See `Window`."""
        moment = f"{at.astimezone():%H:%M:%S}"
        typer.echo(say("{at} signed: sanitary passport {passport}", at=moment, passport=record_id))

    def signed_act(self, at: datetime, number: str) -> None:
        """See `Window`."""
        typer.echo(say("{at} signed: act {number}", at=f"{at.astimezone():%H:%M:%S}", number=number))

    def refused(self, code: str) -> None:
        """See `Window`."""
        typer.echo(say("Nothing was signed: {why}", why=_why(code)), err=True)


@app.command()
def init(
    config: File,
    origin: Annotated[str, typer.Option("--origin", help="Address of the console; it stands on its page of the key.")],
    centre_key: Annotated[str, typer.Option("--centre-key", help="The centre's public key; it stands there too.")],
    library: Annotated[Path, typer.Option("--library", help="PKCS#11 library of the token.")],
    token: Annotated[str, typer.Option("--token", help="Label of the token.")],
    key_label: Annotated[str, typer.Option("--key-label", help="Label of the key, where it is another one.")] = "",
    certificate: Annotated[
        Path | None, typer.Option("--certificate", help="The certificate (PEM), where it does not lie on the token.")
    ] = None,
    port: Annotated[int, typer.Option("--port", help="As signer.port in central.toml.")] = PORT,
) -> None:
    """Write signer.toml: which centre may ask for signatures, and where the key is."""
    try:
        kept = str(certificate) if certificate else ""
        save(config, Settings(origin_of(origin), centre_key, str(library), token, key_label, kept, port))
    except (BadSettings, OSError) as error:
        typer.echo(told(str(error)), err=True)
        raise typer.Exit(_BAD_SETTINGS) from error
    typer.echo(say("{path}: written; now start `dopusk signer run`", path=config))


@app.command()
def run(config: File) -> None:
    """Wait for the console's requests and sign them, until Ctrl-C. The PIN is asked for here, never in the browser."""
    try:
        settings = load(config)
        desk = Desk(TerminalWindow(), _key_of(settings))
        server = make_server(settings, desk, now_utc)
    except BadSettings as error:
        typer.echo(told(str(error)), err=True)
        raise typer.Exit(_BAD_SETTINGS) from error
    except OSError as error:
        typer.echo(
            say("port {port} is taken: is the program running already? ({why})", port=settings.port, why=error),
            err=True,
        )
        raise typer.Exit(_PORT_TAKEN) from error
    typer.echo(say("Signs for {origin}. Leave this window open; Ctrl-C ends it.", origin=settings.origin))
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(0.2)
    server.server_close()
    desk.close()


def _key_of(settings: Settings) -> Callable[[str], SignatureProvider]:
    def opened(pin: str) -> SignatureProvider:
        label = settings.key_label or None
        # The desk has closed the key that was open before: there is one at a time.
        look_anew(settings.library)
        if settings.certificate_file:
            pem = Path(settings.certificate_file).read_bytes()
        else:
            pem = certificate_on(settings.library, settings.token_label, label)
        return open_token(settings.library, settings.token_label, pem, pin, label)

    return opened


def _why(code: str) -> str:
    match code:
        case "busy":
            return say("another request is being worked on")
        case "replayed":
            return say("the request was followed before")
        case "locked":
            return say("no PIN was typed in this session; open the key in the console")
        case "not_wanted":
            return say("no PIN was typed")
        case "pins_over":
            return say("too many wrong PINs; a few more and the token blocks itself")
        case "token_blocked":
            return say("the token has blocked itself; who issued it unblocks it")
        case "token_absent":
            return say("the token is not there; put it in and open the key again")
        case "wrong_certificate":
            return say("the register of the centre names another certificate; tell the senior medic")
        case "no_key":
            return say("the key or its certificate was not found on the token; tell the administrator")
        case _:
            return code
