"""Seven years on: stamps were renewed before each of them ended, `verify` and the dossier's script believe it by them alone."""

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from central.conclusions.dossier import Vouchers, write_dossier
from central.conclusions.renewing import Renewing
from central.core.config import AlgorithmTerm, TimestampConfig
from central.core.media_files import MediaFiles
from central.core.trust import Trust
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
from central.store.kept_signatures import DECISION, KINDS
from central.store.sealing import Sealer
from central.store.stamp_renewals import stamp_renewal
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre, build_console_centre, cheap_hashes, serving
from tests.every_signature import sign_everything
from tests.moved_stamping import moved_tsa
from tests.waiting import until
from tests.waybill_centre import waybill_centre

YEARS = timedelta(days=7 * 365)


class Years:
    """A centre with an authority of time, and one decided exam for each of `exams`."""

    def __init__(self, centre: ConsoleCentre) -> None:
        self.centre = centre
        self.exams: list[str] = []

    @property
    def stamping(self) -> Stamping:
        return Stamping(self.centre.config.timestamp)

    @property
    def documents(self) -> DocumentFiles:
        return DocumentFiles.from_config(self.centre.config)

    @property
    def renewing(self) -> Renewing:
        return Renewing(self.centre.engine, self.stamping, self.documents, self.centre.now)

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
            done = self.renewing.run()
            assert done.made == done.due

    def faults(self) -> list[str]:
        key = load_signing_key(self.centre.config.keys.centre_signing_key_file)
        Sealer(self.centre.engine, key).run()
        stamps = StampTrust(self.stamping.roots, self.stamping.algorithms, self.centre.now())
        anchors = Trust(self.centre.config.keys.authority_dir).anchors()
        files = MediaFiles(self.centre.config.media_dir)
        report = verify_store(
            self.centre.engine, Expected(key.public_key(), anchors, files, (), stamps, self.documents)
        )
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
            write_dossier(connection, [row], vouchers, folder, None, self.documents, self.centre.now())
        done = subprocess.run(
            ["sh", "check.sh"], cwd=folder, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()

    def sign_everything(self) -> tuple[str, str]:
        """One signature of each kind; returns an admitted exam and a refused one."""
        carrier = waybill_centre(self.centre)
        self.centre.add_medic("foma", "Бережной Фома Лукич")
        with (
            serving(self.centre.app(), self.centre.config.http.port) as address,
            contextlib.closing(Browser(address)) as zoya,
            contextlib.closing(Browser(address)) as foma,
        ):
            return sign_everything(carrier, zoya.log_in("zoya"), foma.log_in("foma"))

    def renewals(self) -> dict[str, int]:
        """How many there are of each kind of signature."""
        kind = func.coalesce(stamp_renewal.c.signature_kind, DECISION)
        with reading(self.centre.engine) as connection:
            return {row[0]: row[1] for row in connection.execute(select(kind, func.count()).group_by(kind))}


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


def test_seven_years_on_every_chain_is_believed_and_a_missing_link_is_named(years: Years, tmp_path: Path) -> None:
    admitted, exam_id = years.sign_everything()
    years.centre.shift += timedelta(days=350)
    signatures = {**dict.fromkeys(KINDS, 1), DECISION: 2, "act_signature": 2}
    with Deadlines(years.centre.config, years.centre.engine, years.centre.now):
        assert until(lambda: years.renewals() == signatures), "the watch of serve renews by itself"
    years.pass_time(YEARS)
    assert all(count >= 7 * signatures[kind] for kind, count in years.renewals().items())
    assert years.faults() == []
    for name, one, kinds in (
        ("whole", exam_id, ("decision", "paper", "written")),
        ("admitted", admitted, ("decision", "title")),
    ):
        lines = years.check(tmp_path / name, one)
        assert lines[-1] == "ALL HOLDS", lines
        for kind in kinds:
            place = f"exams/{one}/{kind}-1"
            assert sum(f"{place}: what renewal" in line for line in lines) >= 7, (place, lines)

    paper = tmp_path / "whole" / "exams" / exam_id / "paper-1" / "paper.pdf"
    paper.write_bytes(paper.read_bytes().replace(b"/Creator", b"/creator", 1))
    done = subprocess.run(["sh", "check.sh"], cwd=tmp_path / "whole", capture_output=True, text=True, check=False)
    assert f"BAD  exams/{exam_id}/paper-1: signed by the organisation, and unchanged" in done.stdout

    take_guards_out(years.centre.engine)
    with writing(years.centre.engine) as connection:
        connection.execute(delete(stamp_renewal).where(stamp_renewal.c.renewal_no == 3))
    faults = years.faults()
    for kind in KINDS:
        words = kind.replace("_", " ")
        assert any(one.startswith(words) and "only these are there: [1, 2, 4" in one for one in faults), (kind, faults)
    lines = years.check(tmp_path / "lacking", exam_id)
    for kind in ("decision", "paper", "written"):
        lacking = f"BAD  exams/{exam_id}/{kind}-1: no renewal of the time stamp is left out"
        assert lacking in lines


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
    assert years.renewing.due() == [], "the ends are noted by the list of today"
    ends = (years.centre.now() + timedelta(days=100)).date()
    term = AlgorithmTerm(name="sha256", kind="digest", until=ends, basis="испытание")
    assert years.centre.config.timestamp is not None
    stamping = years.centre.config.timestamp.model_copy(update={"algorithms": (term,)})
    years.centre.config = years.centre.config.model_copy(update={"timestamp": stamping})
    years.centre.shift += timedelta(days=30)
    assert years.renewing.due() == []
    years.centre.shift += timedelta(days=30)
    due = years.renewing.due()
    assert {one.kind for one in due} == {DECISION, "signed_paper"}
    assert {one.until - timedelta(days=1) for one in due if one.until} == {datetime.combine(ends, time(), UTC)}
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
