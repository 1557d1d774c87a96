"""`dopusk central backup` and `restore`, and what `dopusk verify` does with a centre's store."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from central.conclusions.act_files import ActFiles
from central.conclusions.destruction import returned
from central.core.clock import now_utc
from central.core.config import load_config
from central.core.media_files import MediaFiles
from central.core.store_urls import sqlite_url
from central.core.trust import Trust
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles
from central.keeping.backup import back_up
from central.keeping.backup import restore as put_back
from central.keeping.rebuild import rebuild as rebuild_exams
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StampTrust, StoreReport
from central.link.outgoing import load_signing_key
from central.store import exams, schema
from central.store.engine import open_engine, writing
from central.store.seals import Head
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, bring_up_to_date, open_store, plain_errors
from dopusk.commands.findings import print_findings
from dopusk.words import say

BackupFolder = Annotated[Path, typer.Argument(help="Folder of the backup.")]
Unsigned = Annotated[
    bool, typer.Option("--unsigned", help="Take a backup whose list the centre has not signed, as of an older program.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def backup(folder: BackupFolder, config: ConfigFile, as_json: AsJson = False) -> None:
    """Copy store and media into a new folder while the centre runs. Keys are left out: copy them once, to a safe."""
    with plain_errors():
        loaded = load_config(config)
        engine, key = open_store(config), load_signing_key(loaded.keys.centre_signing_key_file)
        counts = back_up(engine, loaded.store_url, MediaFiles(loaded.media_dir), folder, key)
        with writing(engine) as connection:
            # A copy of everything counts as an export of every exam.
            note(connection, "store.backup", detail={"rows": exams.count(connection), "media": counts["media"]})
    done = say("backup in {folder}: store and {media} media files", folder=folder, media=counts["media"])
    print(json.dumps(counts) if as_json else done)


def restore(folder: BackupFolder, config: ConfigFile, unsigned: Unsigned = False, as_json: AsJson = False) -> None:
    """Put a backup in the place of an empty store, bring it up to date and verify it. Stop the centre first."""
    with plain_errors():
        loaded = load_config(config)
        key = load_signing_key(loaded.keys.centre_signing_key_file)
        counts = put_back(folder, loaded.store_url, loaded.media_dir, None if unsigned else key.public_key())
        # What the copied centre had written in its last moments has no seal yet.
        bring_up_to_date(open_engine(loaded.store_url), key)
        with writing(open_store(config)) as connection:
            note(connection, "store.restore", detail={"media": counts["media"]})
        report = verify_centre(config)
        back = returned(ActFiles(loaded.acts_dir), Trust(loaded.keys.authority_dir), MediaFiles(loaded.media_dir))
    if as_json:
        again = {f"{item.number}/{item.year}": hashes for item, hashes in back}
        print(json.dumps(counts | {"ok": report.ok, "destroyed_before": again}))
    else:
        print(say("restored from {folder}: store and {media} media files", folder=folder, media=counts["media"]))
        if counts["unlisted"]:
            text = "{count} files in {folder} are not in its list and were left there"
            print(say(text, count=counts["unlisted"], folder=folder))
        for item, hashes in back:
            text = (
                "{count} files came back that act {act} of {org} destroyed; `serve` removes them by that act: {files}"
            )
            act = f"{item.number}/{item.year}"
            print(say(text, count=len(hashes), act=act, org=item.org, files=", ".join(hashes)))
        print_report(report)
    if not report.ok:
        raise typer.Exit(1)


def rebuild(config: ConfigFile) -> None:
    """Make the list of examinations anew from the received messages and the decisions. Stop ingest and serve first."""
    with plain_errors(), writing(open_store(config)) as connection:
        count = rebuild_exams(connection)
        note(connection, "store.rebuild", detail={"rows": count})
        print(say("{count} exams", count=count))


def verify_centre(config: Path, heads: tuple[Head, ...] = ()) -> StoreReport:
    """Check the store of a configuration against its keys, and against seals that were told outside.

    Raises `ConfigError`, `StoreVersionError`.
    """
    loaded = load_config(config)
    key = load_signing_key(loaded.keys.centre_signing_key_file).public_key()
    anchors = Trust(loaded.keys.authority_dir).anchors()
    documents, stamps = DocumentFiles.from_config(loaded), None
    if loaded.timestamp is not None:
        policy = Stamping(loaded.timestamp)
        stamps = StampTrust(policy.roots, policy.algorithms, now_utc())
    return _verified(loaded.store_url, Expected(key, anchors, MediaFiles(loaded.media_dir), heads, stamps, documents))


def _verified(store_url: str, expected: Expected) -> StoreReport:
    engine = open_engine(store_url)
    try:
        schema.check(engine)
        return verify_store(engine, expected)
    finally:
        engine.dispose()


def verify_sqlite(path: Path, heads: tuple[Head, ...] = ()) -> StoreReport:
    """Check one SQLite file of a centre; with the `central.toml` beside it, where that names this file.

    Without one the medics' signatures and the media cannot be checked, and the report says so.
    """
    beside = path.resolve().parent / "central.toml"
    if beside.exists() and load_config(beside).store_url == sqlite_url(path.resolve()):
        return verify_centre(beside, heads)
    return _verified(sqlite_url(path), Expected(None, None, None, heads))


def print_report(report: StoreReport, *, as_json: bool = False) -> None:
    """For people, or for scripts."""
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
        return
    counted = (
        "{messages} messages, {exams} exams, {decisions} decisions, {outgoing} outgoing messages, {media} media files, "
        "{sealed} sealed rows"
    )
    print(say(counted, **asdict(report)))
    if report.seal_head is not None:
        print(say("newest seal {seal_no}:{sha256}", **asdict(report.seal_head)))
    print_findings(report)
