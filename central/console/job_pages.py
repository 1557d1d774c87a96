"""Shared parts of the pages of jobs: owner, events, file."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

from fastapi import HTTPException
from fastapi.responses import FileResponse, StreamingResponse
from sqlalchemy import Connection

from central.access.accounts import is_alive
from central.console.context import Console, Visitor
from central.journal.export import media_type
from central.store import accounts
from central.store import jobs as store
from central.store.engine import reading
from central.store.jobs import Job

_LOOK_S = 0.5


def own_job(connection: Connection, visitor: Visitor, job_id: str, kinds: Sequence[str]) -> Job:
    """The visitor's own job of one of these kinds; 404 for anybody else's."""
    found = store.find(connection, job_id)
    if found is None or found.account_id != visitor.account.account_id or found.kind not in kinds:
        raise HTTPException(404)
    return found


def job_file(console: Console, job: Job) -> FileResponse:
    """The finished file; 404 before it is finished and after it has expired."""
    path = console.jobs.file_of(job)
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type=media_type(job.file_name), filename=job.file_name)


def job_events(console: Console, visitor: Visitor, job: Job) -> StreamingResponse:
    """Server-sent events `job` with `{"state", "done", "total"}` until the job or the session ends."""

    def look() -> Job | None:
        with reading(console.engine) as connection:
            session = accounts.find_session(connection, visitor.session.session_id)
            alive = session is not None and is_alive(session, console.clock())
            return store.find(connection, job.job_id) if alive else None

    async def events() -> AsyncIterator[str]:
        last: tuple[str, int, int | None] | None = None
        while not console.live.closing:
            now = await asyncio.to_thread(look)
            if now is None:
                return
            state = (now.state, now.rows_done, now.rows_total)
            if state != last:
                data = json.dumps({"state": now.state, "done": now.rows_done, "total": now.rows_total})
                yield f"event: job\ndata: {data}\n\n"
            last = state
            if not now.unfinished:
                return
            await asyncio.sleep(_LOOK_S)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
