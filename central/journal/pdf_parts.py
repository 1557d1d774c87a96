"""A long print as a ZIP of parts: a PDF is held in memory until it is complete, so its length must be limited."""

import zipfile
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from central.journal.pdf_file import write_pdf
from central.journal.print_layout import PART_ROWS, Legend, PrintRow
from central.words.texts import text


def write_pdf_parts(
    path: Path,
    stem: str,
    title: Sequence[str],
    headings: Sequence[str],
    shares: Sequence[float],
    rows: Iterator[PrintRow | Sequence[str]],
    part_rows: int = PART_ROWS,
    band: str = "",
    *,
    language: str = "ru",
    legend: Legend | None = None,
) -> int:
    """Write the archive of `<stem>-001.pdf` and so on, each with `title` and its number; returns the number of parts."""
    part = path.with_name(f"{path.name}.part")
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        while (row := next(rows, None)) is not None:
            number += 1
            own = chain([row], islice(rows, part_rows - 1))
            first = (number - 1) * part_rows + 1
            named = [*title, text(language, "journal.part", number=number)]
            write_pdf(part, named, headings, shares, own, first, band, language=language, legend=legend)
            archive.write(part, f"{stem}-{number:03d}.pdf")
            part.unlink()
    return number
