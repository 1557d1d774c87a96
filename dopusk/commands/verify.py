"""`dopusk verify`: checks that a terminal's or a centre's store is unchanged."""

import json
import re
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from dopusk.commands.findings import print_findings
from dopusk.told import error_words, told
from dopusk.words import say
from sync.contract.verify_report import Fault, ToldSeal, VerifyReport
from terminal.store.database import KeyFile, StoreError, connect, derive_key, is_current
from terminal.store.media_files import MediaFiles
from terminal.store.verify import owner_key, verify_store
from terminal.store.verify_report import Expected, StoreReport

SQLITE_HEADER = b"SQLite format 3\x00"
CANNOT_CHECK = 2
_MASTER_KEYS = ("keys/master.key", "../keys/master.key", "master.key")
_SIGNING_KEYS = ("keys/signing.key", "../keys/signing.key", "signing.key")
_CENTRE_KEYS = ("keys/centre.pub", "../keys/centre.pub", "centre.pub")

Store = Annotated[Path, typer.Argument(metavar="DB", help="A terminal's database, a centre's, or a central.toml.")]
KeyOption = Annotated[Path | None, typer.Option("--key-file", help="The terminal's master key.")]
PublicOption = Annotated[
    Path | None, typer.Option("--public-key", help="The terminal's public key (PEM); without it, the store's own word.")
]
CentreOption = Annotated[Path | None, typer.Option("--centre-key", help="The centre's public key (PEM).")]
HeadOption = Annotated[
    list[str] | None,
    typer.Option(
        "--seal-head", metavar="NO:HASH", help="A seal that a receipt or a signed journal names; may be repeated."
    ),
]
HeadsOption = Annotated[
    Path | None,
    typer.Option("--seal-heads", help="A file of such seals, one a line, or what verify --json said of terminals."),
]
MediaOption = Annotated[Path | None, typer.Option("--media", help="The folder of the terminal's media.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def verify(
    db: Store,
    key_file: KeyOption = None,
    public_key: PublicOption = None,
    centre_key: CentreOption = None,
    media: MediaOption = None,
    seal_head: HeadOption = None,
    seal_heads: HeadsOption = None,
    as_json: AsJson = False,
) -> None:
    """Check chain, signatures, receipts and media of a store; name what is missing, changed, out of order or wrongly signed.

    Exit code 0: in order; 1: something is wrong with the store; 2: it could not be checked.
    """
    if not db.is_file():
        _stop(
            f"{db}: it is a folder, and a file is needed" if db.is_dir() else f"{db}: there is no such file or folder"
        )
    with db.open("rb") as file:
        is_plain = file.read(len(SQLITE_HEADER)) == SQLITE_HEADER  # a terminal's file is encrypted from its first byte
    if is_plain or db.suffix == ".toml":
        _verify_centre(db, _heads(seal_head or [], seal_heads), as_json)
        return
    try:
        master = KeyFile(_existing(db, key_file, _MASTER_KEYS, "--key-file")).master_key()
        with closing(connect(db, master)) as store:
            if not is_current(store, str(db)):
                _stop(say("{path}: written by an older program; start the terminal once, then verify", path=db))
            remarks = []
            terminal = _terminal_key(db, public_key)
            if terminal is None:
                terminal = owner_key(store)
                remarks.append("the terminal's key was taken from the store itself; give --public-key to be sure of it")
            if terminal is None:
                _stop(say("{path}: the store does not say whose it is; give --public-key", path=db))
            folder = media or db.parent / "media"
            files = MediaFiles(folder, derive_key(master, "media")) if folder.is_dir() else None
            report = verify_store(store, Expected(terminal, _public(_found(db, centre_key, _CENTRE_KEYS)), files))
            report.remarks[:0] = remarks
    except StoreError as error:
        if error.code == "damaged":
            _report_unreadable(str(error), as_json)
        _stop(str(error))
    _print(report, as_json)
    raise typer.Exit(0 if report.ok else 1)


def _verify_centre(db: Path, seals: tuple[ToldSeal, ...], as_json: bool) -> None:
    from central.store.seals import Head
    from dopusk.commands.central import plain_errors
    from dopusk.commands.central_keeping import print_report, verify_centre, verify_sqlite

    heads = tuple(Head(one.seal_no, one.sha256) for one in seals)
    with plain_errors():
        report = verify_centre(db, heads) if db.suffix == ".toml" else verify_sqlite(db, heads)
    print_report(report, as_json=as_json)
    raise typer.Exit(0 if report.ok else 1)


def _heads(given: list[str], file: Path | None) -> tuple[ToldSeal, ...]:
    try:
        lines = given + (file.read_text(encoding="utf-8").splitlines() if file is not None else [])
    except (OSError, UnicodeDecodeError) as error:
        _stop(f"{file}: {error_words(error)}" if isinstance(error, UnicodeDecodeError) else error_words(error))
    return tuple(head for line in lines if (head := _head(line.strip())) is not None)


def _head(line: str) -> ToldSeal | None:
    """A seal of the form NO:HASH, or as `verify --json` of a terminal tells it; None where that tells of none."""
    if not line:
        return None
    try:
        if line.startswith("{"):
            head = json.loads(line)["seal_head"]
            return ToldSeal(int(head["seal_no"]), str(head["sha256"])) if head else None
        number, _, sha256 = line.partition(":")
        if not re.fullmatch("[0-9a-f]{16,64}", sha256.strip().lower()):
            raise ValueError
        return ToldSeal(int(number), sha256.strip().lower())
    except (ValueError, KeyError, TypeError):
        _stop(say("{line}: not a seal of the form NO:HASH (at least 16 signs of the hash)", line=line[:80]))


def _print(report: StoreReport, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report.as_json() | {"store": "terminal"}, ensure_ascii=False))
        return
    counted = (
        "{events} events of {exams} exams, {messages} messages ({receipts} with receipt), "
        "{incoming} messages of the centre, {media} media files"
    )
    print(say(counted, **asdict(report)))
    if report.seal_head is not None:
        print(say("newest seal of the centre in the receipts {seal_no}:{sha256}", **asdict(report.seal_head)))
    print_findings(report)


