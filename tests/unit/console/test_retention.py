"""Terms and deletion: what is due is listed exactly, goes by an act of two people alone, and a hold keeps what has not gone."""

import json
import re
import shutil
import subprocess
from base64 import b64decode, b64encode
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from central.books import drafting
from central.books.catalogue import BOOKS
from central.books.publishing import publish
from central.books.reading import of_program
from central.books.rules import book_faults
from central.conclusions.act_files import ActFiles
from central.conclusions.destruction import Destruction, returned
from central.conclusions.dossier import Vouchers, write_dossier
from central.conclusions.hold_lists import HoldLists
from central.core.media_files import MediaFiles
from central.core.trust import Trust
from central.exchange.checks import Rules
from central.exchange.intake import Arrival, Intake
from central.grounds.document_files import DocumentFiles
from central.keeping.backup import back_up, restore
from central.keeping.verify import verify_store
from central.keeping.verify_report import Expected, StoreReport
from central.link.outgoing import load_signing_key
from central.store import acts, deletions, exams, terminals
from central.store.engine import reading, writing
from central.store.media import media
from central.store.metadata import insert_for
from central.store.outgoing import unacknowledged
from central.store.sealing import Sealer
from dopusk.lab.demo.sample_people import ORG
from sync.contract.envelope import read_unverified
from sync.contract.holds import HOLDS, Holds
from sync.contract.receipt import ACK_SCHEMA
from tests.central_store import take_guards_out
from tests.console_centre import Browser, ConsoleCentre

PAGE = "/conclusions/retention"
FIVE_YEARS = timedelta(days=5 * 365 + 3)


