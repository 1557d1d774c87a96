"""Snapshots in, words out: every phase, activity and error, in both languages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from drivers.model import DeviceState, Measures
from kiosk_ui.texts import LANGUAGES, texts_of
from kiosk_ui.view import ScreenView, ViewOptions, advanced, as_plain, view_of
from kiosk_ui.view.screen import PageView
from sync.contract.exam import AppliedLimit
from terminal.exam.model import Activity, ExamState, Film, Phase, Stamp
from terminal.snapshot import LinkState, TerminalSnapshot, Timeout
from tests.ui.kiosk import made_up

CASES = {name: (screen, snapshot) for name, screen, snapshot in made_up.every()}


def view(name: str, language: str = "ru", **options: float) -> ScreenView:
    return view_of(CASES[name][1], language, ViewOptions(**options))


def page(name: str, language: str = "ru") -> PageView:
    return view(name, language).page


def shown(state: ExamState, after_s: float = 52, **changes: object) -> ScreenView:
    return view_of(made_up.snapshot(state, after_s, **changes), "ru")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CASES)
def test_every_case_has_its_screen_a_title_help_and_a_way_on(name: str, language: str) -> None:
    screen, snapshot = CASES[name]
    made = view_of(snapshot, language)
    assert made.screen == made.page.screen == screen
    assert made.page.title
    assert made.help.text
    assert made.help.room
    assert made.band, "made-up values are never real"
    assert all(made.page.buttons.values())
    steps_by_itself = screen in ("face", "temperature") or (screen == "idle" and made.page.state == "refused")
    assert steps_by_itself or set(made.page.buttons) - {"service"}
    plain = as_plain(made)
    assert plain["page"]["screen"] == screen
    assert isinstance(plain["steps"], list)


def test_the_cases_cover_every_phase_activity_and_screen() -> None:
    exams = [snapshot.exam for _, snapshot in CASES.values() if snapshot.exam is not None]
    assert {exam.phase for exam in exams} == set(Phase) - {Phase.ENDED}
    for step in (Phase.TEMPERATURE, Phase.PRESSURE, Phase.BREATH):
        assert {exam.activity for exam in exams if exam.phase is step} >= {Activity.MEASURING, Activity.TRY_AGAIN}
    assert {exam.activity for exam in exams} == set(Activity)
    named = set(texts_of("ru").names_in("help")) - {"title", "lead", "phone", "room", "service"}
    assert {screen for screen, _ in CASES.values()} == named


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_a_checked_decision_says_admitted(language: str) -> None:
    word = texts_of(language)("decision.admitted")
    for name, (_, snapshot) in CASES.items():
        title = view_of(snapshot, language).page.title
        says = name in {"decision_admitted", "decision_admitted_own_pages"} or name.startswith(
            "decision_admitted_gate_"
        )
        assert (title == word) is says, name
    assert page("decision_unconfirmed", language).state == "unconfirmed"


def test_a_decision_to_repeat_is_never_drawn_as_an_outcome() -> None:
    state = made_up.measured(Phase.DECIDED, decision=made_up.decided("repeat"))
    assert shown(state).page.state == "unconfirmed"


@pytest.mark.parametrize("outcome", ["admitted", "not_admitted"])
@pytest.mark.parametrize("exam_type", ["post_shift", "post_trip"])
def test_an_exam_after_work_never_says_admitted(outcome: str, exam_type: str) -> None:
    state = made_up.measured(Phase.DECIDED, exam_type=exam_type, decision=made_up.decided(outcome, valid_until=None))
    drawn = shown(state).page
    assert drawn.state == outcome
    assert "допущен" not in f"{drawn.title} {drawn.text} {drawn.note}".lower()
    assert "смены" not in drawn.text


class TestValues:
    def test_numbers_carry_units_and_the_sign_of_the_language(self) -> None:
        russian = {value.name: (value.number, value.unit, value.word) for value in page("summary").values}
        assert russian == {
            "temperature": ("36,6", "°C", "в норме"),
            "pressure": ("124/81", "мм рт. ст.", "в норме"),
            "pulse": ("72", "уд/мин", "в норме"),
            "alcohol": ("0,000", "мг/л", "в норме"),
        }
        english = {value.name: (value.number, value.unit) for value in page("summary", "en").values}
        assert english["temperature"] == ("36.6", "°C")
        assert english["alcohol"] == ("0.000", "mg/L")

    def test_what_is_missing_stays_missing(self) -> None:
        temperature = page("summary_attention").values[0]
        assert (temperature.number, temperature.unit, temperature.word) == ("—", "", "не измерено")
        assert temperature.state == "missing"

    def test_out_of_limits_is_no_diagnosis(self) -> None:
        words = {value.name: value.word for value in page("summary_attention").values}
        assert words["pressure"] == words["alcohol"] == "посмотрит медработник"
        assert words["pulse"] == "в норме"

    def test_without_a_limit_nothing_is_called_normal(self) -> None:
        state = made_up.measured(Phase.REVIEW, limits=())
        assert {value.word for value in shown(state).page.values} == {"записано"}
        half = (AppliedLimit(parameter="systolic_mmhg", low=90, high=140, source="default", version="1"),)
        pressure = shown(made_up.measured(Phase.REVIEW, limits=half)).page.values[1]
        assert pressure.word == "записано"

    @pytest.mark.parametrize(
        ("values", "number", "unit"),
        [
            ({"breath_test": "pass"}, "не обнаружен", ""),
            ({"breath_test": "fail"}, "обнаружен", ""),
            ({"breath_test": "over"}, "выше предела прибора", ""),
            ({"breath_alcohol_raw": 0.04, "unit": "%BAC"}, "0,040", "%BAC"),
        ],
    )
    def test_a_breath_test_without_mg_per_l_is_left_to_the_medic(
        self, values: dict[str, float | str], number: str, unit: str
    ) -> None:
        state = made_up.measured(Phase.REVIEW, measurements=(made_up.measurement("breath", 1, **values),))
        alcohol = shown(state).page.values[-1]
        assert (alcohol.number, alcohol.unit, alcohol.word) == (number, unit, "посмотрит медработник")

    def test_a_reading_without_the_expected_quantity_is_missing(self) -> None:
        state = made_up.measured(
            Phase.REVIEW,
            measurements=(
                made_up.measurement("breath", 1, other=1.0),
                made_up.measurement("pressure", 1, pulse_bpm=70),
            ),
        )
        numbers = {value.name: value.number for value in shown(state).page.values}
        assert numbers == {"temperature": "—", "pressure": "—", "pulse": "70", "alcohol": "—"}

    def test_the_last_attempt_is_shown(self) -> None:
        second = made_up.measurement("temperature", 2, temperature_celsius=37.95)
        state = made_up.asked(
            Phase.TEMPERATURE, Activity.RESULT, measurements=(made_up.measurement("temperature"), second)
        )
        assert shown(state).page.values[0].number == "38,0"


class TestSteps:
    def test_ticks_values_and_where_we_are(self) -> None:
        lines = {line.name: (line.state, line.value) for line in view("breath_blowing").steps}
        assert lines == {
            "identify": ("done", ""),
            "consent": ("done", "есть"),
            "face": ("done", "готово"),
            "complaints": ("done", "хорошо"),
            "temperature": ("done", "36,6 °C"),
            "pressure": ("done", "124/81"),
            "breath": ("current", ""),
            "decision": ("todo", ""),
        }

    def test_what_was_not_done_is_marked(self) -> None:
        assert dict((line.name, line.state) for line in view("summary_attention").steps)["temperature"] == "missed"
        assert (
            dict((line.name, line.state) for line in view("trouble_Unavailable_service").steps)["temperature"]
            == "missed"
        )
        states = {line.name: line.state for line in view("not_today_consent_refused").steps}
        assert states["consent"] == "missed"
        assert {line.name: line.state for line in view("not_today_not_identified").steps}["identify"] == "missed"

    def test_an_exam_without_a_photo_says_so(self) -> None:
        state = made_up.asked(Phase.TEMPERATURE, Activity.MEASURING, media=())
        assert {line.name: line.value for line in shown(state).steps}["face"] == "нет"

    def test_idle_has_none(self) -> None:
        assert view("idle").steps == ()
        assert view("decision_admitted").steps[-1].state == "done"


class TestErrors:
    def test_the_unknown_number_is_named(self) -> None:
        snapshot = CASES["identify_unknown"][1]
        assert view_of(snapshot, "ru", sent_number="4711").page.error.startswith("Номер 4711 не найден.")
        assert view_of(snapshot, "ru").page.error.startswith("Такой номер не найден.")
        assert page("identify_check_digit").error.startswith("В СНИЛС")
        assert page("identify_unknown").note == "Попытка 2 из 3"

    def test_a_new_code_still_says_something(self) -> None:
        strange = made_up.exam(Phase.IDENTIFY, identification_attempts=1, identification_error="new_code")
        assert shown(strange).page.error == page("identify_unknown").error
        assert view_of(made_up.snapshot(start_refusal="new_code"), "ru").page.text
        assert view_of(made_up.snapshot(notice="new_code"), "ru").page.note
        blocked = made_up.asked(Phase.NOT_TODAY, blocked_code="new_code")
        assert shown(blocked).page.text
        failed = made_up.asked(
            Phase.PRESSURE, Activity.TRY_AGAIN, failures=(made_up.failure("pressure", "DeviceFault", "E99", "worker"),)
        )
        assert "манжету" in shown(failed).page.text

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("trouble_Unavailable_service", "Термометр не отвечает."),
            ("trouble_NoResponse_service", "Термометр не отвечает."),
            ("trouble_WrongDevice_service", "Термометр отвечает неправильно."),
            ("trouble_FrameError_service", "Термометр отвечает неправильно."),
            ("trouble_DeviceFault_service", "Термометр сообщает о неисправности."),
            ("trouble_VerificationExpired_service", "Термометр: истёк срок поверки."),
        ],
    )
    def test_a_device_in_trouble_is_named_and_the_service_acts(self, name: str, words: str) -> None:
        trouble = page(name)
        assert trouble.text == words
        assert trouble.lines == ("Пройдите осмотр у медработника: кабинет 12, первый этаж.",)
        assert trouble.code.startswith("Код для сервиса: термометр, ")

    def test_only_what_is_true_is_said_of_who_knows_and_what_comes_back(self) -> None:
        gone, offline, for_good = (page(f"trouble_gone{case}") for case in ("", "_offline", "_for_good"))
        assert gone.lines[0].startswith("Центр видит, что прибор не работает.")
        assert offline.lines[0].startswith("Связи нет: центр узнает, когда она вернётся.")
        assert gone.lines[1] == offline.lines[1] == "Если прибор снова заработает, осмотр продолжится сам."
        assert len(for_good.lines) == 1
        assert "retry" in gone.buttons
        assert "retry" not in for_good.buttons

    def test_nobody_is_said_to_look_while_nobody_does(self) -> None:
        assert page("waiting").title == "Осмотр в очереди у медработника"

    def test_used_up_tries_are_nobodys_fault(self) -> None:
        trouble = page("trouble_DeviceFault_worker")
        assert "не ваша вина" in trouble.text
        assert "retry" not in trouble.buttons

    def test_tries_are_counted(self) -> None:
        assert page("try_again_breath_flow").note == "Попытка 2 из 3"
        assert page("try_again_breath_flow").text.startswith("Слишком слабо")
        assert page("try_again_Cancelled").text.startswith("Измерение остановлено")
        assert page("breath_second_try").note == "Попытка 2 из 3"

    def test_the_rosters_own_words_come_first(self) -> None:
        assert page("not_today_suspended_words").text.startswith("Вы отстранены до")
        assert page("not_today_suspended").text.startswith("Вы временно отстранены от работы.")
        assert "кабинет 12" in page("not_today_not_remote").lines[0]


class TestMeasuring:
    def test_the_cuff_tells_time_and_pressure(self) -> None:
        live = view("pressure_live").live
        assert (live.number, live.unit) == ("134", "мм рт. ст.")
        assert live.progress_text == "21 с из примерно 40 с"
        assert live.fraction == pytest.approx(21 / 40, abs=0.001)
        assert view("pressure_measuring").live.number == ""

    def test_a_long_measurement_promises_nothing(self) -> None:
        live = view("pressure_long").live
        assert live.progress_text == "55 с. Ещё немного."
        assert live.fraction == 1.0

    def test_time_from_before_a_restart_is_not_counted(self) -> None:
        before = Stamp(at=made_up.STARTED, monotonic_s=90000.0, boot_id="boot-0")
        state = made_up.asked(Phase.PRESSURE, Activity.MEASURING, last=before)
        assert shown(state).live.fraction == 0.0

    def test_the_bar_fills_while_breath_flows_and_only_then(self) -> None:
        assert view("breath_warming").live.fraction < 0
        assert view("breath_waiting_for_breath").live.fraction == 0.0
        assert view("breath_blowing").live.fraction == pytest.approx(0.6)
        assert view_of(advanced(CASES["breath_blowing"][1], 9), "ru").live.fraction == 1.0
        assert view("breath_analysing").live.fraction == 1.0

    def test_a_second_blow_is_explained(self) -> None:
        assert "Решает медработник" in page("breath_again").note

    @pytest.mark.parametrize(("minutes", "is_late"), [(15, False), (25, False), (26, True)])
    def test_a_second_blow_that_comes_late_is_taken_and_named(self, minutes: int, is_late: bool) -> None:
        again = CASES["breath_again"][1]
        assert again.exam is not None
        came = again.exam.taken(Phase.BREATH)[0].at + timedelta(minutes=minutes)
        note = view_of(replace(again, local_time=came), "ru").page.note
        assert ("позже 25 минут" in note) is is_late
        assert note.endswith("решает медработник." if is_late else "Решает медработник.")

    def test_the_medics_wish_is_told(self) -> None:
        assert page("pressure_asked_again").note == "Медработник попросил повторить измерение."
        assert page("pressure").note == ""

    def test_a_rest_says_when_to_come_back(self) -> None:
        rest = page("rest")
        assert rest.lines == ("Вернитесь в 05:35",)
        assert rest.title == "Давление выше обычного. Отдохните и повторите."
        assert view("rest").live.remaining == "Осталось 19:36"
        assert page("rest_breath").title == "Нужна повторная проба дыхания."

    def test_low_pressure_is_not_called_high(self) -> None:
        low = made_up.measurement("pressure", 1, systolic_mmhg=82, diastolic_mmhg=51, pulse_bpm=60)
        state = made_up.asked(Phase.PRESSURE, Activity.RESTING, measurements=(low,), rest_until=made_up.stamp(600).at)
        assert shown(state).page.title == "Давление необычное. Отдохните и повторите."

    def test_a_rest_without_an_end_makes_none_up(self) -> None:
        state = made_up.asked(Phase.PRESSURE, Activity.RESTING, rest_until=None)
        assert shown(state).page.lines == ()
        assert shown(state).live.remaining == ""


class TestWaitingAndDecision:
    def test_offline_is_told_honestly(self) -> None:
        offline = page("waiting_offline")
        assert offline.title == "Нет связи с медработником"
        assert offline.text == "Осмотр сохранён. Допуск возможен только после решения медработника."
        assert page("waiting").state == "online"
        called = page("waiting_called")
        assert (called.title, called.lines) == ("Медработника позвали", ("Ваш осмотр в очереди: 3-й",))
        assert page("waiting_opened").title == "Медработник смотрит ваш осмотр"
        assert page("waiting_sending").title == "Осмотр отправляется"
        assert view("waiting").live.remaining == "Ждём 1:30"

    def test_times_are_those_of_the_place(self) -> None:
        facts = {fact.label: fact.value for fact in page("decision_admitted").facts}
        assert facts == {
            "Решение": "22.11.2026, 05:14",
            "Действует до": "22.11.2026, 17:14",
            "Медработник": "Кедрова Мирра Львовна",
            "Медкнижка": "действует до 07.12.2026, осталось 15 дней",
        }

    def test_a_document_is_named_within_its_days_of_warning_alone(self) -> None:
        labels = {fact.label for fact in page("decision_admitted").facts}
        assert "Прививка" not in labels, "its warning begins tomorrow"
        assert "Санитарный паспорт" not in labels, "one document, the soonest"
        assert "Документ" not in {fact.label for fact in page("decision_not_identified").facts}, "it is over"
        refer = {fact.label: fact.value for fact in page("decision_refer").facts}
        assert refer["Медосмотр"] == "действует до 22.11.2026, сегодня последний день"
        refused = {fact.label: fact.value for fact in page("decision_not_admitted").facts}
        assert refused["Санитарный паспорт"] == "действует до 23.11.2026, остался 1 день"
        worked = {fact.label: fact.value for fact in page("decision_not_admitted_after").facts}
        assert worked["Документ"] == "действует до 25.11.2026, осталось 3 дня"

    def test_a_demonstration_admits_nobody(self) -> None:
        assert page("decision_admitted").note == "Демонстрация: этот допуск не действует."
        real = view_of(made_up.really(CASES["decision_admitted"][1]), "ru")
        assert (real.page.note, real.band) == ("", "")

    def test_a_refusals_details_turn_away(self) -> None:
        assert page("decision_not_admitted").lines
        turned = page("decision_turned_away")
        assert turned.lines == ()
        assert "кабинет 12" in turned.text
        assert view_of(CASES["decision_turned_away"][1], "ru", ViewOptions(result_is_private_after_s=99)).page.lines

    def test_identity_trouble_is_no_medical_refusal(self) -> None:
        assert "не медицинский отказ" in page("decision_not_identified").text

    def test_complaints_are_named_on_the_summary(self) -> None:
        assert page("summary_attention").note == "Жалобы: голова болит; плохо спал(а); лекарства; есть запись"
        assert page("summary").note == "Жалоб нет"

    def test_many_or_foreign_complaints_are_counted(self) -> None:
        from sync.contract.exam import Complaints

        many = Complaints(feels_well=False, codes=("headache", "fever", "cough", "nausea", "own_code"))
        note = shown(made_up.measured(Phase.REVIEW, complaints=many)).page.note
        assert note == "Жалобы: голова болит; озноб, жар; кашель, насморк; и ещё 2"
        own = Complaints(feels_well=False, codes=("own_code",))
        assert shown(made_up.measured(Phase.REVIEW, complaints=own)).page.note == "Жалобы: own_code"
        assert shown(made_up.measured(Phase.REVIEW, complaints=None)).page.note == ""


class TestIdle:
    def test_what_is_not_ready_is_said_before_the_start(self) -> None:
        idle = page("idle_not_ready")
        assert idle.note.startswith("Не готово: термометр, пульсоксиметр.")
        assert "begin" in idle.buttons
        words = {lamp.label: (lamp.word, lamp.state) for lamp in view("idle_not_ready").lamps}
        assert words["Термометр"] == ("не подключён", "bad")
        assert words["Алкотестер"] == ("прогревается", "wait")

    def test_warming_is_told_and_no_obstacle(self) -> None:
        warm = made_up.device("b", Measures.BREATH, DeviceState.WARMING)
        assert view_of(made_up.snapshot(devices={"b": warm}), "ru").page.note.startswith("Прогревается: алкотестер")

    def test_a_refused_start_has_no_begin_and_says_who_acts(self) -> None:
        for code in ("disk_full", "no_roster", "store_damaged", "verification_expired"):
            refused = page(f"idle_{code}")
            assert "begin" not in refused.buttons
            assert "Сервис" in refused.text
            assert code in refused.code

    def test_the_link_and_what_waits(self) -> None:
        link = view("idle_not_ready").link
        assert (link.state, link.text, link.staff) == (
            "bad",
            "Связи с медработником нет",
            "Для сервиса: загляните на экран «Сервис».",
        )
        assert view("idle").link.staff == ""

    def test_whoever_is_filmed_sees_it(self) -> None:
        filmed = {name for name, _, shown in made_up.every() if view_of(shown, "ru").recording}
        assert {"temperature", "face", "complaints"} <= filmed
        assert not filmed & {"idle", "identify", "consent", "summary", "waiting"}
        cut_off = made_up.asked(Phase.PRESSURE)
        assert view_of(made_up.snapshot(cut_off), "ru").recording
        assert view_of(made_up.snapshot(cut_off, awaiting_resume=True), "ru").recording == ""
        ending = made_up.measured(Phase.REVIEW, films=(Film(1, made_up.STARTED),))
        assert view_of(made_up.snapshot(ending), "ru").recording == "", (
            "its last segment is still to come, the camera is off"
        )

    def test_an_ended_exam_is_idle_again(self) -> None:
        ended = view_of(made_up.snapshot(made_up.exam(Phase.ENDED)), "ru")
        assert ended.screen == "idle"
        assert not ended.in_exam


class TestService:
    def test_shows_devices_terminal_and_given_facts(self) -> None:
        snapshot = replace(CASES["idle_not_ready"][1], verified_until={"cuff": "2027-03-01"})
        service = view_of(snapshot, "ru", service={"disk": "41 ГБ"}).page
        assert service.screen == "service"
        assert "Тонометр: готов 5:52 · A&D TM-2655P · № 190402117 · поверка до 01.03.2027" in service.lines
        assert any("причина: порта нет" in line for line in service.lines)
        facts = {fact.label: fact.value for fact in service.facts}
        assert facts["Диск"] == "41 ГБ"
        assert facts["Отклонено"] == "2"
        assert facts["Часы"] == "22.11.2026, 05:14 +0500 · сверены"

    def test_a_long_reason_is_cut(self) -> None:
        broken = made_up.device("cuff", Measures.PRESSURE, DeviceState.FAULT, "x" * 200)
        line = view_of(made_up.snapshot(devices={"cuff": broken}), "ru", service={}).page.lines[0]
        assert line.endswith("x…")
        assert len(line) < 100

    def test_an_exam_comes_first(self) -> None:
        assert view_of(CASES["identify"][1], "ru", service={}).screen == "identify"


class TestWhoMayRead:
    """Whoever stands there, and whoever stands behind, learns no more than the worker needs."""

    def test_is_this_you_is_no_directory(self) -> None:
        for name in ("confirm", "resume"):
            made = as_plain(view(name))
            shown = str((made["page"], made["steps"], made["help"]))
            assert "Аглая Тихоновна З." in shown
            for secret in ("Зарубина", "Водитель погрузчика", "комбинат"):
                assert secret not in shown

    def test_the_typed_number_is_repeated_and_a_snils_is_not(self) -> None:
        def facts(number: str, by: str = "personnel_number") -> list[str]:
            exam = CASES["confirm"][1].exam
            exam = replace(exam, examinee=exam.examinee.model_copy(update={"identified_by": by}))
            return [fact.value for fact in view_of(made_up.snapshot(exam), "ru", sent_number=number).page.facts]

        assert facts("4711") == ["4711"]
        assert facts("11223344595") == ["… 595"]
        assert facts("4711", "card") == [], "what was typed before a card was shown is another's"
        assert facts("") == []

    def test_values_leave_the_screen_with_the_worker(self) -> None:
        away = {"rest", "waiting", "not_today", "decision", "resume"}
        with_values = 0
        for name, (screen, snapshot) in CASES.items():
            for language in LANGUAGES:
                lines = view_of(snapshot, language).steps
                told = [line.value or line.mark for line in lines if line.value or line.mark]
                if screen in away:
                    assert told == [], name
                    assert view_of(snapshot, language).page.values == (), name
                with_values += bool(told)
            if screen in ("rest", "waiting", "resume"):
                words = str(as_plain(view(name)))
                assert not any(value in words for value in ("162/98", "84/52", "0,340", "38,1", "36,6")), name
        assert with_values > 20
        assert view("idle").steps == ()

    def test_the_queue_and_the_services_figures_are_on_the_service_screen_alone(self) -> None:
        for name, (_, snapshot) in CASES.items():
            busy = replace(snapshot, link=replace(snapshot.link, waiting=60471, parked=60389))
            for language in LANGUAGES:
                words = str(as_plain(view_of(busy, language)))
                assert "60471" not in words, name
                assert "60389" not in words, name
        idle = replace(CASES["idle"][1], link=LinkState(connected=True, waiting=60471, parked=60389))
        facts = {fact.label: fact.value for fact in view_of(idle, "ru", service={}).page.facts}
        assert (facts["Не отправлено"], facts["Отклонено"]) == ("60471", "60389")

    def test_a_missing_receipt_troubles_the_staff_and_not_the_worker(self) -> None:
        idle = view("idle_link_no_receipts")
        assert idle.link.staff.startswith("Для сервиса: центр пока не подтверждает приём.")
        assert "медработником есть" not in idle.link.text, "nobody says that the medic can be reached"
        assert (idle.page.note, "begin" in idle.page.buttons) == ("", True)
        assert view("waiting_no_receipts").page.title == "Осмотр отправляется"
        assert page("waiting_no_receipts").lines[0].startswith("Если ждать нельзя")
        service = view_of(CASES["idle_link_no_receipts"][1], "ru", service={}).page
        told = {fact.label: fact.value for fact in service.facts}
        assert told["Связь"] == "Связь есть · центр не подтверждает приём, смотрит администратор центра"

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_service_screen_has_words_and_no_ids(self, language: str) -> None:
        devices = made_up.DEVICES | {"cuff_2": made_up.device("cuff_2", Measures.PRESSURE)}
        lines = view_of(made_up.snapshot(devices=devices), language, service={}).page.lines
        label = texts_of(language)("device.pressure")
        assert [line.partition(":")[0] for line in lines if label in line] == [f"{label} 1", f"{label} 2"]
        assert not any(name in line for line in lines for name in devices)
        facts = {"disk": "41.5 GB", "camera": "device", "configuration": "2026-11"}
        told = [fact.value for fact in view_of(made_up.snapshot(), language, service=facts).page.facts]
        assert texts_of(language)("service.camera_device") in told
        assert ("свободно 41,5 ГБ" if language == "ru" else "41.5 GB free") in told

    def test_a_warning_sign_warns_of_something(self) -> None:
        signs = {name: made.page.sign for name in CASES if (made := view(name)).screen == "idle" and made.page.note}
        assert {name for name, sign in signs.items() if sign == "warning"} == {"idle_not_ready", "idle_notice"}
        assert signs["idle_warming"] == "clock"
        assert signs["idle_verification_ends"] == "wrench"


class TestTime:
    def test_a_hint_at_half_and_a_countdown_at_the_end(self) -> None:
        def told(left_s: float) -> str:
            return shown(made_up.exam(Phase.IDENTIFY), timeout=Timeout(1052 + left_s, 60)).live.countdown

        assert told(40) == ""
        assert told(30) == "Вы здесь? Коснитесь экрана."
        assert told(9.7) == "Экран закроется через 9 с. Коснитесь, чтобы остаться."
        assert "через 0 с" in told(-3)

    def test_clocks_go_on_between_snapshots(self) -> None:
        later = advanced(CASES["identify"][1], 61)
        assert view_of(later, "ru").live.exam_elapsed == "1:06"
        assert view_of(later, "ru").live.clock == "05:15"

    def test_waiting_lasts_from_its_own_begin(self) -> None:
        state = made_up.measured(Phase.WAITING, phase_since=None)
        assert shown(state).live.remaining == "Ждём 0:00"


def test_nothing_here_depends_on_anything_but_its_arguments() -> None:
    snapshot: TerminalSnapshot = made_up.snapshot(link=LinkState(connected=False))
    assert view_of(snapshot, "ru") == view_of(snapshot, "ru")
