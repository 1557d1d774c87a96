"""The manuals on A4 paper: the worker's poster is one page, every other one to five."""

import re
from typing import Any

import pytest

from central.words.manual_pages import MANUALS
from tests.ui.console.conftest import Desk

_PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.mark.parametrize("name", MANUALS)
def test_a_manual_fits_its_pages(zoya: Desk, name: str) -> None:
    page: Any = zoya.page
    page.goto(f"{zoya.address}/help/{name}")
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    printed = page.pdf(prefer_css_page_size=True)
    pages = len(_PAGE.findall(printed))
    assert 1 <= pages <= (1 if name == "worker" else 5)
    page.emulate_media(media="print")
    assert not page.locator("header .top").is_visible()
    assert page.locator("article.manual h1").is_visible()
    keys = page.locator("article.manual kbd")
    assert all(keys.nth(number).is_visible() for number in range(keys.count()))
    assert (keys.count() > 0) == (name == "medic")
