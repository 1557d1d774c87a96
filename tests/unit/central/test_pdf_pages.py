"""Pages of an uploaded PDF: each is read to its end in little memory and time, a scan has 300 dpi, and nothing runs."""

import io
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from central.grounds import pdf_pages
from central.grounds.document_check import DocumentRefused
from central.grounds.pdf_pages import PagesUnread, look_at_pages, read_pages
from tests.unit.central.test_document_check import a_pdf


def a_scan(dpi: int, *, share: float = 1.0, in_form: bool = False) -> bytes:
    """An A4 page of letters, and a second one with a picture of so many dpi on so much of its height."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    canvas.drawString(100, 700, "Medical book 86-01-027970-25")
    canvas.showPage()
    width, height = A4[0], A4[1] * share
    picture = Image.linear_gradient("L").resize((round(width / 72 * dpi), round(height / 72 * dpi)))
    if in_form:
        canvas.beginForm("page")
        canvas.drawImage(ImageReader(picture), 0, 0, width, height)
        canvas.endForm()
        canvas.doForm("page")
    else:
        canvas.drawImage(ImageReader(picture), 0, 0, width, height)
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def written(change: Callable[[PdfWriter], object]) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(a_pdf())))
    change(writer)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def refused(content: bytes, look: Callable[[bytes], int | None] = read_pages) -> tuple[str, str, str]:
    with pytest.raises(DocumentRefused) as error:
        look(content)
    return error.value.field, error.value.code, error.value.detail


def raw_pdf(page: bytes, stream: bytes, *more: bytes) -> bytes:
    """A PDF of one page, by hand: what stands in the page, the dictionary and bytes of its stream, further objects."""
    parts = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"]
    parts += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R " + page + b" >>", stream, *more]
    made, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(parts) + 1, table)
    return made + head + b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(made))


def packed(content: bytes, more: bytes = b"") -> bytes:
    data = zlib.compress(content, 9)
    return b"<< /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream" % (len(data), more, data)


def test_a_scan_of_300_dpi_is_taken_and_a_coarser_one_is_told_with_page_and_resolution() -> None:
    assert read_pages(a_pdf()) is None, "letters have no resolution"
    assert read_pages(a_scan(300)) == 300
    assert refused(a_scan(150)) == ("dpi", "page_too_coarse", "2: 150")
    assert refused(a_scan(96, in_form=True)) == ("dpi", "page_too_coarse", "2: 96")
    assert read_pages(a_scan(96, share=0.2)) is None, "a stamp or a logo among letters is no scan"


def test_what_runs_or_is_attached_is_refused() -> None:
    attached = written(lambda writer: writer.add_attachment("a.exe", b"MZ"))
    assert refused(attached)[:2] == ("file", "active")
    runs = raw_pdf(b"/AA << /O 5 0 R >>", packed(b""), b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>")
    assert refused(runs)[:2] == ("file", "active")


def test_an_action_that_starts_a_program_is_refused() -> None:
    opened = raw_pdf(b"/AA << /O << /S /L#61unch /F (cmd.exe) >> >>", packed(b""))
    assert refused(opened) == ("file", "active", "/Launch")


def test_an_encrypted_one_cannot_be_looked_into() -> None:
    locked = written(lambda writer: writer.encrypt("", "owner", algorithm="RC4-128"))
    assert refused(locked) == ("file", "encrypted", "")


def test_a_picture_that_is_torn_inside_a_whole_file_is_found() -> None:
    stream = io.BytesIO()
    Image.effect_noise((400, 400), 80).save(stream, "JPEG")
    whole = stream.getvalue()
    for data, cut in ((whole, False), (whole[: len(whole) // 2], True)):
        picture = b"<< /Subtype /Image /Width 400 /Height 400 /Filter /DCTDecode /Length %d >>\nstream\n" % len(data)
        content = raw_pdf(
            b"/Resources << /XObject << /I 5 0 R >> >>",
            packed(b"q 96 0 0 96 0 0 cm /I Do Q"),
            picture + data + b"\nendstream",
        )
        if cut:
            assert refused(content) == ("file", "torn", "")
        else:
            assert read_pages(content) is None


def test_nothing_of_a_bomb_is_unpacked_beyond_its_bounds() -> None:
    """In the process that ships, which ends with the file and takes nothing with it."""
    nested = b"[" * 40_000 + b"]" * 40_000
    for content in (
        raw_pdf(b"", packed(b" " * 300_000_000)),
        raw_pdf(b"", packed(b"q Q " * 300_000)),
        raw_pdf(b"/Extra " + nested, packed(b"")),
        raw_pdf(
            b"/Resources 5 0 R", packed(b"/F Do"), b"<< /XObject << /F 6 0 R >> >>", packed(b"/F Do", b"/Subtype /Form")
        ),
    ):
        field, code, _ = refused(content, look_at_pages)
        assert (field, code) in {("pages", "too_large"), ("pages", "too_hard"), ("file", "torn")}
    assert look_at_pages(a_scan(300)) == 300
    assert refused(a_scan(72), look_at_pages) == ("dpi", "page_too_coarse", "2: 72")


def test_where_nobody_can_read_it_the_file_is_not_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages.sys, "executable", "/nowhere/python")
    with pytest.raises(PagesUnread, match="no process"):
        look_at_pages(a_pdf())
