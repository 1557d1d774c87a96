"""Explains in words why a row of an import of examinations was refused: the code, and its details. Pure.

Texts `exam_import.fault.<code>` and `exam_import.detail.<code>`, or `….<code>.<form>` where a code has several meanings. A fact
whose value is a word itself has it as `exam_import.fact.<name>.<value>`; a rule without a text is named as the contract names it.
"""

from collections.abc import Mapping

from central.core.text_cleaning import encodable
from central.words.texts import text, text_or


def fault_words(code: str, facts: Mapping[str, str], language: str) -> tuple[str, str]:
    """What is wrong, and where or why; the latter is empty where the code says all."""
    given = {name: encodable(value) for name, value in facts.items()}
    said = {name: text_or(language, f"exam_import.fact.{name}.{value}", value) for name, value in given.items()}
    if "rule" in facts and said["rule"] == given["rule"]:
        said["rule"] = text(language, "exam_import.other_rule", rule=facts["rule"])
    key = f"exam_import.detail.{code}" + (f".{facts['form']}" if "form" in facts else "")
    return text_or(language, f"exam_import.fault.{code}", code), text_or(language, key, "").format(**said)
