"""`dopusk central dossier`: everything that proves an exam, in a folder that openssl and sha256sum can check years later."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, RowMapping

from central.conclusions.dossier import vouchers_of, write_dossier
from central.core.clock import now_utc
from central.core.media_files import MediaFiles
from central.grounds.document_files import DocumentFiles
from central.link.outgoing import load_signing_key
from central.store import exams
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from dopusk.commands.access_trail import note
from dopusk.commands.central import ConfigFile, open_centre, plain_errors
from dopusk.commands.central_registers import day_from
from dopusk.words import say

ExamIds = Annotated[list[str] | None, typer.Option("--exam", help="Id of an exam; may be given several times.")]
WorkerId = Annotated[str | None, typer.Option("--worker", help="Id of a worker, with --since and --until.")]
Day = Annotated[str | None, typer.Option(help="Day as YYYY-MM-DD, UTC.")]
WithMedia = Annotated[bool, typer.Option("--with-media", help="Film and photos too, not only their hashes.")]


def dossier(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it does not exist yet.")],
    config: ConfigFile,
    exam: ExamIds = None,
    worker: WorkerId = None,
    since: Day = None,
    until: Day = None,
    with_media: WithMedia = False,
) -> None:
    """Write what proves exams, with a script that checks it by openssl alone: records, certificates, seals, access log."""
    if bool(exam) == bool(worker):
        raise typer.BadParameter("name exams or one worker", param_hint="--exam / --worker")
    if worker and not (since and until):
        raise typer.BadParameter("a worker needs both days", param_hint="--since / --until")
    with plain_errors():
        loaded, engine = open_centre(config)
        key = load_signing_key(loaded.keys.centre_signing_key_file)
        vouchers = vouchers_of(loaded)
        files = MediaFiles(loaded.media_dir) if with_media else None
        documents = DocumentFiles.from_config(loaded)
        if folder.exists():
            raise FileExistsError(f"{folder} is there already; a dossier goes into a new folder")
        # Who takes it out is in the log before the folder is there, and so in the dossier itself.
        with writing(engine) as connection:
            chosen = _chosen(connection, exam or (), worker, since, until)
            for row in chosen:
                note(connection, "exam.dossier", row["exam_id"], org=row["org"], detail={"media": with_media})
        Sealer(engine, key).run()
        with reading(engine) as connection:
            made = write_dossier(connection, chosen, vouchers, folder, files, documents, now_utc())
    for sha256 in made.missing:
        typer.echo(say("file {name} has not come whole; its hash stands in the record", name=sha256), err=True)
    print(say("dossier in {folder}: {exams} exams, {files} files", folder=folder, exams=len(chosen), files=made.files))
    print(say("check it: sh {script}", script=folder / "check.sh"))


def _chosen(
    connection: Connection, exam_ids: Sequence[str], worker_id: str | None, since: str | None, until: str | None
) -> list[RowMapping]:
    if worker_id and since and until:
        found = list(exams.of_worker(connection, worker_id, _moment(since), _moment(until) + timedelta(days=1)))
        if not found:
            raise LookupError(f"worker {worker_id} has no exam within these days")
        return found
    chosen = []
    for exam_id in dict.fromkeys(exam_ids):
        row = exams.get(connection, exam_id)
        if row is None:
            raise LookupError(f"exam {exam_id} does not exist")
        chosen.append(row)
    return chosen


def _moment(day: str) -> datetime:
    return datetime.combine(day_from(day), time(), UTC)
