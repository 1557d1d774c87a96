"""Nothing biometric without basis and consent, and templates that are encrypted, bound and forgotten."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from terminal.face.assembly import comparer_factory
from terminal.face.engine import EngineUnavailable
from terminal.face.engines.dlib_engine import DlibEngine
from terminal.face.engines.names import ENGINES, TEMPLATE_NAMES
from terminal.face.engines.yunet_sface import YunetSfaceEngine
from terminal.face.enroller import Portrait, judge_apart
from terminal.face.enrolment import PortraitRefused, examine_portrait
from terminal.face.law import FaceLaw
from terminal.face.portrait_judge import judged
from terminal.face.search import Hit, Miss, search
from terminal.face.templates import Template, TemplateStore, TemplateUnusable
from terminal.face.verification import FaceVerifier
from terminal.face.words import russian
from tests.unit.face.portraits import before_light_wall

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
KEY = bytes(range(32))


class ForbiddenEngine:
    """An engine that must not be touched: any use of it is a breach of the law."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the engine was used: {name}")


def law(basis: str = "Приказ № 7", consenting: tuple[str, ...] = ("w1", "w2")) -> FaceLaw:
    return FaceLaw(basis, lambda worker_id: worker_id in consenting)


@pytest.fixture
def store(tmp_path: Path) -> TemplateStore:
    return TemplateStore(tmp_path / "templates", KEY)


@pytest.fixture(scope="session")
def good_photo(engine: DlibEngine, eileen: np.ndarray) -> bytes:
    return before_light_wall(engine, eileen)


def enrol(engine: DlibEngine, store: TemplateStore, worker_id: str, photo: bytes) -> None:
    """As the terminal does it once basis and consent are there."""
    numbers = base64.b64decode(judged(engine, photo)["embedding"])
    sha256 = hashlib.sha256(photo).hexdigest()
    store.put(Template(worker_id, engine.name, np.frombuffer(numbers, "<f4"), sha256, AT))


def test_a_good_photo_gives_numbers_and_a_process_of_its_own_gives_the_same(
    engine: DlibEngine, good_photo: bytes
) -> None:
    here = judged(engine, good_photo)
    assert (here["engine"], here["problems"]) == (engine.name, [])
    apart = judge_apart(Portrait("w1", "0" * 64, good_photo))
    assert (apart.engine, apart.problems, apart.failure) == (TEMPLATE_NAMES["dlib"], (), "")
    assert apart.embedding is not None
    assert np.allclose(np.frombuffer(apart.embedding, "<f4"), np.frombuffer(base64.b64decode(here["embedding"]), "<f4"))


