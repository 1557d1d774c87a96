"""The scripted medic: the same pages and forms that the browser uses, over HTTP."""

import re
import time
from collections.abc import Callable, Sequence

import httpx

_CSRF = re.compile(r'name="csrf"\s+value="([^"]+)"')

_TITLE = re.compile(r'name="(title_[a-z0-9_]+)" value="([^"]*)"')


class MedicTrouble(Exception):
    """The console did not answer as a medic would expect."""


class ScriptedMedic:
    """One medic's browser session."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=60.0)

    def log_in(self, username: str, password: str, passphrase: str) -> None:
        """Log in and open the signing key for this session."""
        self._filled_in("/login", "/login", {"username": username, "password": password})()
        self._filled_in("/signature", "/signature", {"passphrase": passphrase})()

    def wait_for(self, exam_id: str, revision: int, timeout_s: float = 60.0) -> float:
        """Wait until the exam stands in the queue; returns for how long it has been waiting there, in seconds."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = self._http.get("/queue.json")
            answer.raise_for_status()
            for row in answer.json()["waiting"]:
                if row["exam_id"] == exam_id and row["revision"] >= revision:
                    return float(row["waiting_s"])
            time.sleep(0.05)
        raise MedicTrouble(f"exam {exam_id} did not reach the medic's queue within {timeout_s:.0f} s")

    def wait_for_words(self, words: str, timeout_s: float = 60.0) -> None:
        """Wait until the queue says that. Raises `MedicTrouble`."""
        deadline = time.monotonic() + timeout_s
        while words not in self._http.get("/queue/rows").raise_for_status().text:
            if time.monotonic() > deadline:
                raise MedicTrouble(f"the queue did not say {words!r} within {timeout_s:.0f} s")
            time.sleep(0.05)

    def decide(
        self, exam_id: str, outcome: str, reasons: Sequence[str] = (), comment: str = "", released: str = ""
    ) -> None:
        """Open the exam, fill in the form, sign."""
        self.fill_in(exam_id, outcome, reasons, comment, released)()

    def fill_in(
        self, exam_id: str, outcome: str, reasons: Sequence[str] = (), comment: str = "", released: str = ""
    ) -> Callable[[], None]:
        """Open the exam and fill in the form; what is returned presses the button."""
        page = f"/exams/{exam_id}"
        return self._filled_in(
            page,
            f"{page}/decision",
            {
                "outcome": outcome,
                "reasons": list(reasons),
                "comment": comment,
                "released_text": released,
                "visual_skin": "normal",
                "visual_mucous": "normal",
                "visual_behaviour": "normal",
            },
        )

    def close(self) -> None:
        self._http.close()

    def _filled_in(self, form_page: str, action: str, fields: dict[str, str | list[str]]) -> Callable[[], None]:
        """Load the page that holds the form and take its token; the call sends the form. Anything but a redirect is trouble."""
        shown = self._http.get(form_page)
        shown.raise_for_status()
        token = _CSRF.search(shown.text)
        if token is None:
            raise MedicTrouble(f"{form_page} holds no form")
        # The title of a waybill that stands on the page goes with the decision, as the form carries it.
        filled = {**dict(_TITLE.findall(shown.text)), **fields, "csrf": token.group(1)}

        def send() -> None:
            answer = self._http.post(action, data=filled)
            if answer.status_code != 303:
                raise MedicTrouble(f"{action} answered {answer.status_code}: {_notice(answer.text)}")

        return send


def _notice(page: str) -> str:
    """The words of an error page without its markup, shortened."""
    words = " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style|head).*?</\1>", " ", page)).split())
    return words[:300]
