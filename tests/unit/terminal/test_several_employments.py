"""One number at several employers, one person with several jobs: the kiosk asks where, and the exam belongs to that employment."""

from datetime import UTC, date, datetime, timedelta

from sync.contract.canonical import new_id
from sync.contract.exam import FaceSearch
from sync.contract.roster import RosterWorker
from sync.contract.snils import keyed_hash
from terminal import intents
from terminal.exam import events
from terminal.exam.model import Employment, Phase
from terminal.identity import Found, InForce, NotFound, Several, identify_card, identify_face, identify_typed
from terminal.snapshot import TerminalSnapshot
from tests.unit.terminal.exams import Script
from tests.unit.terminal.kiosk import Kiosk, MakeKiosk
from tests.unit.terminal.test_identity import KEY, worker

TODAY = date(2026, 11, 30)


class Register:
    """A roster of a few employments."""

    def __init__(self, *workers: RosterWorker) -> None:
        self._workers = workers

    def find_all(self, kind: str, value: str) -> tuple[RosterWorker, ...]:
        def has(one: RosterWorker) -> bool:
            values = {"personnel_number": (one.personnel_number,), "card": one.cards, "snils": (one.snils_hmac,)}
            return value in values[kind]

        return tuple(one for one in self._workers if has(one))


def _job(**fields: object) -> RosterWorker:
    return worker(worker_id=new_id(), employer_id=new_id(), **fields)


def test_a_number_of_two_employers_is_a_choice_and_never_a_guess() -> None:
    first, second = _job(), _job()
    assert identify_typed("1001", Register(first, second), KEY) == Several((first, second), "personnel_number")
    assert identify_card("A1", Register(_job(cards=("A1",)), _job(cards=("A1",)))).__class__ is Several


def test_a_snils_of_a_person_with_two_jobs_is_a_choice() -> None:
    hashed = keyed_hash("11223344595", KEY)
    first, second = _job(personnel_number="7", snils_hmac=hashed), _job(personnel_number="8", snils_hmac=hashed)
    assert identify_typed("112-233-445 95", Register(first, second), KEY) == Several(
        (first, second), "personnel_number"
    )
    assert identify_typed("7", Register(first, second), KEY) == Found(first, "personnel_number")


def test_other_spellings_of_a_card_lead_to_one_person_with_two_jobs_and_to_nobody_else() -> None:
    person = new_id()
    one = _job(cards=("ABCD12",), person_id=person)
    other = _job(cards=("abcd12",), person_id=person)
    assert identify_card("ФИСВ12", Register(one, other)) == Several((one, other), "card")
    assert identify_card("ФИСВ12", Register(one, _job(cards=("abcd12",)))) == NotFound("unknown")


def test_an_employment_holds_from_its_first_day_to_its_last() -> None:
    began = _job(since=TODAY, until=TODAY)
    ended, to_come = _job(until=TODAY - timedelta(days=1)), _job(since=TODAY + timedelta(days=1))
    roster = Register(ended, began, to_come)
    assert identify_typed("1001", InForce(roster, TODAY), KEY) == Found(began, "personnel_number")
    assert identify_typed("1001", InForce(roster, TODAY + timedelta(days=1)), KEY) == Found(to_come, "personnel_number")
    assert identify_typed("1001", InForce(roster, TODAY - timedelta(days=1)), KEY) == Found(ended, "personnel_number")
    assert identify_typed("1001", InForce(Register(ended), TODAY), KEY) == NotFound("unknown")


def test_a_face_leads_to_all_jobs_of_its_person() -> None:
    evidence = FaceSearch(engine="e", score=0.9, threshold=0.5, enrolled=2, frames=3)
    first, second = _job(), _job()
    assert identify_face((first, second), evidence) == Several((first, second), "face", evidence)
    assert identify_face((first,), evidence) == Found(first, "face", evidence)
    assert identify_face((), evidence) == NotFound("unknown")


def _asked(kiosk: Kiosk) -> TerminalSnapshot:
    kiosk.until(lambda shown: shown.exam is None and not shown.start_refusal)
    kiosk.want(intents.Begin(), intents.SubmitNumber("1001"))
    kiosk.until_phase("employer")
    return kiosk.until(lambda shown: bool(shown.employments))


