"""How things look on a page."""

from datetime import timedelta

import pytest

from central.words.wording import how_long


@pytest.mark.parametrize(
    ("span", "russian", "english"),
    [
        (timedelta(seconds=59), "0 мин", "0 min"),
        (timedelta(minutes=119, seconds=59), "119 мин", "119 min"),
        (timedelta(hours=2), "2 ч", "2 h"),
        (timedelta(hours=47, minutes=59), "47 ч", "47 h"),
        (timedelta(days=2), "2 дн.", "2 d"),
        (timedelta(days=45, hours=13), "45 дн.", "45 d"),
    ],
)
def test_a_span_is_told_in_whole_units_of_its_size(span: timedelta, russian: str, english: str) -> None:
    assert (how_long(span, "ru"), how_long(span, "en")) == (russian, english)
