"""Every page for every role, found by walking the routes: no barrier that axe knows, complete on the screen, sorted, by keyboard.

A new page is covered by itself; a path with a parameter that nobody has told of fails `test_every_route_is_walked`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from central.core.rights import Role
from tests.ui.console.stage import WHO, Seen, Stage, paths_of

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SCREEN = {"width": 1600, "height": 900}
NARROW = {"width": 820, "height": 1180}
PHONE = {"width": 390, "height": 844}
ON_PHONES = frozenset({Role.EMPLOYER, Role.EMPLOYER_HR, Role.WORKER})
"""Who has the pages in a pocket."""
ZOOMED = {"width": 800, "height": 450}
"""What is left of the screen at 200 %."""

_RUN_AXE = """async only => {
  const options = {resultTypes: ["violations"]};
  if (only) options.runOnly = {type: "rule", values: only};
  const found = await axe.run(document, options);
  const where = one => one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(" | ");
  return found.violations.map(one => `${one.id} ×${one.nodes.length}: ${where(one)}`);
}"""
_OVER = """() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return "";
  const far = [...document.querySelectorAll("main *, header *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  return `${wide} px: ${far.slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" | ")}`;
}"""
_HEAD = """() => {
  const parts = [...document.querySelectorAll(".top > :is(.brand, nav, .who)")].map(e => e.getBoundingClientRect());
  const lowest = Math.max(0, ...parts.map(box => box.top)), highest = Math.min(...parts.map(box => box.bottom));
  return lowest >= highest ? "in two lines" : "";
}"""
"""On the usual screen nothing of the head stands below another part of it."""
_SIDEWAYS = """() => [...document.querySelectorAll("main, main *")]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.checkVisibility())
  .filter(e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
  .map(e => `${e.scrollWidth - e.clientWidth} px in ${e.outerHTML.slice(0, 120)}`)"""
FIXED = {
    "rights": "the order of the rights is that of the roles' work",
    "employments": "a handful of one person's, the newest first",
    "exams": "the newest of one person",
    "foreign": "the newest of one person",
    "imports": "files that were taken, the newest first: the last one is the one that is taken back",
    "consents": "a handful of one person's, the newest first",
    "limits": "a handful of one person's, the newest first",
    "grounds": "a handful of one person's, the newest first",
    "departments": "by their names, with how many there are",
    "outcomes": "the newest first",
    "shifts": "by the beginning of the shift",
    "posts": "by department and position",
    "history": "the newest first",
    "held": "by the names",
    "asked": "the newest first, or the oldest that waits",
    "difference": "the order of the book, as it will be published",
    "exam": "facts of one exam beside a decision that is being typed",
    "due": "the oldest first",
    "terms": "the order of the book",
    "inspections": "the newest first",
    "appeals": "the newest first: what is asked now is answered first",
    "roster": "medics by name beside the days",
    "handovers": "the newest first",
    "load": "the newest day first, medics by name",
    "contracts": "the one that began last first",
    "prices": "the newest first",
    "statement": "by day, as on the paper",
    "statements": "the newest first",
    "services": "as on the act",
    "changed": "by day",
    "act": "the order of the act that is signed",
    "file": "the order of the file that was sent",
    "points": "the order in which a check is read",
    "plan": "by the day on which the next one is due",
    "checks": "the newest first",
    "copies": "by their numbers, a handful",
    "moves": "the newest first",
    "stock": "the newest first; copies as they lie in a folder",
    "waybills": "the newest first",
    "gates": "the order of the configuration",
    "passages": "the newest first",
    "partners": "the order of the configuration",
    "own": "the newest first",
    "stuck": "the one that waits longest first",
    "exchange": "the newest first",
    "maps": "the order of the book",
    "form": "the order of the columns in the file",
    "preview": "a handful of examples",
}
"""Tables that have one order, as they say themselves (`data-fixed`), and why."""
_UNSORTED = """fixed => [...document.querySelectorAll("table.list")]
  .filter(e => !fixed.includes(e.dataset.fixed)
    && !e.querySelector("th[aria-sort] :is(a[href], button)"))
  .map(e => e.innerText.slice(0, 80))"""
_WATCH = """() => {
  const every = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
  const mine = e => (n => document.querySelector(`${n}:checked`) || document.querySelector(n))(`[name="${e.name}"]`);
  const stops = [...document.querySelectorAll(every)]
    .filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
    .filter(e => !e.closest("fieldset:disabled, dialog") && (e.type !== "radio" || e === mine(e)));
  window.walk = {left: new Set(stops), unseen: []};
  document.addEventListener("focusin", ({target}) => {
    walk.left.delete(target);
    const style = getComputedStyle(target), box = target.getBoundingClientRect();
    const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    if (!ringed || box.width < 1 || box.right < 0) walk.unseen.push(target.outerHTML.slice(0, 90));
  });
  // The parts of a day and of a moment are stops of their own, and the first press may lead into the page.
  const parts = {"date": 3, "time": 3, "datetime-local": 6};
  return stops.reduce((sum, e) => sum + 1 + (parts[e.type] || 0), 3);
}"""


@pytest.fixture(autouse=True)
def no_leftover_threads() -> None:
    """The centre is served for all tests of this module, its threads come and go with its requests; `stage` ends them."""


@pytest.fixture(scope="module")
def shapes() -> dict[str, set[str]]:
    """What has been looked at, by path: a page on which another role sees nothing else is not looked at again."""
    return {}


@pytest.fixture(scope="module")
def walked() -> set[str]:
    """Pages that have been walked by keyboard."""
    return set()


@dataclass(frozen=True, slots=True)
class Walk:
    """A browser in which that role is logged in."""

    context: BrowserContext
    page: Page
    address: str
    shapes: Mapping[str, frozenset[str]]
    sizes: Mapping[str, dict[str, int]]
    """Besides the usual screen: what is looked at, and in what words."""


@pytest.fixture(params=WHO)
def walk(request: pytest.FixtureRequest, stage: Stage, seen: dict[str, Seen], chromium: Browser) -> Iterator[Walk]:
    mine = seen[request.param]
    context = chromium.new_context(viewport=SCREEN, locale="ru-RU", timezone_id="Asia/Irkutsk", reduced_motion="reduce")
    context.add_cookies([{"name": name, "value": value, "url": stage.address} for name, value in mine.cookies])
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    sizes = {"at 820 px": NARROW, "at 200 %": ZOOMED}
    if request.param in ON_PHONES:
        sizes["on a phone"] = PHONE
    yield Walk(context, page, stage.address, mine.shapes, sizes)
    context.close()
    assert faults == []


def _say(walk: Walk, language: str) -> None:
    walk.context.add_cookies([{"name": "dopusk_language", "value": language, "url": walk.address}])


@pytest.mark.timeout(900)
def test_no_page_has_a_barrier(walk: Walk, shapes: dict[str, set[str]], walked: set[str]) -> None:
    """axe in both themes; complete at 1600×900 without scrolling sideways, at 820 px, at 200 % and on a phone none runs off.

    A page is walked by keyboard for the role that is asked first: the others have fewer controls on it.
    """
    found: list[str] = []

    def look(what: str, seen: Any) -> None:
        found.extend(f"{path} {what}: {one}" for one in ([seen] if isinstance(seen, str) else seen) if one)

    for path, shape in walk.shapes.items():
        if shape <= shapes.setdefault(path, set()):
            continue
        shapes[path] |= shape
        walk.page.set_viewport_size(SCREEN)
        _say(walk, "ru")
        walk.page.goto(walk.address + path)
        look("runs off", walk.page.evaluate(_OVER))
        look("head", walk.page.evaluate(_HEAD))
        look("scrolls sideways", walk.page.evaluate(_SIDEWAYS))
        look("is not sorted", walk.page.evaluate(_UNSORTED, list(FIXED)))
        walk.page.evaluate(AXE)
        look("light", walk.page.evaluate(_RUN_AXE, None))
        walk.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        look("dark", walk.page.evaluate(_RUN_AXE, ["color-contrast"]))
        for name, size in walk.sizes.items():
            walk.page.set_viewport_size(size)  # type: ignore[arg-type]
            look(name, walk.page.evaluate(_OVER))
        # What is left of a sheet of Letter, the narrower one, with its margins; tables lie across.
        lies = walk.page.evaluate("!!document.querySelector('main table.list')")
        walk.page.emulate_media(media="print")
        walk.page.set_viewport_size({"width": 960 if lies else 725, "height": 900})
        look("on paper", walk.page.evaluate(_OVER))
        walk.page.emulate_media(media="screen")
        walk.page.set_viewport_size(SCREEN)
        _say(walk, "en")
        walk.page.goto(walk.address + path)
        look("in English runs off", walk.page.evaluate(_OVER))
        look("in English scrolls sideways", walk.page.evaluate(_SIDEWAYS))
        if path not in walked:
            walked.add(path)
            look("by keyboard", _by_keyboard(walk.page))
    assert not found, "\n" + "\n".join(found)


def _by_keyboard(page: Page) -> list[str]:
    """Tab after Tab through the page: each control comes, and is ringed when it does; nothing holds the focus."""
    for _press in range(page.evaluate(_WATCH)):
        page.keyboard.press("Tab")
    left, unseen = page.evaluate("[[...walk.left].map(e => e.outerHTML.slice(0, 110)), walk.unseen]")
    return [f"not reached: {one}" for one in left] + [f"without a ring: {one}" for one in unseen]


def test_every_route_is_walked(stage: Stage, seen: dict[str, Seen]) -> None:
    """Each page is seen by somebody: a path that answers nobody would never be looked at."""
    looked_at = {path for one in seen.values() for path in one.paths}
    assert [path for path in paths_of(stage) if path not in looked_at and path not in {"/", "/registers"}] == []
