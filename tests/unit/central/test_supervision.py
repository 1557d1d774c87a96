"""No error of one step, row or message ends a thread of the centre or keeps another from its turn; each is counted and shown."""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

import central
from central.core import metrics, step_records
from central.core.step_records import StepRecord, is_away, steps, troubles
from central.core.supervision import Step, Supervised, each
from tests.waiting import until


class Unforeseen(BaseException):
    """Of no family that anybody catches."""


ERRORS = (
    OverflowError("date value out of range"),
    KeyError("kind"),
    RecursionError(),
    MemoryError(),
    AttributeError(),
    OSError(28, "no space"),
    OperationalError("SELECT", None, Exception("locked")),
    IntegrityError("INSERT", None, Exception("unique")),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
    Unforeseen(),
)


def _counted(thread: str) -> float:
    return sum(
        sample.value
        for family in metrics.step_failures.collect()
        for sample in family.samples
        if sample.name.endswith("_total") and sample.labels["thread"] == thread
    )


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_step_that_fails_is_tried_again_and_stops_no_other(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_records, "FIRST_REST_S", 0.01)
    tries: list[int] = []
    others: list[int] = []
    mended = threading.Event()

    def ill() -> None:
        tries.append(1)
        if not mended.is_set():
            raise error

    name = f"tried-{type(error).__name__}"
    with Supervised(name, (Step("ill", ill), Step("well", lambda: others.append(1))), poll_s=0.01) as thread:
        assert until(lambda: len(tries) >= 3)
        reached = len(others)
        assert until(lambda: len(others) > reached + 3)
        [trouble] = [state for state in troubles() if state.thread == name]
        assert (trouble.step, trouble.is_dead) == ("ill", False)
        assert trouble.last_error.startswith(type(error).__name__)
        assert _counted(name) >= 3
        text = metrics.render().decode()
        assert f'dopusk_step_failing{{step="ill",thread="{name}"}} 1.0' in text
        assert f'dopusk_thread_alive{{thread="{name}"}} 1.0' in text
        mended.set()
        assert until(lambda: not [state for state in troubles() if state.thread == name])
        assert not thread.stopping
    assert not [state for state in steps() if state.thread == name], "who ends on purpose is no trouble"


def test_a_failing_step_rests_longer_each_time_by_the_monotonic_clock() -> None:
    now_s = [0.0]
    record = StepRecord("resting", "step", lambda: now_s[0])
    rests = [record.failed(KeyError()) for _ in range(8)]
    assert rests == sorted(rests)
    assert rests[0] < 1
    assert rests[-1] == step_records.LONGEST_REST_S
    assert record.rests
    now_s[0] += rests[-1]
    assert not record.rests
    record.passed()
    assert record.failed(KeyError()) == rests[0]
    record.forget()


def test_a_step_that_stands_still_is_shown() -> None:
    now_s = [0.0]
    record = StepRecord("standing", "step", lambda: now_s[0])
    record.begin()
    assert not record.state().is_in_trouble
    now_s[0] += step_records.STUCK_AFTER_S + 1
    assert record.state().is_stuck
    assert record.state().is_in_trouble
    record.passed()
    assert not record.state().is_in_trouble
    record.forget()


def test_what_an_error_says_of_people_goes_into_no_log(caplog: pytest.LogCaptureFixture) -> None:
    record = StepRecord("quiet", "step")
    words = "Ветров Степан Ильич, 112-233-445 95"
    with pytest.raises(ValueError, match="Ветров") as caught:
        int(words)
    record.failed(caught.value)
    record.note(caught.value, "notice 7")
    assert "Ветров" not in caplog.text
    assert "Ветров" not in str(record.state())
    assert "test_supervision.py" in record.state().last_error
    record.forget()


def test_the_same_error_again_and_again_is_logged_once_and_counted_each_time(caplog: pytest.LogCaptureFixture) -> None:
    record = StepRecord("repeating", "step")
    for _ in range(5):
        record.failed(OSError("gone"))
    assert len(caplog.records) == 1
    assert record.state().failures == 5
    record.forget()


def test_one_item_that_cannot_be_done_is_set_aside_and_the_next_ones_are_done() -> None:
    record = StepRecord("items", "step")
    done: list[int] = []
    aside: list[int] = []

    def do(item: int) -> None:
        if item == 2:
            raise KeyError(item)
        if item == 5:
            raise OSError("the disk is away")
        done.append(item)

    assert each([1, 2, 3], do, record, str, lambda item, _error: aside.append(item)) == 2
    assert (done, aside) == ([1, 3], [2])
    with pytest.raises(OSError, match="away"):
        each([4, 5, 6], do, record, str, lambda item, _error: aside.append(item))
    assert (done, aside) == ([1, 3, 4], [2]), "what is away is no fault of an item"
    record.forget()


class _TooLarge(Exception):
    sqlstate = "54000"


def test_a_row_that_is_too_large_for_the_database_is_not_waited_for() -> None:
    assert is_away(OperationalError("INSERT", None, Exception("gone")))
    assert not is_away(OperationalError("INSERT", None, _TooLarge()))


def _sources() -> Iterator[tuple[Path, ast.AST]]:
    for folder in central.__path__:
        for path in Path(folder).rglob("*.py"):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _starts_threads(tree: ast.AST) -> bool:
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return not {"Thread", "Timer"}.isdisjoint(attributes | imported)


def test_every_thread_of_the_centre_is_supervised() -> None:
    found = {path.name for path, tree in _sources() if _starts_threads(tree)}
    # Those of one question each tell who waits for them, whatever happens; one ends its process.
    assert found == {"supervision.py", "stamp_line.py", "__main__.py", "notice_delivery.py", "term.py"}