def test_the_exam_is_of_the_employment_that_was_chosen(make_kiosk: MakeKiosk) -> None:
    first = _job(full_name="Ветров Степан Ильич", employer_name="АО «Альфа»")
    second = _job(full_name="Лесной Пётр Саввич", employer_name="АО «Бета»")
    with make_kiosk(workers=[second, first]) as kiosk:
        shown = _asked(kiosk)
        assert [card.employer_name for card in shown.employments] == ["АО «Альфа»", "АО «Бета»"]
        assert shown.worker is None
        kiosk.want(intents.ChooseEmployment(0), intents.ChooseEmployment(3), intents.ChooseEmployment(2))
        examinee = kiosk.until_phase("confirm").examinee
        assert examinee is not None
        assert (examinee.worker_id, examinee.employer_id) == (second.worker_id, second.employer_id)
        shown = kiosk.until(lambda shown: shown.worker is not None)
        assert shown.worker is not None
        assert (shown.worker.full_name, shown.employments) == ("Лесной Пётр Саввич", ())


def test_none_of_these_employers_leads_back_to_the_number(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(workers=[_job(), _job()]) as kiosk:
        _asked(kiosk)
        kiosk.want(intents.AnswerIdentity(False))
        exam = kiosk.until_phase("identify")
        assert (exam.employments, exam.identification_attempts) == ((), 1)
        kiosk.until(lambda shown: not shown.employments)


def test_whoever_has_an_exam_that_rests_goes_on_with_it_by_choosing_that_employer(make_kiosk: MakeKiosk) -> None:
    with make_kiosk(workers=[_job(employer_name="А"), _job(employer_name="Б")]) as kiosk:
        _asked(kiosk)
        kiosk.want(intents.ChooseEmployment(2))
        kiosk.until_phase("confirm")
        begun = kiosk.go_on_to("waiting")
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        _asked(kiosk)
        kiosk.want(intents.ChooseEmployment(2))
        assert kiosk.until_phase("waiting").exam_id == begun.exam_id
        kiosk.want(intents.Leave())
        kiosk.until_idle()
        _asked(kiosk)
        kiosk.want(intents.ChooseEmployment(1))
        assert kiosk.until_phase("confirm").exam_id != begun.exam_id


def test_a_face_with_two_jobs_is_asked_and_the_evidence_is_kept(make_kiosk: MakeKiosk) -> None:
    person = new_id()
    jobs = [_job(employer_name=name, personnel_number=name, person_id=person) for name in ("А", "Б")]
    with make_kiosk(workers=jobs, biometrics={"legal_basis": "Приказ № 7", "search": True}) as kiosk:
        kiosk.until(lambda shown: shown.exam is None and not shown.start_refusal)
        kiosk.want(intents.Begin(), intents.SearchFace())
        kiosk.until(lambda shown: shown.searching)
        kiosk.photographer.found(jobs[1].worker_id)
        kiosk.until_phase("employer")
        kiosk.want(intents.ChooseEmployment(1))
        examinee = kiosk.until_phase("confirm").examinee
        assert examinee is not None
        assert (examinee.worker_id, examinee.identified_by) == (jobs[0].worker_id, "face")
        assert examinee.found_by_face is not None


def test_a_power_cut_at_the_question_asks_it_again(make_kiosk: MakeKiosk) -> None:
    jobs = [_job(employer_name="А"), _job(employer_name="Б")]
    with make_kiosk(workers=jobs) as kiosk:
        _asked(kiosk)
    with make_kiosk(workers=jobs) as kiosk:
        kiosk.until(lambda shown: shown.awaiting_resume)
        kiosk.want(intents.ResumeExam())
        shown = kiosk.until(lambda shown: shown.exam is not None and not shown.awaiting_resume)
        assert shown.exam is not None
        assert shown.exam.phase == "employer"
        assert [card.employer_name for card in shown.employments] == ["А", "Б"]


def test_an_employment_that_has_gone_while_the_screen_stood_is_not_found() -> None:
    script = Script()
    two = (Employment(worker_id=new_id(), employer_id=new_id()), Employment(worker_id=new_id(), employer_id=new_id()))
    script.do(events.EmploymentsFound, employments=two, identified_by="card")
    state = script.do(events.IdentificationFailed, code="unknown")
    assert (state.phase, state.identification_error, state.employments) == (Phase.IDENTIFY, "unknown", ())
    assert state.found_by is None


def test_an_employment_that_ended_yesterday_is_unknown_at_the_kiosk(make_kiosk: MakeKiosk) -> None:
    """Though the centre has not been heard since: the date travelled with the roster."""
    yesterday = datetime.now(tz=UTC).astimezone().date() - timedelta(days=1)
    with make_kiosk(workers=[_job(until=yesterday), _job(since=yesterday + timedelta(days=3))]) as kiosk:
        kiosk.until(lambda shown: shown.exam is None and not shown.start_refusal)
        kiosk.want(intents.Begin(), intents.SubmitNumber("1001"))
        assert kiosk.until_exam(lambda exam: bool(exam.identification_error)).identification_error == "unknown"
