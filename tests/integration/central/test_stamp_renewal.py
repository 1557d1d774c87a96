"""Seven years on: stamps were renewed before each of them ended, `verify` and the dossier's script believe it by them alone."""

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from central.conclusions.dossier import Vouchers, write_dossier
from central.core.config import AlgorithmTerm, TimestampConfig
from central.core.media_files import MediaFiles
from central.core.trust import Trust
from central.deciding.renewing import Renewing
from central.deciding.stamping import Stamping
from central.grounds.document_files import DocumentFiles
from central.keeping.deadlines import Deadlines
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StampTrust
from central.link.outgoing import load_signing_key
from central.signature.algorithms import Algorithms
from central.signature.stamp_line import StampError
from central.store import exams
from central.store.engine import reading, writing
from central.store.sealing import Sealer
from central.store.stamp_renewals import stamp_renewal
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving
from tests.moved_stamping import moved_tsa
from tests.waiting import until

YEARS = timedelta(days=7 * 365)


class Years:
    """A centre with an authority of time, and one decided exam for each of `exams`."""

    def __init__(self, centre: ConsoleCentre) -> None:
        self.centre = centre
        self.exams: list[str] = []

    @property
    def stamping(self) -> Stamping:
        return Stamping(self.centre.config.timestamp)

    def decide(self) -> str:
        exam_id = self.centre.exam("1001")
        with (
            serving(self.centre.app(), self.centre.config.http.port) as address,
            contextlib.closing(Browser(address)) as browser,
        ):
            browser.log_in("zoya")
            assert browser.decide(exam_id, outcome="admitted").status_code == 303
            page = f"/exams/{exam_id}"
            assert browser.post(f"{page}/papers", {"kind": "conclusion"}, page=page).status_code == 200
        self.exams.append(exam_id)
        return exam_id

    def pass_time(self, time: timedelta, step: timedelta = timedelta(days=45)) -> None:
        """What `serve` does each day, at longer steps."""
        ends = self.centre.shift + time
        while self.centre.shift < ends:
            self.centre.shift = min(self.centre.shift + step, ends)
            done = Renewing(self.centre.engine, self.stamping, self.centre.now).run()
            assert done.made == done.due

    def faults(self) -> list[str]:
        key = load_signing_key(self.centre.config.keys.centre_signing_key_file)
        Sealer(self.centre.engine, key).run()
        stamps = StampTrust(self.stamping.roots, self.stamping.algorithms, self.centre.now())
        anchors = Trust(self.centre.config.keys.authority_dir).anchors()
        files = MediaFiles(self.centre.config.media_dir)
        report = verify_store(self.centre.engine, Expected(key.public_key(), anchors, files, (), stamps))
        return [f"{one.place}: {one.what}" for one in report.faults]

    def check(self, folder: Path, exam_id: str) -> list[str]:
        """The lines of the dossier's own script, made and checked with nothing of ours."""
        config = self.centre.config
        key = load_signing_key(config.keys.centre_signing_key_file)
        assert config.timestamp is not None
        roots = config.timestamp.ca_file.read_bytes()
        with reading(self.centre.engine) as connection:
            row = exams.get(connection, exam_id)
            assert row is not None
            vouchers = Vouchers(Trust(config.keys.authority_dir).anchors(), key, roots)
            documents = DocumentFiles.from_config(config)
            write_dossier(connection, [row], vouchers, folder, None, documents, self.centre.now())
        done = subprocess.run(
            ["sh", "check.sh"], cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()

    def renewals(self) -> int:
        with reading(self.centre.engine) as connection:
            return int(connection.execute(select(func.count()).select_from(stamp_renewal)).scalar_one())


@pytest.fixture
def years(tmp_path: Path) -> Iterator[Years]:
    with pytest.MonkeyPatch.context() as patched:
        cheap_hashes(patched)
        centre = build_console_centre(tmp_path / "centre")
        centre.add_medic("zoya", "Луговая Зоя Марковна")
        with moved_tsa(tmp_path / "tsa", centre.now) as tsa:
            stamping = TimestampConfig(url=tsa.url, ca_file=tsa.root_file, required=True, timeout_s=10)
            centre.config = centre.config.model_copy(update={"timestamp": stamping})
            yield Years(centre)
        centre.engine.dispose()


def test_seven_years_on_the_chain_is_believed_and_a_missing_link_is_named(years: Years, tmp_path: Path) -> None:
    exam_id = years.decide()
    years.centre.shift += timedelta(days=350)
    with Deadlines(years.centre.config, years.centre.engine, years.centre.now):
        assert until(lambda: years.renewals() == 1), "the watch of serve renews by itself"
    years.pass_time(YEARS)
    assert years.renewals() >= 7
    assert years.faults() == []
    lines = years.check(tmp_path / "whole", exam_id)
    assert lines[-1] == "ALL HOLDS", lines
    assert sum("was still good when it was made" in line for line in lines) == years.renewals()
    assert any("signed by the organisation, and unchanged" in line for line in lines)

    paper = tmp_path / "whole" / "exams" / exam_id / "paper-1" / "paper.pdf"
    paper.write_bytes(paper.read_bytes().replace(b"/Creator", b"/creator", 1))
    done = subprocess.run(["sh", "check.sh"], cwd=tmp_path / "whole", capture_output=True, text=True, check=False)
    assert f"BAD  exams/{exam_id}/paper-1: signed by the organisation, and unchanged" in done.stdout

    take_guards_out(years.centre.engine)
    with writing(years.centre.engine) as connection:
        connection.execute(delete(stamp_renewal).where(stamp_renewal.c.renewal_no == 3))
    assert any("decision" in one and "only these are there: [1, 2, 4" in one for one in years.faults())
    lines = years.check(tmp_path / "lacking", exam_id)
    assert any(line.startswith("BAD") and "no renewal of the time stamp is left out" in line for line in lines)


def test_a_renewal_that_came_too_late_is_named_as_a_gap(years: Years, tmp_path: Path) -> None:
    exam_id = years.decide()
    years.centre.shift += timedelta(days=500)
    assert any("was not renewed" in one for one in years.faults())
    years.pass_time(timedelta(days=1))
    assert any("a gap" in one for one in years.faults())
    lines = years.check(tmp_path / "late", exam_id)
    assert any(line.startswith("BAD") and "what renewal 1 renews was still good" in line for line in lines)


def test_an_algorithm_that_ends_is_left_in_time(years: Years) -> None:
    years.decide()
    ends = (years.centre.now() + timedelta(days=100)).date()
    term = AlgorithmTerm(name="sha256", kind="digest", until=ends, basis="испытание")
    assert years.centre.config.timestamp is not None
    stamping = years.centre.config.timestamp.model_copy(update={"algorithms": (term,)})
    years.centre.config = years.centre.config.model_copy(update={"timestamp": stamping})
    years.centre.shift += timedelta(days=30)
    assert Renewing(years.centre.engine, years.stamping, years.centre.now).due() == []
    years.centre.shift += timedelta(days=30)
    (due,) = Renewing(years.centre.engine, years.stamping, years.centre.now).due()
    assert due.until.date() - timedelta(days=1) == ends
    assert years.stamping.algorithms.digest(years.centre.now()) == "sha384"


def test_an_algorithm_that_has_ended_counts_for_nothing(years: Years) -> None:
    term = AlgorithmTerm(name="sha256", kind="digest", until=date(2020, 1, 1), basis="испытание")
    assert years.centre.config.timestamp is not None
    stamping = years.centre.config.timestamp.model_copy(update={"algorithms": (term,)})
    years.decide()
    years.centre.config = years.centre.config.model_copy(update={"timestamp": stamping})
    assert any("was not renewed" in one for one in years.faults())
    with pytest.raises(StampError):
        Algorithms(()).end(["sha256"])
