"""Codes held to the reader of a kiosk: a worker's own identifies, a medical book's travels with the exam and names nobody."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.contract.canonical import new_id, sha256_hex
from sync.contract.person_code import worker_code
from terminal import intents
from terminal.exam.decide import fold
from tests.unit.terminal.kiosk import MakeKiosk, worker
from tests.unit.terminal.test_service import records

LINK = "https://elmk.example/registry?elmk_number=86-01-027970-25"
LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?~"
RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,Ё"


def test_a_workers_code_identifies_on_any_layout_of_the_keyboard(make_kiosk: MakeKiosk) -> None:
    centre = Ed25519PrivateKey.generate()
    with make_kiosk(centre_key=centre) as kiosk:
        (found,) = kiosk.store.roster.find_all("personnel_number", "1001")
        code = worker_code(found.worker_id, centre)
        for read in (code, code.lower(), code.translate(str.maketrans(LATIN, RUSSIAN))):
            kiosk.until(lambda s: s.exam is None and not s.start_refusal)
            kiosk.want(intents.PresentCard(read))
            examinee = kiosk.until_phase("confirm").examinee
            assert examinee is not None
            assert (examinee.worker_id, examinee.identified_by, examinee.confirmed) == (found.worker_id, "qr", False)
            kiosk.want(intents.Leave())
            kiosk.until_idle()


def test_a_code_of_another_centre_of_nobody_and_of_somebody_held_back_admits_nobody(make_kiosk: MakeKiosk) -> None:
    centre = Ed25519PrivateKey.generate()
    with make_kiosk(centre_key=centre) as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        (away,) = kiosk.store.roster.find_all("personnel_number", "1006")
        foreign = worker_code(away.worker_id, Ed25519PrivateKey.generate())
        kiosk.want(intents.PresentCard(foreign))
        assert kiosk.until_exam(lambda e: e.identification_attempts == 1).identification_error == "foreign_code"
        kiosk.want(intents.PresentCard(worker_code(new_id(), centre)))
        assert kiosk.until_exam(lambda e: e.identification_attempts == 2).identification_error == "unknown"
        kiosk.want(intents.PresentCard(worker_code(away.worker_id, centre)))
        assert kiosk.until_phase("not_today").blocked_code == "suspended"


def test_the_code_of_a_book_goes_up_with_the_exam_by_its_hash_and_costs_no_try(make_kiosk: MakeKiosk) -> None:
    with make_kiosk() as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        kiosk.want(intents.PresentCard(LINK))
        read = kiosk.until_exam(lambda e: e.presented_book is not None)
        assert (read.phase, read.identification_attempts, read.examinee) == ("identify", 0, None)
        exam = kiosk.go_on_to("waiting")
        assert fold(kiosk.store.log.events_of(exam.exam_id)) == exam
        (record,) = records(kiosk)
        assert record.presented_book is not None
        assert record.presented_book.model_dump() == {
            "sha256": sha256_hex(LINK.encode()),
            "form": "link",
            "host": "elmk.example",
            "number": "860102797025",
            "on": exam.started.at.astimezone().date(),
        }
        assert "registry" not in record.model_dump_json()


def test_twelve_digits_that_are_somebodys_card_are_a_card(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(workers=[worker(cards=("860102797025",))]) as kiosk:
        kiosk.until(lambda s: not s.start_refusal)
        kiosk.want(intents.PresentCard("860102797026"))
        assert kiosk.until_exam(lambda e: e.presented_book is not None).examinee is None
        kiosk.want(intents.PresentCard("860102797025"))
        examinee = kiosk.until_phase("confirm").examinee
        assert examinee is not None
        assert examinee.identified_by == "card"
