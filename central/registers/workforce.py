"""Carries out what an HR department asks for, by the rules of the register of workers and of transfers.

An HR department says nothing of what is the medic's: whether somebody may be examined remotely, a suspension, a study, a SNILS. A
new worker may not be examined at a terminal until whoever examines says so: leave is never what is left over.
"""

from dataclasses import replace

from central.core.days import parse_day
from central.core.input_fault import InputFault
from central.registers.coded import save_coded
from central.registers.form import Field, typed_of
from central.registers.keeping import FormInput, RegisterChange, Saved
from central.registers.transfers import transfer
from central.registers.workers import WorkerForm
from central.store import register_changes
from central.store.workers import get_worker
from central.store.workforce_changes import WorkforceChange

_OF_HR = (
    *("personnel_number", "full_name", "birth_date", "sex", "position", "position_code", "department", "post_number"),
    *("harm_factors", "since", "until", "external_id"),
)
HR_FIELDS: tuple[Field, ...] = tuple(field for field in WorkerForm.fields if field.name in _OF_HR)
"""What an HR department enters of a worker."""
TRANSFER_FIELDS = ("to_employer", "personnel_number", "position", "since")
NOT_YET = "Внесён отделом кадров. Осмотр на терминале медпункт ещё не разрешил: обратитесь к медработнику."
"""What a terminal says to a new worker whom nobody has allowed yet."""


def apply(change: RegisterChange, asked: WorkforceChange, *, remote_allowed: bool = False) -> Saved:
    """Store it: the id of the entry, or what is wrong by field; nothing is stored then. `remote_allowed`: of a new worker.

    `changed_meanwhile` without a field: somebody else has changed the entry since it was asked for.
    """
    if asked.kind == "add":
        answer = {"remote_allowed": "yes"} if remote_allowed else {"remote_allowed": "no", "block_text": NOT_YET}
        fields = {name: asked.fields.get(name, "") for name in _OF_HR} | {"employer_id": asked.employer_id} | answer
        return save_coded(change, WorkerForm(), None, FormInput(fields, another=asked.another))
    worker_id = asked.worker_id or ""
    row = get_worker(change.connection, worker_id)
    if row is None or row["archived_at"] is not None:
        return {"": InputFault("dismissed_worker")}
    if register_changes.count(change.connection, "workers", worker_id) != asked.seen:
        return {"": InputFault("changed_meanwhile")}
    form = WorkerForm()
    if asked.kind == "transfer":
        said = {name: asked.fields.get(name, "") for name in TRANSFER_FIELDS}
        found = transfer(change, worker_id, said | {"employer_id": said["to_employer"]})
        return found if isinstance(found, str) else {_TO.get(name, name): fault for name, fault in found.items()}
    if asked.kind == "dismiss":
        last_day = asked.fields.get("last_day", "")
        if not last_day:
            fault = form.archive(change, worker_id, archived=True)
            return {"": fault} if fault is not None else worker_id
        if parse_day(last_day) is None:
            return {"last_day": InputFault("not_a_day")}
        given = {"until": last_day}
    else:
        given = {name: asked.fields.get(name, "") for name in _OF_HR}
    kept = typed_of(form.fields, form.read(change.connection, worker_id) or {})
    saved = save_coded(change, form, worker_id, FormInput(kept | given, another=asked.another))
    if asked.kind == "dismiss" and not isinstance(saved, str):
        return {("last_day" if name == "until" else name): fault for name, fault in saved.items()}
    return saved


def told(saved: Saved) -> Saved:
    """What an HR department may read of what is wrong: no name of somebody else's worker, and no link into the registers."""
    if isinstance(saved, str):
        return saved
    return {name: replace(fault, entry_id="") for name, fault in saved.items()}


_TO = {"employer_id": "to_employer"}