class Kept:
    """A centre with two exams of five years ago and one of today, each with a film and a picture, and two people who sign."""

    def __init__(self, centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
        self.centre, self.people = centre, (zoya, foma)
        self.files = MediaFiles(centre.config.media_dir)
        old = centre.now() - FIVE_YEARS
        self.exams = [centre.exam("1001", started_at=old), centre.exam("1002", started_at=old), centre.exam("1003")]
        self.films = {one: self.store(one, f"film of {one}", "video/webm") for one in self.exams}
        self.pictures = {one: self.store(one, f"picture of {one}", "image/jpeg") for one in self.exams}

    def store(self, exam_id: str, content: str, kind: str) -> str:
        sha256, now = self.files.keep(content.encode()), self.centre.now()
        with writing(self.centre.engine) as connection:
            values = {"exam_id": exam_id, "content_type": kind, "chunk_count": 1, "size_bytes": len(content)}
            row = insert_for(connection, media).values(sha256=sha256, first_at=now, completed_at=now, **values)
            connection.execute(row)
        return sha256

    @property
    def there(self) -> set[str]:
        """Hashes of the files on the disk."""
        return {path.name for path in self.files.folder.rglob("*") if path.is_file()}

    def pass_time(self, time: timedelta) -> None:
        """Let time pass in the console; sessions end, and people log in again."""
        self.centre.shift += time
        for name, browser in zip(("zoya", "foma"), self.people, strict=True):
            browser.log_in(name, unlock=False)

    def destruction(self) -> Destruction:
        """What `serve` starts."""
        act_files = ActFiles(self.centre.config.acts_dir)
        return Destruction(
            self.centre.engine, self.files, act_files, Trust(self.centre.config.keys.authority_dir), self.centre.now
        )

    def draft(self) -> str:
        answer = self.people[0].post(PAGE, {}, page=PAGE)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def sign(self, path: str, place: int) -> None:
        browser = self.people[place]
        seen = re.findall(r'name="seen" value="(\w{64})"', browser.get(path).text)[0]
        assert browser.post(f"{path}/sign", {"seen": seen}, page=path).status_code == 303

    def verify(self) -> StoreReport:
        key = load_signing_key(self.centre.config.keys.centre_signing_key_file)
        Sealer(self.centre.engine, key).run()
        anchors = Trust(self.centre.config.keys.authority_dir).anchors()
        return verify_store(self.centre.engine, Expected(key.public_key(), anchors, self.files))


@pytest.fixture
def kept(centre: ConsoleCentre, zoya: Browser, foma: Browser) -> Kept:
    return Kept(centre, zoya, foma)


def _due(browser: Browser) -> int:
    return int(re.findall(r"Срок истёк: (\d+)", browser.get(PAGE).text)[0])


def test_the_clock_moved_five_years_lists_exactly_what_is_due(kept: Kept, zoya: Browser) -> None:
    assert _due(zoya) == 4, "films and pictures of the two old exams"
    shown = zoya.get(PAGE).text
    for exam_id in kept.exams:
        assert (exam_id in shown) == (exam_id in kept.exams[:2])
    kept.pass_time(FIVE_YEARS)
    assert _due(zoya) == 6


def test_a_published_term_counts_from_its_day_on(kept: Kept, centre: ConsoleCentre, zoya: Browser) -> None:
    items = tuple(
        item.model_copy(update={"attrs": {"years": 9, "basis": "приказ 3"}}) if item.code == "film" else item
        for item in of_program("retention").items
    )
    assert book_faults(BOOKS["retention"], items) == []
    for wrong, fault in (({"days": 29, "basis": "x"}, "term_too_short"), ({"years": 1, "basis": ""}, "needed")):
        bad = tuple(one.model_copy(update={"attrs": wrong}) if one.code == "film" else one for one in items)
        assert [one.fault for one in book_faults(BOOKS["retention"], bad)] == [fault]
    assert [one.fault for one in book_faults(BOOKS["retention"], items[1:])] == ["term_missing"]
    with writing(centre.engine) as connection:
        drafting.put_item(connection, "retention", ORG, items[0], revision=0, author="zoya", now=centre.now())
        publish(connection, centre.outgoing, "retention", ORG, basis="приказ 3", author="zoya", now=centre.now())
    assert _due(zoya) == 2, "pictures alone: films are kept nine years now"


def _dossier_of(kept: Kept, exam_id: str, folder: Path) -> str:
    """What the script of the exam's dossier says."""
    config = kept.centre.config
    vouchers = Vouchers(
        Trust(config.keys.authority_dir).anchors(), load_signing_key(config.keys.centre_signing_key_file)
    )
    with reading(kept.centre.engine) as connection:
        exam = exams.get(connection, exam_id)
        assert exam is not None
        write_dossier(connection, [exam], vouchers, folder, None, DocumentFiles.from_config(config), kept.centre.now())
    return subprocess.run(["sh", "check.sh"], cwd=folder, capture_output=True, text=True, check=False).stdout


def test_nothing_goes_before_the_second_signature_and_verify_knows_why(
    kept: Kept, zoya: Browser, tmp_path: Path
) -> None:
    before, work = kept.there, kept.destruction()
    path = kept.draft()
    assert _due(zoya) == 0, "what stands in an act is not put into another one"
    assert zoya.post(PAGE, {}, page=PAGE).status_code == 422
    for place in (0, 1):
        assert work.work() == 0
        assert kept.there == before, "before the second signature nothing is gone"
        kept.sign(path, place)
    assert work.work() == 4
    stays = {kept.films[kept.exams[2]], kept.pictures[kept.exams[2]]}
    assert kept.there == stays
    assert "удалено: 4" in zoya.get(path).text
    report = kept.verify()
    assert report.faults == []
    assert any("4 files" in one and "1/" in one for one in report.remarks), report.remarks
    assert work.work() == 0
    assert "Файлы этого осмотра (2) уничтожены по акту" in zoya.get(f"/exams/{kept.exams[0]}").text, "the record stays"
    assert f"exam_id={kept.exams[2]}" not in zoya.get(f"/exams/{kept.exams[0]}").text
    told = _dossier_of(kept, kept.exams[0], tmp_path / "dossier")
    assert told.count("destroyed by the act in acts/") == 2
    assert told.count("signed by person") == 2
    assert "BAD  acts" not in told
    kept.files.remove(kept.films[kept.exams[2]])
    assert [fault.kind for fault in kept.verify().faults] == ["missing"], "without an act it is lost"


def test_who_is_killed_in_the_middle_goes_on_and_says_so(
    kept: Kept, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept.draft()
    kept.sign(path, 0)
    kept.sign(path, 1)
    removed: list[str] = []
    whole = MediaFiles.remove

    def dying(self: MediaFiles, sha256: str) -> bool:
        if len(removed) == 1:
            raise KeyboardInterrupt
        removed.append(sha256)
        return whole(self, sha256)

    monkeypatch.setattr(MediaFiles, "remove", dying)
    with pytest.raises(KeyboardInterrupt):
        kept.destruction().work()
    monkeypatch.undo()
    assert len(kept.there) == 5
    assert kept.verify().faults == []
    assert kept.destruction().work() == 3
    assert "deletion goes on, 4 of 4 files are done, 3 of those are there" in caplog.text
    assert len(kept.there) == 2


def test_a_hold_keeps_what_has_not_gone(kept: Kept, centre: ConsoleCentre, zoya: Browser, foma: Browser) -> None:
    path = kept.draft()
    kept.sign(path, 0)
    hold = {"about": "exam", "exam_id": kept.exams[0], "reason": "dispute", "basis": "иск 2-77/2026"}
    for wrong in ({"about": ""}, {"exam_id": "nowhere"}, {"reason": "x"}, {"basis": ""}):
        answer = zoya.post("/conclusions/holds", hold | wrong, page="/conclusions/holds")
        assert answer.status_code == 422
        assert f'id="fault-{next(iter(wrong))}"' in answer.text
    assert zoya.post("/conclusions/holds", hold, page="/conclusions/holds").status_code == 303
    kept.sign(path, 1)
    assert kept.destruction().work() == 2
    held = {kept.films[kept.exams[0]], kept.pictures[kept.exams[0]]}
    assert held < kept.there
    shown = zoya.get(path).text
    assert "оставлено по запрету: 2" in shown
    assert "иск 2-77/2026" in shown
    assert kept.verify().faults == []
    assert _due(zoya) == 0
    assert "Держит запрет: 2" in zoya.get(PAGE).text

    listed = zoya.get("/conclusions/holds").text
    end = re.findall(r'action="(/conclusions/holds/[^"]+/release)"', listed)[0]
    assert zoya.post(end, {"basis": ""}, page="/conclusions/holds").status_code == 422
    assert zoya.post(end, {"basis": "спор окончен"}, page="/conclusions/holds").status_code == 303
    assert foma.post(end, {"basis": "ещё раз"}, page="/conclusions/holds").status_code == 409
    assert kept.destruction().work() == 0, "the old act is done with what a hold has kept"
    assert _due(zoya) == 2
    second = kept.draft()
    kept.sign(second, 0)
    kept.sign(second, 1)
    assert kept.destruction().work() == 2


@pytest.mark.parametrize(("about", "number", "kept_of"), [("worker", "1001", 1), ("terminal", "", 2)])
def test_a_hold_on_days_of_a_worker_or_terminal(
    kept: Kept, centre: ConsoleCentre, zoya: Browser, about: str, number: str, kept_of: int
) -> None:
    day = centre.now() - FIVE_YEARS
    hold = {
        "about": about,
        "worker_id": centre.people.workers.get(number, ""),
        "terminal_id": "kiosk-1",
        "since_day": f"{day - timedelta(days=2):%Y-%m-%d}",
        "until_day": f"{day + timedelta(days=2):%Y-%m-%d}",
        "reason": "inspection",
        "basis": "распоряжение 12",
    }
    assert zoya.post("/conclusions/holds", hold | {"since_day": ""}, page="/conclusions/holds").status_code == 422
    turned = {"since_day": hold["until_day"], "until_day": hold["since_day"]}
    assert zoya.post("/conclusions/holds", hold | turned, page="/conclusions/holds").status_code == 422
    assert zoya.post("/conclusions/holds", hold, page="/conclusions/holds").status_code == 303
    assert ("1001, " in zoya.get("/conclusions/holds").text) == (about == "worker"), "a number stands with its employer"
    assert f"Держит запрет: {2 * kept_of}" in zoya.get(PAGE).text
    assert _due(zoya) == 4 - 2 * kept_of


def test_an_older_backup_brings_files_back_and_the_act_takes_them_again(
    kept: Kept, centre: ConsoleCentre, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    back_up(centre.engine, centre.config.store_url, kept.files, tmp_path / "before")
    path = kept.draft()
    kept.sign(path, 0)
    kept.sign(path, 1)
    assert kept.destruction().work() == 4
    kept.verify()
    back_up(centre.engine, centre.config.store_url, kept.files, tmp_path / "after")
    centre.engine.dispose()
    shutil.rmtree(kept.files.folder)
    for file in centre.folder.glob("central.db*"):
        file.unlink()
    restore(tmp_path / "before", centre.config.store_url, centre.config.media_dir)
    assert len(kept.there) == 6
    act_id = path.rsplit("/", 1)[1]
    with reading(centre.engine) as connection:
        assert acts.find(connection, act_id) is None
    back = returned(ActFiles(centre.config.acts_dir), Trust(centre.config.keys.authority_dir), kept.files)
    assert [(item.act_id, len(files)) for item, files in back] == [(act_id, 4)]
    assert kept.destruction().work() == 4
    assert "is not in the restored store: it is back" in caplog.text
    assert len(kept.there) == 2
    assert kept.verify().faults == []


def test_a_file_that_is_no_act_of_two_people_takes_nothing(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    path = kept.draft()
    kept.sign(path, 0)
    kept.sign(path, 1)
    kept.destruction().work()
    (file,) = kept.centre.config.acts_dir.glob("*.json")
    content = json.loads(file.read_bytes())
    other = kept.films[kept.exams[2]]
    for forged in (
        content | {"signatures": content["signatures"][:1]},
        content | {"signatures": [content["signatures"][0], content["signatures"][0] | {"place": 2, "medic_id": "x"}]},
        content
        | {
            "record": b64encode(
                b64decode(content["record"]).replace(kept.films[kept.exams[0]].encode(), other.encode())
            ).decode()
        },
    ):
        file.write_text(json.dumps(forged), encoding="utf-8")
        found = dict(ActFiles(kept.centre.config.acts_dir).every(Trust(kept.centre.config.keys.authority_dir)))
        assert list(found.values()) == [None]
    assert kept.destruction().work() == 0
    assert "is no act that two people have signed" in caplog.text
    assert other in kept.there


def test_a_row_that_its_act_does_not_name_explains_nothing(kept: Kept, centre: ConsoleCentre) -> None:
    path = kept.draft()
    kept.sign(path, 0)
    kept.sign(path, 1)
    kept.destruction().work()
    take_guards_out(centre.engine)
    with writing(centre.engine) as connection:
        some = deletions.of_act(connection, path.rsplit("/", 1)[1])[0]
        values = {"sha256": kept.films[kept.exams[2]]}
        connection.execute(
            update(deletions.deletion).where(deletions.deletion.c.deletion_id == some.deletion_id).values(**values)
        )
    kept.files.remove(kept.films[kept.exams[2]])
    found = [(fault.kind, fault.place.split()[0]) for fault in kept.verify().faults]
    assert ("missing", "media") in found
    assert ("changed", "deletion") in found


def test_terminals_get_the_list_and_the_page_shows_who_has_it(kept: Kept, centre: ConsoleCentre, zoya: Browser) -> None:
    lists = HoldLists(centre.engine, centre.outgoing, clock=centre.now)
    with writing(centre.engine) as connection:
        terminals.set_state(connection, "kiosk-1", "enrolled")
    page = "/conclusions/holds"
    assert "не отправлен" in zoya.get(page).text
    assert lists.look() == 1, "an empty list too: without one a terminal deletes nothing"
    assert lists.look() == 0
    hold = {"about": "exam", "exam_id": kept.exams[0], "reason": "accident", "basis": "акт Н-1"}
    assert zoya.post(page, hold, page=page).status_code == 303
    assert lists.look() == 1
    assert "в пути" in zoya.get(page).text
    with reading(centre.engine) as connection:
        waiting = [row for row in unacknowledged(connection, "kiosk-1", 100) if row.kind == "reference"]
    sent = [read_unverified(row.wire)[0].payload for row in waiting]
    found = [Holds.model_validate(one["content"]) for one in sent if one["name"] == HOLDS]
    assert [len(one.holds) for one in found] == [0, 1]
    assert found[1].keeps(kept.exams[0], centre.now().date(), None)
    assert not found[1].keeps(kept.exams[1], centre.now().date(), None)

    centre.shift += timedelta(hours=13)
    zoya.log_in("zoya", unlock=False)
    assert lists.look() == 0, "what still travels is not sent twice"
    _, sealed = centre.terminal.seal(ACK_SCHEMA, {"message_ids": [row.message_id for row in waiting]})
    Intake(centre.engine, kept.files, Rules("test", timedelta(days=1))).take(
        [Arrival(centre.terminal.address.up("ack"), sealed.wire)]
    )
    assert "список есть" in zoya.get(page).text
    assert lists.look() == 1, "a list gets old"
