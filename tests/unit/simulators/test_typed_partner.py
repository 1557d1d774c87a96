"""What is typed to a simulated partner: a mistyped line says what there is, and the next one counts."""

import io

import pytest

from dopusk.lab.commands.partner import _made


@pytest.mark.parametrize(
    ("typed", "said"),
    [("crad 1 2", "card, trouble"), ("card 1", "card"), ("card x y", "not done"), ('card "1', "card, trouble")],
)
def test_a_mistyped_line_is_told_in_words(
    typed: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = _made("sigur", 0, "dopusk", "geheim", "", "", None)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n\ntrouble echo\n"))
    with made.running as server:
        made.listen()
        assert list(server.troubles) == ["echo"], "the next line counts"  # type: ignore[attr-defined]
    told = capsys.readouterr().out
    assert said in told
    assert "argument" not in told
