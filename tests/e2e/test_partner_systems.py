"""The shipped centre with systems of partners: results go out, staff of 1C comes in, and one that hangs delays neither."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import tomli_w
from sqlalchemy import select, update

from central.store.engine import reading, writing
from central.store.registry import employer, worker
from dopusk.lab.demo.sample_people import ORG
from tests.console_centre import Browser, build_console_centre
from tests.one_c_infobase import LOGIN, PASSWORD, OneCServer
from tests.partner_centre import EMPLOYER_INN
from tests.partner_server import PartnerServer
from tests.waiting import until


def test_results_go_out_and_staff_comes_in_while_another_partner_hangs(tmp_path: Path) -> None:
    centre = build_console_centre(tmp_path)
    centre.add_medic("zoya", "Луговая Зоя Марковна")
    with writing(centre.engine) as connection:
        own = employer.c.employer_id == centre.people.employers[0]
        connection.execute(update(employer).where(own).values(inn=EMPLOYER_INN))
    (tmp_path / "1c-password").write_text(PASSWORD)
    with contextlib.ExitStack() as stack:
        stack.callback(centre.engine.dispose)
        mis, sick = stack.enter_context(PartnerServer()), stack.enter_context(PartnerServer())
        sick.usual = "hang"
        one_c = stack.enter_context(OneCServer(6))
        results = {"org": ORG, "kind": "rest", "all_employers": True, "sends": "result-json"}
        results |= {"since": centre.now().date()}
        staff = {"org": ORG, "kind": "1c", "url": one_c.url, "login": LOGIN, "employers": [EMPLOYER_INN]}
        systems = [
            results | {"name": "sick", "title": "Больной", "url": sick.url},
            results | {"name": "mis", "title": "МИС", "url": mis.url},
            staff | {"name": "zup", "title": "1С", "secret_file": str(tmp_path / "1c-password"), "staff": "apply"},
        ]
        with (tmp_path / "central.toml").open("a", encoding="utf-8") as file:
            file.write("\n" + tomli_w.dumps({"partners": {"poll_s": 0.2, "systems": systems}}))
        command = [sys.executable, "-m", "dopusk", "central", "serve", "-c", str(tmp_path / "central.toml")]
        serve = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(serve.communicate)
        stack.callback(serve.kill)
        assert serve.stdout is not None
        address = serve.stdout.readline().strip().split(": ", 1)[1]
        zoya = stack.enter_context(contextlib.closing(Browser(address))).log_in("zoya")
        exam_id = centre.exam("1002")
        assert zoya.decide(exam_id, outcome="admitted").status_code == 303
        assert until(lambda: any(exam_id in body.decode() for _, body in mis.taken))
        said = json.loads(mis.taken[-1][1])
        assert (said["outcome"], said["worker"]["employer_inn"]) == ("admitted", EMPLOYER_INN)
        assert until(lambda: bool(sick.asked))
        assert sick.taken == []

        def came() -> int:
            with reading(centre.engine) as connection:
                query = select(worker.c.worker_id).where(worker.c.external_id.like("00000001-1c1c-%"))
                return len(connection.execute(query).all())

        assert until(lambda: came() == 6)
