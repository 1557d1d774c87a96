"""Words that nobody says any more are taken out."""

import re
from pathlib import Path

import kiosk_ui
from kiosk_ui.texts import texts_of

ROOT = Path(kiosk_ui.__file__).parent
CODED = (
    "exam_type.",
    "step.",
    "device.",
    "device_state.",
    "start_refusal.",
    "notice.",
    "identify.",
    "not_today.",
    "face.",
)
CODED += ("complaint.", "temperature.", "pressure.", "breath.", "result.", "rest.", "try_again.", "decision.", "help.")
CODED += (
    "typed.",
    "ordered.title_",
    "value.breath_",
    "service.fact_",
    "service.generation_",
    "service.camera_",
    "link_code.",
    "device_reason.",
    "gate.",
)
"""Keys that are put together from a code of the snapshot, or taken by a whole section."""


def test_every_text_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in ROOT.rglob("*.py"))
    quoted = set(re.findall(r'["\']([a-z_]+\.[a-zA-Z0-9_.]+)["\']', code))
    unused = {
        key
        for key in texts_of("ru").keys() - quoted
        if not key.startswith(CODED) and f'"{key.split(".")[-1]}"' not in code
    }
    assert unused == set()
