"""An honest centre is in order, whatever its medics decided, and so is what is restored of its backup; on both stores."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from central.core.config import load_config
from central.core.reasons import reasons
from central.core.rights import Role
from central.core.trust import Trust
from central.deciding.decision_record import OUTCOMES, REPEAT_STEPS, DecisionDraft
from central.deciding.decisions import Actor, Decisions
from central.link.outgoing import load_signing_key
from central.signature.software import SoftwareKey, open_key
from central.store import medics
from central.store.decisions import StoredDecision
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from dopusk.commands.central_group import app
from dopusk.commands.central_keeping import verify_centre
from dopusk.lab.demo.sample_people import ORG
from dopusk.lab.postgres import fresh_database
from tests.central_store import take_guards_out
from tests.console_centre import PASSPHRASE, ConsoleCentre, build_console_centre, cheap_hashes

CODES = tuple(reasons())


class _Medic:
    """A medic at work, without the browser between."""

    def __init__(self, centre: ConsoleCentre) -> None:
        medic_id = centre.add_medic("zoya", "Луговая Зоя Марковна")
        with reading(centre.engine) as connection:
            entry = medics.find(connection, medic_id)
        assert entry is not None
        self._key: SoftwareKey = open_key(entry.certificate_pem, entry.encrypted_key or b"", PASSPHRASE)
        self._actor = Actor("account", medic_id, (ORG,), "::1", centre.now())
        trust = Trust(centre.config.keys.authority_dir)
        self._decisions = Decisions(centre.engine, centre.outgoing, trust, lambda: None, clock=centre.now)

    def decide(self, exam_id: str, outcome: str, **draft: Any) -> StoredDecision:
        return self._decisions.decide(DecisionDraft(exam_id, outcome, **draft), self._actor, self._key)


def _every_decision(centre: ConsoleCentre, medic: _Medic) -> int:
    """Each outcome with each reason, all of them at once, corrections of each by each, repeats with what came after."""
    given = 0
    for outcome, codes in itertools.product(OUTCOMES, [(), *((code,) for code in CODES), CODES]):
        if outcome in ("not_admitted", "refer") and not codes:
            continue
        step = REPEAT_STEPS[given % 3] if outcome == "repeat" else None
        exam_id = centre.exam(
            "1001" if given % 2 else "1002", exam_type="post_shift" if given % 5 == 0 else "pre_shift"
        )
        medic.decide(exam_id, outcome, reasons=codes, comment="см. «жалобы» — 😀", repeat_step=step)
        given += 1
    for first, second in itertools.product(OUTCOMES, OUTCOMES):
        if "repeat" in (first, second):
            continue
        exam_id = centre.exam("1004")
        before = medic.decide(exam_id, first, reasons=("alcohol_breath",))
        medic.decide(exam_id, second, reasons=("other",), comment="ошибка", corrects=before.decision_id)
        given += 2
    high = centre.exam("1001", systolic_mmhg=171)
    medic.decide(
        high, "admitted", override_reason="повторно измерено вручную", visual={"skin": "normal"}, released_text="т"
    )
    payload = centre.payload("1002", exam_type="post_trip")
    medic.decide(centre.receive(payload), "repeat", repeat_step="breath")
    centre.receive(payload | {"revision": 2})
    medic.decide(payload["exam_id"], "admitted")
    nobody = centre.exam("1001", examinee=None)
    medic.decide(nobody, "not_identified")
    centre.exam("1001", state="unfinished", end_reason="interrupted", examinee=None)
    return given + 4


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCentre]:
    folder = tmp_path_factory.mktemp("outcomes")
    url = "sqlite:///central.db"
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres"), "outcomes")
    with pytest.MonkeyPatch.context() as patched:
        cheap_hashes(patched)
        made = build_console_centre(folder, url)
        made.add_account("admin", Role.ADMINISTRATOR)
        given = _every_decision(made, _Medic(made))
    with reading(made.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM decision")).scalar_one() == given
    Sealer(made.engine, load_signing_key(made.config.keys.centre_signing_key_file)).run()
    yield made
    made.engine.dispose()


def test_whatever_was_decided_is_in_order(centre: ConsoleCentre) -> None:
    report = verify_centre(centre.folder / "central.toml")
    assert report.faults == []
    assert report.remarks == []
    assert report.decisions > 90
    assert report.exams > 80


def test_a_backup_of_it_is_restored_in_order(
    centre: ConsoleCentre, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    config = centre.folder / "central.toml"
    backup = tmp_path / "backup"
    done = CliRunner().invoke(app, ["backup", str(backup), "-c", str(config)])
    assert done.exit_code == 0, done.output
    url = "sqlite:///restored.db"
    if centre.engine.dialect.name == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres"), "outcomes_restored")
    other = config.with_name("other.toml")
    words = config.read_text(encoding="utf-8").replace(load_config(config).store_url, url)
    words = words.replace('"sqlite:///central.db"', f'"{url}"').replace('media_dir = "media"', 'media_dir = "media-2"')
    other.write_text(words, encoding="utf-8")
    assert load_config(other).store_url != load_config(config).store_url
    done = CliRunner().invoke(app, ["restore", str(backup), "-c", str(other)])
    assert done.exit_code == 0, done.output
    report = verify_centre(other)
    assert (report.faults, report.decisions > 90) == ([], True)


def test_every_decision_that_was_changed_is_named_and_not_the_first_alone(centre: ConsoleCentre) -> None:
    """Runs last: it does damage for good."""
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        connection.execute(text("UPDATE decision SET outcome = 'admitted' WHERE outcome = 'not_admitted'"))
        changed = connection.execute(text("SELECT count(*) FROM decision WHERE outcome = 'admitted'")).scalar_one()
        connection.execute(text("UPDATE audit SET address = '::3'"))
    report = verify_centre(centre.folder / "central.toml")
    named = {fault.place for fault in report.faults if fault.what.startswith("outcome")}
    with reading(centre.engine) as connection:
        signed = {
            f"decision {key}"
            for key, record in connection.execute(text("SELECT decision_id, record FROM decision"))
            if b'"outcome":"not_admitted"' in bytes(record)
        }
    assert changed > len(signed) > 10
    assert signed <= named
    assert any(fault.place.startswith("audit ") for fault in report.faults)
