"""Reference faces on this terminal: which it may hold, requests, makes templates of and deletes. For the core thread only.

Follows from three things: the legal basis in the configuration, the consents and photos in the roster, the engine. Each
change is reported to the centre in the transaction that notes it; files are deleted before, so that a report of a deletion
is never too early and a power cut between only has it done once more.
"""

import base64
import binascii
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from sync.contract.canonical import sha256_hex
from sync.contract.envelope import ContractError, read_unverified
from sync.contract.face import FACE_SCHEMA, FaceNote, FaceReport, FaceState, PhotoPart
from sync.contract.topics import Down, Up
from terminal.clock import Clock
from terminal.face.enroller import Portrait, PortraitJudged
from terminal.store.faces import ReferenceFace
from terminal.store.store import TerminalStore

if TYPE_CHECKING:
    from terminal.face.templates import TemplateStore

log = logging.getLogger(__name__)

NOTES_AT_ONCE = 500
_BASIS_CHARS = 4000


class Judging(Protocol):
    """Takes portraits; each is answered by a `PortraitJudged` in the core thread's mailbox."""

    def put(self, portrait: Portrait) -> None: ...


class ReferenceFaces:
    """`legal_basis` empty: nothing is asked for, and what is there goes. `templates` gives the folder's store, or None
    where there is no folder and `make` is false."""

    def __init__(
        self,
        store: TerminalStore,
        clock: Clock,
        enroller: Judging,
        templates: "Callable[[bool], TemplateStore | None]",
        *,
        legal_basis: str,
        engine: str,
    ) -> None:
        self._store, self._clock, self._enroller, self._templates = store, clock, enroller, templates
        self._legal_basis = legal_basis.strip()
        self._engine = engine
        self._at_work: set[tuple[str, str]] = set()

    def start(self) -> None:
        """After a start: also delete what no row speaks for, and ask again for photos that never came."""
        listed = self._store.faces.all()
        taken = {worker_id for worker_id, face in listed.items() if face.state == "taken"}
        self._sweep(taken)
        self.look()
        arrived = {worker_id for worker_id, _ in self._parts()}
        waited = [face for face in self._store.faces.all().values() if face.state == "wanted"]
        lost = [face for face in waited if listed.get(face.worker_id) == face and face.worker_id not in arrived]
        self._ask({face.worker_id: face.photo_sha256 for face in lost})

    def look(self) -> None:
        """With each new roster: give up what may no longer be held, ask for what may, go on with photos that came."""
        permitted = self._permitted()
        listed = self._store.faces.all()
        gone = [
            face
            for face in listed.values()
            if permitted.get(face.worker_id) != face.photo_sha256 or face.engine != self._engine
        ]
        self._give_up(gone)
        known = listed.keys() - {face.worker_id for face in gone}
        self._ask({worker_id: sha256 for worker_id, sha256 in permitted.items() if worker_id not in known})
        self.collect()

    def is_wanted(self, part: PhotoPart) -> bool:
        """Whether a part belongs to a photo that is waited for. Raises `ContractError` for one that is not what it says."""
        try:
            content = base64.b64decode(part.content_base64, validate=True)
        except binascii.Error as error:
            raise ContractError("invalid_payload", "content_base64: not base64") from error
        if sha256_hex(content) != part.part_sha256 or part.index >= part.count:
            raise ContractError("invalid_payload", "the part does not give its hash, or has no place among the parts")
        face = self._store.faces.get(part.worker_id)
        return face is not None and (face.photo_sha256, face.state) == (part.sha256, "wanted")

    def collect(self) -> None:
        """Hand photos of which every part is here to the enroller."""
        for (worker_id, sha256), found in self._parts().items():
            count = next(iter(found.values())).count
            if (worker_id, sha256) in self._at_work or len(found) < count:
                continue
            content = b"".join(base64.b64decode(found[index].content_base64) for index in range(count))
            if sha256_hex(content) != sha256:
                log.error("the parts of a reference photo do not give its hash; it is asked for again")
                with self._store.transaction():
                    self._empty_parts({worker_id})
                self._ask({worker_id: sha256})
                continue
            self._at_work.add((worker_id, sha256))
            self._enroller.put(Portrait(worker_id, sha256, content))

    def judged(self, judged: PortraitJudged) -> None:
        """Keep the template, or report what is wrong with the photo; the photo itself goes either way."""
        key = (judged.worker_id, judged.photo_sha256)
        self._at_work.discard(key)
        if judged.failure:
            log.error("reference photos cannot be judged (service engineer): %s", judged.failure)
            return
        face = self._store.faces.get(judged.worker_id)
        if face is None or (face.photo_sha256, face.state) != (judged.photo_sha256, "wanted"):
            return  # given up meanwhile, and its parts with it
        if self._permitted_photo(judged.worker_id) != judged.photo_sha256:
            self._give_up([face])
            return
        if judged.embedding is None:
            self._report([self._note(face, "refused", judged.problems or ("broken",))])
            return
        try:
            self._keep(judged, judged.embedding)
        except OSError as error:
            log.error("a template cannot be stored and is made again after the next start: %s", error.strerror)
            return
        self._report([self._note(face, "taken")])

    def _keep(self, judged: PortraitJudged, embedding: bytes) -> None:
        import numpy as np

        from terminal.face.templates import Template

        templates = self._templates(True)
        if templates is None:
            raise OSError("there is no folder for templates")
        numbers = np.frombuffer(embedding, "<f4")
        template = Template(judged.worker_id, judged.engine, numbers, judged.photo_sha256, self._clock.now().at)
        templates.put(template)

    def _permitted(self) -> dict[str, str]:
        """Worker → hash of the photo that may be held and compared."""
        return self._store.roster.photos_to_compare() if self._legal_basis else {}

    def _permitted_photo(self, worker_id: str) -> str | None:
        worker = self._store.roster.worker(worker_id) if self._legal_basis else None
        return worker.photo_sha256 if worker is not None and worker.biometric_consent else None

    def _give_up(self, faces: list[ReferenceFace]) -> None:
        if not faces:
            return
        try:
            if (templates := self._templates(False)) is not None:
                for face in faces:
                    templates.forget(face.worker_id)
        except OSError as error:
            # Without its row's note nothing is reported, and the law is asked before each comparison.
            log.error("templates that may not be kept cannot be deleted (service engineer): %s", error)
            return
        self._report([self._note(face, "deleted") for face in faces])
        log.info("%d reference faces were given up: consent, basis, worker, photo or engine is another", len(faces))

    def _ask(self, wanted: dict[str, str]) -> None:
        faces = [ReferenceFace(worker_id, sha256, "wanted", self._engine) for worker_id, sha256 in wanted.items()]
        self._report([self._note(face, "wanted") for face in faces])

    def _report(self, notes: Sequence[FaceNote]) -> None:
        for start in range(0, len(notes), NOTES_AT_ONCE):
            some = tuple(notes[start : start + NOTES_AT_ONCE])
            report = FaceReport(legal_basis=self._legal_basis[:_BASIS_CHARS], notes=some)
            with self._store.transaction():
                self._store.faces.apply(some)
                self._empty_parts({note.worker_id for note in some})
                self._store.queue(
                    Up.FACE,
                    FACE_SCHEMA,
                    report.model_dump(mode="json"),
                    subject=some[0].worker_id,
                    stamp=self._clock.now(),
                )

    def _note(self, face: ReferenceFace, state: FaceState, problems: tuple[str, ...] = ()) -> FaceNote:
        return FaceNote(
            worker_id=face.worker_id,
            photo_sha256=face.photo_sha256,
            state=state,
            engine=face.engine,
            problems=problems,
            at=self._clock.now().at,
        )

    def _parts(self) -> dict[tuple[str, str], dict[int, PhotoPart]]:
        """Parts that wait in the inbox, by worker and photo, by place."""
        found: dict[tuple[str, str], dict[int, PhotoPart]] = {}
        for _, part in self._kept():
            found.setdefault((part.worker_id, part.sha256), {})[part.index] = part
        return found

    def _kept(self) -> list[tuple[str, PhotoPart]]:
        kept = self._store.inbox.kept(Down.PHOTO)
        return [(one.message_id, PhotoPart.model_validate(read_unverified(one.wire)[0].payload)) for one in kept]

    def _empty_parts(self, worker_ids: set[str]) -> None:
        """Let go of photos; call inside a transaction."""
        for message_id, part in self._kept():
            if part.worker_id in worker_ids:
                self._store.inbox.empty(message_id)

    def _sweep(self, keep: set[str]) -> None:
        try:
            templates = self._templates(False)
            swept = templates.sweep(keep.__contains__) if templates is not None else 0
        except OSError as error:
            log.error("templates that may not be kept cannot be deleted (service engineer): %s", error)
            return
        if swept:
            log.info("%d templates of faces were deleted that nothing speaks for any more", swept)
