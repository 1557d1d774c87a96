"""Makes copies of papers: each has a number, a receiver, and bytes that are signed once and printed again as they are.

A copy shows the signed record that was in force when it was made. After a correction a new original is made; copies of before stay.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from central.conclusions.marking import code_address, copy_mark, stamp_lines
from central.conclusions.norms import Norm, norm_of
from central.core.copy_rules import FORMS, GONE, MOST_WORDS, roles_for
from central.core.days import zone_of
from central.core.trust import Trust
from central.grounds.document_files import DocumentFiles
from central.papers.issuing import Granted, Issuer, grant, sheet_of
from central.papers.sheet import Sheet
from central.papers.signed import SignedPapers
from central.papers.wording import NoSuchPaper
from central.store import copies, paper_records, worklist
from central.store.copies import Copy, NumberTaken
from central.store.engine import hold, reading, writing
from central.store.papers import Paper
from central.store.worklist import ListedExam
from sync.contract.canonical import new_id, sha256_hex

_TRIES = 50
"""So often a number is asked for anew when others make copies of the same paper at the same moment."""


@dataclass(frozen=True, slots=True)
class CopyWish:
    """A copy that somebody wants. `ground`: why, where it is beyond the norm."""

    role: str
    form: str = "paper"
    ground: str = ""


class CopyRefused(Exception):
    """No copy was made. `field`: of the form, empty for the whole; `code`: a word of `copy.fault`."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(f"{field}: {code}")
        self.code, self.field = code, field


@dataclass(frozen=True, slots=True)
class _File:
    """A signed PDF among the media. `file_id`: what it is bound to."""

    file_id: str
    sha256: str
    stored_sha256: str
    size_bytes: int
    signature: bytes


Note = Callable[[Connection, Copy], None]


class Copying:
    """Makes copies in one store. From any thread: two at once get two numbers."""

    def __init__(self, engine: Engine, files: DocumentFiles, trust: Trust, signed: SignedPapers) -> None:
        self._engine, self._files, self._trust, self._signed = engine, files, trust, signed

    def make(self, entry: Paper, wish: CopyWish, issuer: Issuer, note: Note) -> Copy:
        """Make a copy; `note` writes it into the access log, in the same transaction.

        Raises `CopyRefused`, `NoSuchPaper`, `SignatureBroken` (nothing is copied of a changed record), and as `SignedPapers.kept`.
        """
        issuer = replace(issuer, zone=(zone_of(entry.zone) if entry.zone else None) or issuer.zone)
        for _ in range(_TRIES):
            made = self._try(entry, wish, issuer, note)
            if made is not None:
                return made
        raise CopyRefused("busy")

    def original(self, entry: Paper, issuer: Issuer, note: Note) -> bytes:
        """The bytes of the original of the record in force; it is made when there is none. Raises as `make` and `open`."""
        try:
            return self.open(self._there(entry) or self.make(entry, CopyWish("original"), issuer, note))
        except CopyRefused as error:
            meant = self._there(entry) if error.code == "original_once" else None
            if meant is None:
                raise
            return self.open(meant)  # somebody else has printed it at the same moment

    def open(self, item: Copy) -> bytes:
        """The bytes of a copy. Raises `DocumentLost`."""
        return self._files.open(item.file_id, item.stored_sha256, item.sha256)

    def _try(self, entry: Paper, wish: CopyWish, issuer: Issuer, note: Note) -> Copy | None:
        """One try; None where somebody else took the number meanwhile."""
        with reading(self._engine) as connection:
            exam, granted = self._granted(connection, entry)
            record_id = record_id_of(granted)
            there = of_record(connection, entry.paper_id, record_id)
            check_wish(wish, entry.kind, norm_of(entry.org, entry.kind), there)
            number = copies.next_number(connection, entry.paper_id)
            sheet = sheet_of(connection, exam, granted, entry, issuer)
        replaced = _replaced(wish.role, there)
        day = issuer.at.astimezone(issuer.zone).date()
        marked = replace(
            sheet,
            check_url=code_address(issuer.public_url, entry.code, number),
            copy_mark=copy_mark(number, wish.role, is_replacement=replaced is not None, day=day),
            stamp=stamp_lines(sheet.number, entry.issued_at.astimezone(issuer.zone).date(), record_id),
        )
        copy_id = new_id()
        is_first = wish.role == "original" and replaced is None
        # Before the transaction: nobody waits for the disk or for an authority of time.
        file = self._signed_paper(entry, granted, marked) if is_first else self._file(copy_id, entry, granted, marked)
        item = Copy(
            copy_id=copy_id,
            org=entry.org,
            paper_id=entry.paper_id,
            copy_no=number,
            role=wish.role,
            form=wish.form,
            record_id=record_id,
            sha256=file.sha256,
            stored_sha256=file.stored_sha256,
            file_id=file.file_id,
            size_bytes=file.size_bytes,
            signature=file.signature,
            ground=wish.ground,
            replaces=replaced,
            made_at=issuer.at,
            made_by=issuer.account_id,
        )
        written = False
        try:
            with writing(self._engine) as connection:
                hold(connection, f"copies of {entry.paper_id}")
                if copies.next_number(connection, entry.paper_id) != number:
                    return None
                self._still_in_force(connection, entry, granted)
                copies.add(connection, item)
                note(connection, item)
            written = True
        except NumberTaken:
            return None
        finally:
            if not written and file.file_id == copy_id:
                self._files.discard(file.stored_sha256)
        return item

    def _signed_paper(self, entry: Paper, granted: Granted, sheet: Sheet) -> _File:
        """The file of the paper itself, which is the first original of its record."""
        found = self._signed.kept(entry, granted, sheet)
        return _File(found.signed_id, found.sha256, found.stored_sha256, found.size_bytes, found.signature)

    def _file(self, copy_id: str, entry: Paper, granted: Granted, sheet: Sheet) -> _File:
        """A file of the copy's own. What is not taken after all is taken away again."""
        signed = self._signed.sign(entry, granted, sheet)
        stored = self._files.keep(copy_id, signed.content)
        return _File(copy_id, sha256_hex(signed.content), stored, len(signed.content), signed.signature)

    def _there(self, entry: Paper) -> Copy | None:
        """The original of the record in force, unless it is gone."""
        with reading(self._engine) as connection:
            _, granted = self._granted(connection, entry)
            found = of_record(connection, entry.paper_id, record_id_of(granted))
        return next((item for item, state in found if item.role == "original" and state not in GONE), None)

    def _granted(self, connection: Connection, entry: Paper) -> tuple[ListedExam, Granted]:
        exam = worklist.one(connection, entry.exam_id)
        if exam is None or exam.decision_id != entry.decision_id:
            raise CopyRefused("corrected")
        return exam, grant(connection, exam, entry.kind, self._trust)

    @staticmethod
    def _still_in_force(connection: Connection, entry: Paper, granted: Granted) -> None:
        exam = worklist.one(connection, entry.exam_id)
        if exam is None or exam.decision_id != entry.decision_id:
            raise CopyRefused("corrected")
        if granted.written != paper_records.in_force(connection, entry.decision_id, entry.kind):
            raise NoSuchPaper("unwritten")