def test_what_stops_the_judging_process_is_told_apart_from_a_poor_photo(
    good_photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = judge_apart(Portrait("w1", "0" * 64, good_photo[:5000]))
    assert (torn.problems, torn.embedding, torn.failure) == (("broken",), None, "")
    monkeypatch.setenv("DOPUSK_CACHE", str(tmp_path))
    missing = judge_apart(Portrait("w1", "0" * 64, good_photo), "sface")
    assert missing.problems == ()
    assert "dopusk face models" in missing.failure


@pytest.mark.parametrize(
    ("basis", "consenting", "code"),
    [("", ("w1",), "no_legal_basis"), ("  ", ("w1",), "no_legal_basis"), ("Приказ № 7", (), "no_consent")],
)
def test_without_basis_or_consent_nothing_is_computed_or_stored(
    basis: str, consenting: tuple[str, ...], code: str, store: TemplateStore, tmp_path: Path, eileen: np.ndarray
) -> None:
    rules = law(basis, consenting)
    check = FaceVerifier(ForbiddenEngine, store, rules).compare("w1", [eileen])
    assert (check.outcome, check.reason, check.score, check.engine) == ("not_compared", code, None, "")
    assert list((tmp_path / "templates").iterdir()) == []
    assert not rules.permits("w1")


def changed(good: bytes, how: str, engine: DlibEngine) -> bytes:
    picture = cv2.imdecode(np.frombuffer(good, np.uint8), cv2.IMREAD_COLOR)
    box = engine.find(picture)[0]
    face = engine.landmarks(picture, box)
    (x, y), w = box.middle, box.width
    match how:
        case "dark":
            picture = (picture * 0.18).astype(np.uint8)
        case "blurred":
            picture = cv2.GaussianBlur(picture, (0, 0), w / 20)
        case "too_small":
            picture = cv2.resize(picture, None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
        case "tilted":
            turn = cv2.getRotationMatrix2D((x, y), 25, 1)
            picture = cv2.warpAffine(picture, turn, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        case "cut_off":
            picture = picture[:, int(x - 0.3 * w) :]
        case "background_dark":
            picture[: int(y - 0.3 * w), : int(x - w)] = 30
            picture[: int(y + 0.4 * w), int(x + w) :] = 30
            picture[: int(y - 1.05 * w)] = 30
        case "background_uneven":
            stripes = np.where((np.arange(picture.shape[1]) // 40) % 2, 60, 230).astype(np.uint8)
            picture[: int(y - 1.05 * w)] = stripes[None, :, None]
            picture[: int(y + 0.4 * w), : int(x - w)] = stripes[None, : int(x - w), None]
        case "several_faces":
            picture = np.hstack([picture, picture])
        case "eyes":
            for eye_x, eye_y in (face.left_eye, face.right_eye):
                d = face.eye_distance_px
                skin = picture[
                    int(eye_y + 0.28 * d) : int(eye_y + 0.38 * d), int(eye_x - 0.1 * d) : int(eye_x + 0.1 * d)
                ]
                colour = (np.median(skin.reshape(-1, 3), axis=0) * 0.92).tolist()
                lashes = [0.4 * c for c in colour]
                at = (int(eye_x), int(eye_y))
                cv2.ellipse(picture, at, (int(0.22 * d), int(0.12 * d)), 0, 0, 360, colour, -1)
                cv2.ellipse(picture, at, (int(0.17 * d), int(0.06 * d)), 0, 10, 170, lashes, max(1, int(0.025 * d)))
        case "no_face":
            picture[:] = 190
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


@pytest.mark.parametrize(
    "how",
    [
        "dark",
        "blurred",
        "too_small",
        "tilted",
        "cut_off",
        "background_dark",
        "background_uneven",
        "several_faces",
        "eyes",
        "no_face",
    ],
)
def test_a_poor_photo_is_refused_with_what_to_change(how: str, engine: DlibEngine, good_photo: bytes) -> None:
    said = judged(engine, changed(good_photo, how, engine))
    assert how in said["problems"]
    assert said["embedding"] is None
    assert all(any("а" <= letter <= "я" for letter in russian(code)) for code in said["problems"])


def test_rules_for_the_file_come_with_the_rest(engine: DlibEngine, good_photo: bytes) -> None:
    picture = cv2.imdecode(np.frombuffer(good_photo, np.uint8), cv2.IMREAD_COLOR)
    bitmap = cv2.imencode(".bmp", (picture * 0.18).astype(np.uint8))[1].tobytes()
    problems = examine_portrait(engine, bitmap).quality.problems
    assert {"file_kind", "file_size", "dark"} <= set(problems)
    with pytest.raises(PortraitRefused) as caught:
        examine_portrait(engine, good_photo[:5000])
    assert caught.value.problems == ("broken",)


def template(worker_id: str = "w1", engine: str = "e1", fill: float = 0.5) -> Template:
    return Template(worker_id, engine, np.full(128, fill, np.float32), "0" * 64, AT)


def test_a_template_tells_nothing_on_the_disk(store: TemplateStore, tmp_path: Path) -> None:
    store.put(template("ivanov-4711-kuznets"))
    (path,) = (tmp_path / "templates").iterdir()
    content = path.read_bytes()
    for secret in ("ivanov", "kuznets", "embedding"):
        assert secret.encode() not in content
        assert secret not in path.name
    assert np.full(128, 0.5, np.float32).tobytes() not in content


def test_templates_are_bound_to_worker_engine_and_key(store: TemplateStore, tmp_path: Path) -> None:
    store.put(template("w1"))
    store.put(template("w2", fill=0.7))
    for worker_id, engine, code in (("w3", "e1", "no_template"), ("w1", "e2", "other_engine")):
        with pytest.raises(TemplateUnusable) as caught:
            store.get(worker_id, engine)
        assert caught.value.code == code
    first, second = sorted((tmp_path / "templates").iterdir())
    first.write_bytes(second.read_bytes())  # another worker's template in this worker's place
    codes = []
    for worker_id in ("w1", "w2"):
        try:
            store.get(worker_id, "e1")
        except TemplateUnusable as error:
            codes.append(error.code)
    assert codes == ["damaged"]
    assert [one.worker_id for one in TemplateStore(tmp_path / "templates", bytes(32)).all_of("e1")] == []


def test_a_forgotten_template_is_gone_from_the_disk(store: TemplateStore, tmp_path: Path) -> None:
    store.put(template("w1"))
    store.put(template("w2"))
    assert store.forget("w1") is True
    assert store.forget("w1") is False
    assert [one.worker_id for one in store.all_of("e1")] == ["w2"]
    assert len(list((tmp_path / "templates").iterdir())) == 1


def test_three_outcomes_of_a_verification(
    engine: DlibEngine, store: TemplateStore, good_photo: bytes, eileen: np.ndarray, grace: np.ndarray
) -> None:
    enrol(engine, store, "w1", good_photo)
    verifier = FaceVerifier(lambda: engine, store, law())
    large = cv2.resize(eileen, None, fx=1.5, fy=1.5)
    same = verifier.compare("w1", [large, cv2.convertScaleAbs(large, alpha=0.8)])
    assert (same.outcome, same.engine, same.reason, same.frames) == ("same", engine.name, "", 2)
    assert same.score is not None
    assert same.threshold is not None
    assert same.score > same.threshold
    other = verifier.compare("w1", [grace])
    assert (other.outcome, other.reason) == ("not_same", "face_not_same")
    mixed = verifier.compare("w1", [large, large, grace])
    assert (mixed.outcome, mixed.reason) == ("unclear", "frames_differ")
    # A likeness between the two limits: the template is moved so far towards the other face.
    a, b = (engine.embed(p, [engine.landmarks(p, engine.find(p)[0])], mirrored=True)[0] for p in (large, grace))
    aim = 1 - (engine.unclear_from + engine.sure_from) / 2
    share = aim / float(np.linalg.norm(a - b))
    store.put(Template("w1", engine.name, a + share * (b - a), "0" * 64, AT))
    assert verifier.compare("w1", [large]).outcome == "unclear"


def test_what_cannot_be_compared_goes_to_the_medic(
    engine: DlibEngine, store: TemplateStore, eileen: np.ndarray
) -> None:
    verifier = FaceVerifier(lambda: engine, store, law())
    assert verifier.compare("w1", [eileen]).reason == "no_template"
    store.put(template("w1", "another-engine"))
    assert verifier.compare("w1", [eileen]).reason == "other_engine"
    store.put(template("w1", engine.name))
    wall = np.full((480, 640, 3), 150, np.uint8)
    nobody = verifier.compare("w1", [wall])
    assert (nobody.outcome, nobody.reason) == ("unclear", "no_good_frame")

    def no_engine() -> DlibEngine:
        raise EngineUnavailable("weights are missing")

    assert FaceVerifier(no_engine, store, law()).compare("w1", [eileen]).reason == "no_engine"


def test_search_finds_the_sure_one_and_nobody_else(engine: DlibEngine, store: TemplateStore) -> None:
    rng = np.random.default_rng(3)
    faces = {f"w{number}": rng.normal(0, 0.12, 128).astype(np.float32) for number in range(5)}
    for worker_id, embedding in faces.items():
        store.put(Template(worker_id, engine.name, embedding, "0" * 64, AT))

    def find(*frames: np.ndarray, withdrawn: str = "") -> Hit | Miss:
        return search(engine, frames, store.all_of(engine.name), lambda worker_id: worker_id != withdrawn)

    near = faces["w2"] + rng.normal(0, 0.01, 128).astype(np.float32)
    hit = find(near, near)
    assert isinstance(hit, Hit)
    assert (hit.worker_id, hit.evidence.enrolled, hit.evidence.frames) == ("w2", 5, 2)
    assert hit.evidence.score > hit.evidence.threshold
    assert hit.evidence.next_score is not None
    assert hit.evidence.next_score < hit.evidence.threshold
    assert find(rng.normal(0, 0.12, 128).astype(np.float32)) == Miss("no_match")
    assert find(near, withdrawn="w2") == Miss("no_match")
    store.put(Template("w9", engine.name, near, "0" * 64, AT))  # a twin: two candidates are none
    assert find((near + faces["w2"]) / 2) == Miss("ambiguous")
    assert search(engine, [near], ()) == Miss("nobody_enrolled")


def test_a_search_needs_the_basis_and_passes_over_who_has_withdrawn(
    engine: DlibEngine, store: TemplateStore, good_photo: bytes, eileen: np.ndarray
) -> None:
    enrol(engine, store, "w1", good_photo)
    large = cv2.resize(eileen, None, fx=1.5, fy=1.5)
    found = FaceVerifier(lambda: engine, store, law()).search([large])
    assert isinstance(found, Hit)
    assert found.worker_id == "w1"
    assert FaceVerifier(ForbiddenEngine, store, law("")).search([large]) == Miss("no_legal_basis")
    assert FaceVerifier(lambda: engine, store, law(consenting=())).search([large]) == Miss("nobody_enrolled")
    wall = np.full((480, 640, 3), 150, np.uint8)
    assert FaceVerifier(lambda: engine, store, law()).search([wall]) == Miss("no_good_frame")


def test_a_sweep_leaves_only_what_may_be_kept(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    store = TemplateStore(folder, KEY)
    for worker_id in ("w1", "w2", "w3"):
        store.put(template(worker_id))
    assert store.sweep({"w1", "w2"}.__contains__) == 1
    assert {one.worker_id for one in store.all_of("e1")} == {"w1", "w2"}
    check = comparer_factory(folder, KEY, law(consenting=("w2",)))().compare("w1", [])
    assert check.reason == "no_consent"
    assert store.sweep(set().__contains__) == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ENGINES)
def test_templates_are_named_after_the_engine_that_makes_them(name: str) -> None:
    made_by: dict[str, type] = {"dlib": DlibEngine, "sface": YunetSfaceEngine}
    assert made_by[name].name == TEMPLATE_NAMES[name]
