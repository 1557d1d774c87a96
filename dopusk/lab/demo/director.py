"""Runs the demonstration: prepares and starts the processes, lets worker, cables and medic act, reports the result."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.store import gate_passages
from central.store.engine import open_engine, reading
from central.store.faces import worker_face
from central.words.texts import text
from dopusk.lab.demo.hand import Hand
from dopusk.lab.demo.medic import ScriptedMedic
from dopusk.lab.demo.processes import Child, start_centre, start_kiosk
from dopusk.lab.demo.result import TerminalDisk
from dopusk.lab.demo.sample_people import EMPLOYERS
from dopusk.lab.demo.sample_waybill import send_waybill, titles_in
from dopusk.lab.demo.scenarios import Scenario
from dopusk.lab.demo.worker import ScriptedWorker
from dopusk.lab.demo.world import World
from dopusk.words import say, word
from terminal.config import TerminalConfig, load_config
from terminal.exam.filming import report_of, segments

Tell = Callable[[str], None]

RECEIPTS_WITHIN_S = 60.0
FACE_WITHIN_S = 60.0
TITLE_WITHIN_S = 30.0
STRANGER = "person:grace"


class Trouble(Exception):
    """The story did not go as it should."""


class Director:
    """Plays one scenario on a stage."""

    def __init__(
        self,
        world: World,
        scenario: Scenario,
        pictures: Path,
        tell: Tell,
        *,
        headless: bool,
        opened: Callable[[str], None] = lambda address: None,
    ) -> None:
        """`opened` is called with the console's address as soon as anybody can open it."""
        self._opened = opened
        self._world, self._scenario, self._tell, self._headless = world, scenario, tell, headless
        self._stack = ExitStack()
        self._socket = world.folder / "robot.sock"
        self.hand = Hand(self._socket, pictures)
        self._kiosk: Child | None = None
        self._medic: ScriptedMedic | None = None
        self.config: TerminalConfig = load_config(world.terminal_config)
        self.worker = ScriptedWorker(
            self.hand,
            scenario.number,
            tell,
            by_face=scenario.by_face,
            complaint=scenario.complaint,
            employer=scenario.employer or 1,
        )
        self.timings_s: dict[str, float] = {}
        self._waybill: Path | None = None

    @property
    def pictures(self) -> list[str]:
        return self.hand.taken

    def open(self) -> None:
        """Start the centre and the kiosk."""
        for child in start_centre(self._world.folder / "centre" / "central.toml", self._world.folder):
            self._stack.callback(child.stop)
        address = self._world.config.http.public_url
        self._tell(say("centre  is ready"))
        self._opened(address)
        self._start_kiosk()
        self._medic = ScriptedMedic(address)
        self._stack.callback(self._medic.close)
        login = self._world.login
        self._medic.log_in(login.username, login.password, login.passphrase)
        self._tell(say("medic   logged in and opened her signing key"))
        self._waybill = send_waybill(self._world.waybills, self._world.authority, self._scenario.number)
        if self._waybill is not None:
            self._tell(say("carrier has sent an electronic waybill for the driver"))

    def close(self) -> None:
        """End all processes."""
        if self._kiosk is not None:
            self._kiosk.stop()
        self.hand.disconnect()
        self._stack.close()

    def wait_for_kiosk(self) -> None:
        """Wait until the person closes the kiosk's window."""
        if self._kiosk is not None:
            self._kiosk.wait()

    def play(self) -> None:
        """The whole story. Raises `KioskTrouble`, `MedicTrouble` or `Trouble` when it does not go as it should."""
        for name, situation in self._scenario.devices.items():
            self._world.bench.scenario(name, situation)
        if self._scenario.compares:
            self._wait_for_face()
        if self._scenario.stranger:
            self._world.camera.scene(STRANGER)
            self._tell(say("camera  somebody else stands before it"))
        self.hand.wait("begin")
        match self._scenario.trouble:
            case "unplug":
                self._play_unplugged()
            case "offline":
                self._play_offline()
            case "power_cut":
                self._play_power_cut()
            case "swap":
                self._play_swapped()
            case _ if self._scenario.complaint:
                self._play_urgent()
            case _ if self._scenario.ruling is None:
                self._play_unknown()
            case _:
                self.worker.go_on_until("waiting")
                self._decide()
        self._wait_for_receipts()

    def _play_unknown(self) -> None:
        self.worker.go_on_until("not_today")
        self._tell(say("kiosk   does not know this number and sends the person to the medic"))
        self.hand.click("leave")
        self.hand.wait("screen_idle")

    def _play_swapped(self) -> None:
        self.worker.go_on_until("pressure")
        self._world.camera.scene(STRANGER)
        self._tell(say("camera  the worker goes and somebody else sits down at the cuff"))
        self.hand.wait("screen_not_today", timeout_s=60.0)
        self.hand.picture("person-changed")
        self._tell(say("kiosk   has stopped the exam: another person stands before it"))
        self.hand.click("leave")
        self.hand.wait("screen_idle")

    def _play_urgent(self) -> None:
        self.worker.go_on_until("urgent")
        if self._medic is None:
            raise Trouble("nobody is there to be called")
        self._medic.wait_for_words(text("ru", "queue.calling", names=""))
        self._tell(say("console shows within moments that the kiosk calls for a medic"))
        self.hand.click("urgent_go_on")
        self.worker.go_on_until("waiting")
        self._medic.wait_for_words(text("ru", "queue.urgent", names=""))
        self._tell(say("queue   names the complaint, in red, before all others"))
        self._decide()

    def _play_unplugged(self) -> None:
        bench = self._world.bench
        bench.change("thermometer", present=False)

        def unplug() -> None:
            bench.wait_for("thermometer", lambda model: model.requests > 5, 20.0)
            bench.unplug("thermometer")
            self._tell(say("cable   the thermometer's line is pulled out in mid-measurement"))

        def plug_in() -> None:
            bench.change("thermometer", present=True)
            bench.replug("thermometer")
            self._tell(say("cable   the thermometer is plugged in again; nobody restarts anything"))

        self.worker.go_on_until("waiting", also={"temperature": unplug, "trouble": plug_in})
        self._decide()

    def _play_offline(self) -> None:
        def cut() -> None:
            self._world.broker.stop()
            self._tell(say("network the broker is gone"))

        self.worker.go_on_until("waiting", also={"consent": cut})
        self.hand.wait("waiting_offline")
        self.hand.picture("waiting-offline")
        self._tell(say("kiosk   says that no medic can decide yet and admits nobody"))
        with closing(TerminalDisk(self.config)) as disk:
            state = disk.last_exam()
            if state is None or state.decision is not None:
                raise Trouble("without a broker there must be an exam and no decision")
        self._world.broker.start()
        self._tell(say("network the broker is back"))
        self._decide()

    def _play_power_cut(self) -> None:
        self.worker.go_on_until("pressure")
        self.hand.click("start_measuring")
        self._world.bench.wait_for("tonometer", lambda model: model.phase != "idle", 20.0)
        if self._kiosk is not None:
            self._kiosk.kill()
        self.hand.disconnect()
        self._tell(say("power   the kiosk was killed while the cuff was working"))
        self._start_kiosk()
        self._tell(say("power   the kiosk is started again"))
        self.worker.forget_screen()
        self.worker.go_on_until("resume")
        self._tell(say("kiosk   offers to go on with the exam that is on its disk"))
        self.hand.click("resume_yes")
        self.worker.go_on_until("waiting")
        self._decide()

    def _start_kiosk(self) -> None:
        kiosk = start_kiosk(
            self._world.terminal_config,
            self._socket,
            self._world.folder,
            headless=self._headless,
            speed=self._world.speed,
        )
        self._kiosk = kiosk
        self.hand.connect(lambda: kiosk.is_alive)
        self._tell(say("kiosk   is up"))

    def _decide(self) -> None:
        """The medic decides in the console; the kiosk shows it."""
        ruling = self._scenario.ruling
        if ruling is None or self._medic is None:
            raise Trouble("nobody is there to decide")
        with closing(TerminalDisk(self.config)) as disk:
            state = disk.last_exam()
        if state is None:
            raise Trouble("no exam is on the disk")
        self._medic.wait_for(state.exam_id, state.sent_revision)
        self._tell(say("medic   sees the exam in the queue, looks at it and decides"))
        began_s = time.monotonic()
        self._medic.decide(state.exam_id, ruling.outcome, ruling.reasons, ruling.comment, ruling.released_text)
        signed_s = time.monotonic()
        self.worker.go_on_until("decision")
        shown_s = self.worker.stopped_at_s
        self.timings_s["medic_click_to_kiosk"] = round(shown_s - began_s, 3)
        after_s = f"{max(0.0, shown_s - signed_s):.2f}"
        text = "kiosk   shows “{outcome}” {seconds} s after the signature"
        self._tell(say(text, outcome=word(ruling.outcome), seconds=after_s))
        self.hand.click("decision_ok")
        self.hand.wait("screen_idle")

    def waybill_title(self) -> str | None:
        """The medic's title in the operator's folder, valid by its schema; None where no admission made one.

        Raises `Trouble` when an admission was signed for a driver whose waybill waits, and no title comes.
        """
        ruling = self._scenario.ruling
        is_due = self._waybill is not None and ruling is not None and ruling.outcome == "admitted"
        deadline = time.monotonic() + TITLE_WITHIN_S
        while not (found := titles_in(self._world.waybills)) and is_due and time.monotonic() < deadline:
            time.sleep(0.05)
        if not found and is_due:
            raise Trouble("the title of the waybill did not reach the operator's folder")
        if not found:
            return None
        self._tell(say("waybill the medic's title is in the operator's folder: {file}", file=found[0].name))
        return str(found[0])

    def gate_openings(self) -> int:
        """How often the gate beside the kiosk opened, as its board saw it.

        Raises `Trouble` where that is not what was signed, or where the centre's log of passages does not say the same.
        """
        ruling = self._scenario.ruling
        due = int(ruling is not None and ruling.outcome == "admitted")
        deadline = time.monotonic() + TITLE_WITHIN_S
        engine = open_engine(self._world.config.store_url)
        try:
            logged = -1
            while logged != due and time.monotonic() < deadline:
                with reading(engine) as connection:
                    logged = gate_passages.openings(connection)
                time.sleep(0.05)
        finally:
            engine.dispose()
        seen = self._world.gate.board.openings
        if not seen == logged == due:
            raise Trouble("the gate did not open once for each admission")
        if seen:
            self._tell(say("gate    opened once, for the admission that the kiosk has checked"))
        return seen

    def _wait_for_face(self) -> None:
        """The reference photo comes down, a template is made of it, and the centre is told."""
        deadline = time.monotonic() + FACE_WITHIN_S
        engine = open_engine(self._world.config.store_url)
        states: list[str] = []
        try:
            while time.monotonic() < deadline:
                with reading(engine) as connection:
                    states = list(connection.execute(select(worker_face.c.state)).scalars())
                if states == ["taken"]:
                    self._tell(
                        say("centre  sent the worker's photo; the kiosk made a template of it and let the photo go")
                    )
                    return
                time.sleep(0.1)
        finally:
            engine.dispose()
        raise Trouble(f"no template was made of the reference photo: {states}")

    def _wait_for_receipts(self) -> None:
        """Nothing counts as delivered before the centre's receipts are there."""
        deadline = time.monotonic() + RECEIPTS_WITHIN_S
        with closing(TerminalDisk(self.config)) as disk:
            state = disk.last_exam()
            while state is not None:
                rows = disk.receipts(state.exam_id)
                if rows and all(row["outcome"] for row in rows):
                    self._tell(say("sync    all {count} messages have the centre's receipt", count=len(rows)))
                    if report := report_of(state):
                        text = "film    {state}, {seconds} s in {count} segments"
                        values = {"seconds": f"{report.seconds:.0f}", "count": len(segments(state))}
                        self._tell(say(text, state=word(report.state), **values))
                    return
                if time.monotonic() > deadline:
                    raise Trouble(f"receipts are missing: {[row for row in rows if not row['outcome']]}")
                time.sleep(0.05)


