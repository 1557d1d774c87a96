"""Both languages say the same things, and nobody else says anything."""

import re
import string
import tomllib
from pathlib import Path

import pytest

import kiosk_ui
from kiosk_ui.texts import LANGUAGES, texts_of

ROOT = Path(kiosk_ui.__file__).parent
CYRILLIC = re.compile("[а-яёА-ЯЁ]")
FORBIDDEN = ("ошибка 0x", "невалид", "юзер", "админк", "таймаут")


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys() -> None:
    assert texts_of("ru").keys() == texts_of("en").keys()


def test_both_languages_fill_in_the_same_names() -> None:
    russian, english = texts_of("ru"), texts_of("en")
    for key in sorted(russian.keys()):
        try:
            pairs = [(russian(key), english(key))]
        except KeyError:
            pairs = list(zip(russian.lines(key), english.lines(key), strict=True))
        for one, other in pairs:
            assert names_in(one) == names_in(other), key
            assert one.strip(), key
            assert other.strip(), key


def test_english_has_no_russian_but_the_name_of_the_language() -> None:
    content = tomllib.loads((ROOT / "texts" / "en.toml").read_text("utf-8"))
    content["common"].pop("language")
    assert not CYRILLIC.search(str(content))


@pytest.mark.parametrize("word", FORBIDDEN)
def test_words_of_programmers_are_not_shown(word: str) -> None:
    assert word not in (ROOT / "texts" / "ru.toml").read_text("utf-8").lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_has_to_hear_anything(language: str) -> None:
    """Tones go with the screens; whoever does not hear them misses nothing."""
    said = (ROOT / "texts" / f"{language}.toml").read_text("utf-8").lower()
    assert not re.findall(r"сигнал|услыш|слушайте|звук|гудок|\bhear\b|\blisten\b|signal|beep|sound", said)


def test_no_russian_text_stands_in_the_code() -> None:
    for path in ROOT.rglob("*.py"):
        # docstrings may quote what a screen says; strings that are shown may not be here
        code = re.sub(r'""".*?"""', "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not CYRILLIC.search(code), path


def test_no_text_stands_in_qml() -> None:
    shown = re.compile(r'\b(?:text|title|placeholder)\s*:\s*"([^"]*)"')
    for path in ROOT.rglob("*.qml"):
        content = re.sub(r"//.*", "", path.read_text("utf-8"))
        assert not CYRILLIC.search(content), path
        for literal in shown.findall(content):
            assert literal in ("", "0", "•"), f"{path.name}: {literal}"


def test_an_unknown_key_or_language_is_named() -> None:
    with pytest.raises(KeyError, match="no_such"):
        texts_of("ru")("no_such.key")
    with pytest.raises(ValueError, match="'de'"):
        texts_of("de")
    with pytest.raises(KeyError, match="list"):
        texts_of("ru")("consent.lines")
    with pytest.raises(KeyError, match="not a list"):
        texts_of("ru").lines("consent.title")
    with pytest.raises(KeyError, match="none of"):
        texts_of("ru").either("no", "nor")


def test_every_language_has_its_name() -> None:
    assert [texts_of(language).language for language in LANGUAGES] == ["ru", "en"]