def record_id_of(granted: Granted) -> str:
    """The signed record that stands on a paper: what a medic has written, or the decision itself."""
    return granted.written.record_id if granted.written is not None else granted.given.decision_id


def of_record(connection: Connection, paper_id: str, record_id: str) -> list[tuple[Copy, str]]:
    """Copies of a paper that show that record, each with its state, in the order of their numbers."""
    items = [one for one in copies.of_papers(connection, [paper_id]).get(paper_id, []) if one.record_id == record_id]
    moves = copies.moves_of(connection, [one.copy_id for one in items])
    return [(one, copies.state_after(moves.get(one.copy_id, []))) for one in items]


def check_wish(wish: CopyWish, kind: str, norm: Norm, there: Sequence[tuple[Copy, str]]) -> None:
    """Whether that copy may be made beside those. Pure. Raises `CopyRefused`."""
    if wish.role not in roles_for(kind):
        raise CopyRefused("role", "role")
    if wish.form not in FORMS:
        raise CopyRefused("form", "form")
    if len(wish.ground) > MOST_WORDS:
        raise CopyRefused("too_long", "ground")
    originals = [state for item, state in there if item.role == "original"]
    if wish.role != "original" and not originals:
        raise CopyRefused("original_first", "role")
    if wish.role == "original" and any(state not in GONE for state in originals):
        raise CopyRefused("original_once", "role")
    made = sum(item.role == wish.role and state not in GONE for item, state in there)
    if made >= norm.counts.get(wish.role, 0) and not wish.ground:
        raise CopyRefused("beyond_norm", "ground")


def _replaced(role: str, there: Sequence[tuple[Copy, str]]) -> str | None:
    """The first copy for that receiver that is gone and whose place none has taken yet."""
    taken = {item.replaces for item, _ in there}
    gone = (item for item, state in there if item.role == role and state in GONE)
    return next((item.copy_id for item in gone if item.copy_id not in taken), None)