def faults_of(result: dict[str, Any], scenario: Scenario) -> list[str]:
    """What is not as the scenario promised; empty when it ended as it should. Pure."""
    faults = []
    if result["outcome"] != scenario.outcome:
        faults.append(f"outcome is {result['outcome']}, expected {scenario.outcome}")
    if result["rule_verdict"]["suggestion"] != scenario.verdict:
        faults.append(f"the rules suggest {result['rule_verdict']['suggestion']}, expected {scenario.verdict}")
    if scenario.ruling is not None:
        decision = result["decision"]
        if decision is None or not decision["signature_valid"]:
            faults.append("there is no decision with a valid signature")
        kinds = {"temperature": "temperature", "pressure": "systolic", "breath": "breath_alcohol"}
        for step, kind in kinds.items():
            values = [row for row in result["measurements"] if row["kind"] == kind]
            expected = scenario.most_attempts.get(step, 1)
            if len(values) != expected:
                faults.append(f"{len(values)} values of {kind}, expected {expected}")
        faults += _film_faults(result["film"], cut_off=scenario.trouble == "power_cut")
    if not all(row["outcome"] == "accepted" or row["outcome"] == "duplicate" for row in result["receipts"]):
        faults.append("not every message was accepted")
    if result["face"] != scenario.face:
        faults.append(f"the face is {result['face']}, expected {scenario.face}")
    if result["templates"] != int(scenario.compares):
        faults.append(f"{result['templates']} templates of faces are on the disk")
    if scenario.trouble == "swap":
        change = (result["continuity"] or {}).get("change")
        if result["end_reason"] != "person_changed" or not change or change["score"] >= change["threshold"]:
            faults.append(f"the exam ended as {result['end_reason']} with {change}, expected a change of person")
    if scenario.employer and result["employer"] != EMPLOYERS[0]:
        faults.append(f"the exam is of {result['employer']}, expected {EMPLOYERS[0]}")
    if scenario.name == "drunk" and result["employer_alerts"] != 1:
        faults.append("the employer's alert was not recorded")
    return faults


def _film_faults(film: dict[str, Any], *, cut_off: bool) -> list[str]:
    """There is a film, a still shows each result, what is missing is named, and everything named is at the centre.

    A machine with much else to do may drop pictures; then the record must say so, and that is no fault of the story.
    """
    faults = []
    if not film["segments"] or (film["state"] == "complete") != (not film["gaps"]):
        faults.append(f"the film is {film['state']} with {film['segments']} segments and gaps {film['gaps']}")
    if any(gap.endswith("restart") for gap in film["gaps"]) != cut_off:
        faults.append(f"a restart in the film's gaps {film['gaps']}, expected: {cut_off}")
    for step in ("temperature", "pressure", "breath"):
        shown = any(still.startswith(step) and still.endswith("result") for still in film["stills"])
        if not shown and not any(gap.startswith(f"photo {step}") for gap in film["gaps"]):
            faults.append(f"no still shows the result of {step}, and no gap names it")
    if film["arrived"] != film["named"]:
        faults.append(f"{film['arrived']} files are at the centre, the record names {film['named']}")
    return faults
