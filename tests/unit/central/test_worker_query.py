"""What is typed to find a worker: what may go into an address, and what is looked up by hash."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from central.core.parties import Worker
from central.core.snils import digits_in, parse_snils
from central.people.registry import Registry
from central.people.worker_query import MOST_CHARS, WorkerQuery, find_workers, has_snils_form, is_private
from central.store.engine import reading, writing
from central.store.registry import worker as worker_table
from dopusk.lab.demo.sample_people import sample_snils
from sync.contract.canonical import new_id
from sync.contract.snils import check_number
from tests.central_store import ORG

_DASHES_AND_BLANKS = st.sampled_from(["", " ", "-", "\u00a0", "\u2011", "\u2013", "\u2014", "\u2212", " - "])
_NINE = st.integers(1_001_999, 999_999_999).map(lambda number: f"{number:09d}")


def _no_hash(digits: str) -> str:
    raise AssertionError("nothing of this is a SNILS")


@given(_NINE, st.lists(_DASHES_AND_BLANKS, min_size=12, max_size=12))
def test_any_dashes_and_blanks_leave_the_number_the_same_and_private(nine: str, between: list[str]) -> None:
    digits = f"{nine}{check_number(nine):02d}"
    typed = "".join(gap + digit for gap, digit in zip(between, digits, strict=False)) + between[-1]
    assert parse_snils(typed) == digits
    assert digits_in(typed) == digits
    assert is_private(typed)
    assert has_snils_form(typed)


@given(_NINE, st.integers(9, 11), st.text(alphabet="0123456789", max_size=3), st.sampled_from(["", "СНИЛС ", "№"]))
def test_a_mistyped_number_is_private_too(nine: str, kept: int, more: str, before: str) -> None:
    digits = f"{nine}{check_number(nine):02d}"[:kept] + more
    assert is_private(f"{before}{digits[:3]}-{digits[3:]}")


@given(st.text(alphabet=st.characters(exclude_categories=["Nd"]), max_size=120))
def test_words_without_digits_are_looked_up_as_they_are(typed: str) -> None:
    with_nobody = find_workers(None, (), typed, _no_hash)  # type: ignore[arg-type]
    assert with_nobody == WorkerQuery(" ".join(typed.split())[:MOST_CHARS])


def test_digits_of_other_scripts_are_digits() -> None:
    assert digits_in("１１２-٢٣٣ 44595") == "11223344595"


def test_who_is_meant(engine: Engine, registry: Registry, worker: Worker) -> None:
    right = sample_snils("1002")
    bare = digits_in(right)
    one = replace(worker, worker_id=new_id(), personnel_number="1002", snils=bare)
    with writing(engine) as connection:
        registry.save_workers(connection, [one])

    def sought(typed: str, orgs: tuple[str, ...] = (ORG,)) -> WorkerQuery:
        with reading(engine) as connection:
            return find_workers(connection, orgs, typed, registry.snils_hash)

    for typed in (right, bare, f" СНИЛС {right} ", right.replace("-", "\u2011")):
        assert sought(typed) == WorkerQuery(worker_ids=(one.worker_id,)), typed
    assert sought(right, ("another",)) == WorkerQuery(fault="snils_unknown")
    assert sought(sample_snils("7777")) == WorkerQuery(fault="snils_unknown")
    wrong = f"{bare[:9]}{(int(bare[9:]) + 1) % 100:02d}"
    assert sought(wrong) == WorkerQuery(fault="wrong_snils")
    assert sought("000-000-000 00") == WorkerQuery(fault="wrong_snils")
    assert sought(bare[:10]) == WorkerQuery(fault="number_unknown")
    assert sought("1002") == WorkerQuery("1002"), "a number of the personnel office may stand in an address"
    assert sought("") == WorkerQuery()


def test_a_fault_of_the_database_tells_no_values(engine: Engine, worker: Worker) -> None:
    with pytest.raises(IntegrityError) as refused, writing(engine) as connection:
        connection.execute(worker_table.insert().values(worker_id=worker.worker_id, full_name="Тайная Анна"))
    assert "Тайная" not in str(refused.value).split("DETAIL")[0]
    assert "parameters hidden" in str(refused.value)