def _report_unreadable(what: str, as_json: bool) -> NoReturn:
    if as_json:
        fault = {"kind": "database", "place": "file", "what": what}
        print(json.dumps({"store": "terminal", "ok": False, "faults": [fault], "remarks": []}, ensure_ascii=False))
    else:
        print_findings(VerifyReport(faults=[Fault("database", "file", what)]))
    raise typer.Exit(1)


def _terminal_key(db: Path, given: Path | None) -> Ed25519PublicKey | None:
    if given is not None:
        return _public(given)
    private = _found(db, None, _SIGNING_KEYS)
    if private is None:
        return None
    try:
        key = load_pem_private_key(private.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        _stop(f"{private}: {_key_fault(error)}")
    return key.public_key() if isinstance(key, Ed25519PrivateKey) else None


def _public(path: Path | None) -> Ed25519PublicKey | None:
    if path is None:
        return None
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        _stop(f"{path}: {_key_fault(error)}")
    if not isinstance(key, Ed25519PublicKey):
        _stop(say("{path}: not an Ed25519 public key", path=path))
    return key


def _key_fault(error: OSError | ValueError) -> str:
    return str(error) if isinstance(error, OSError) else "it cannot be read as a key"


def _found(db: Path, given: Path | None, guesses: tuple[str, ...]) -> Path | None:
    if given is not None:
        return given
    return next((path for guess in guesses if (path := db.resolve().parent / guess).is_file()), None)


def _existing(db: Path, given: Path | None, guesses: tuple[str, ...], option: str) -> Path:
    path = _found(db, given, guesses)
    if path is None or not path.is_file():
        _stop(say("{path}: the master key is not there; name it with {option}", path=path or db, option=option))
    return path


def _stop(message: str) -> NoReturn:
    typer.echo(told(message), err=True)
    raise typer.Exit(CANNOT_CHECK)
