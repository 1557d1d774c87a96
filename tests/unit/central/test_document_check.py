"""Documents by their bytes: whole PDF, JPEG and PNG that can be read on paper, and nothing that runs."""

import io
import zlib

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from central.grounds.document_check import MAX_BYTES, DocumentRefused, check_document


def a_pdf(**options: int) -> bytes:
    """One page, as a program writes it."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=options.get("compressed", 1))
    canvas.drawString(100, 700, "Medical book 86-01-027970-25")
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def a_picture(kind: str = "JPEG", size: tuple[int, int] = (1240, 1754), dpi: int | None = 300) -> bytes:
    stream = io.BytesIO()
    named = {"dpi": (dpi, dpi)} if dpi else {}
    Image.effect_noise(size, 80).convert("RGB").resize(size).save(stream, kind, **named)
    return stream.getvalue()


def refused(content: bytes) -> tuple[str, str]:
    with pytest.raises(DocumentRefused) as error:
        check_document(content)
    return error.value.field, error.value.code


def test_what_people_scan_is_taken() -> None:
    assert check_document(a_pdf()).content_type == "application/pdf"
    scanned = check_document(a_picture())
    assert (scanned.content_type, scanned.dpi) == ("image/jpeg", 300)
    assert check_document(a_picture("PNG", (600, 800))).content_type == "image/png"
    assert check_document(a_picture(size=(2480, 1754), dpi=None)).dpi is None


def test_a_pdf_of_six_megabytes_a_renamed_docx_a_coarse_scan_and_a_torn_picture_are_refused_with_field_and_reason() -> (
    None
):
    assert refused(a_pdf() + b"\n" * MAX_BYTES) == ("file", "too_heavy")
    assert refused(b"PK\x03\x04[Content_Types].xml") == ("type", "not_a_document")
    assert refused(a_picture(dpi=100)) == ("dpi", "too_coarse")
    assert refused(a_picture(size=(900, 1200), dpi=None)) == ("dpi", "too_small")
    assert refused(a_picture()[:-2000]) == ("file", "torn")
    assert refused(a_picture("PNG", (500, 700))[:-2000]) == ("file", "torn")
    assert refused(b"") == ("file", "empty")


@pytest.mark.parametrize("cut", [10, 200, 400])
def test_a_torn_pdf_is_refused(cut: int) -> None:
    assert refused(a_pdf()[:-cut]) == ("file", "torn")


def test_a_pdf_whose_table_leads_nowhere_is_torn() -> None:
    whole = a_pdf()
    head, _, _ = whole.rpartition(b"startxref")
    assert refused(head + b"startxref\n7\n%%EOF\n") == ("file", "torn")
    assert refused(head + b"startxref\n9999999999\n%%EOF\n") == ("file", "torn")


@pytest.mark.parametrize(
    "name", [b"/JavaScript", b"/JS", b"/J#53", b"/Launch", b"/EmbeddedFiles", b"/RichMedia", b"/XFA"]
)
def test_what_runs_or_hides_in_a_pdf_is_refused(name: bytes) -> None:
    whole = a_pdf()
    hostile = whole.replace(b"/Pages", name + b" /Pages", 1)
    # The table of references is written anew by nobody: its own offset is moved along.
    head, _, tail = hostile.rpartition(b"startxref")
    at = head.rindex(b"xref\n")
    hostile = head + b"startxref\n" + str(at).encode() + b"\n%%EOF\n"
    assert tail
    assert refused(hostile) == ("file", "active")


def test_what_runs_is_found_in_packed_objects_too() -> None:
    packed = zlib.compress(b"1 0 << /S /JavaScript /JS (app.alert(1)) >>")
    stream = b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(packed)
    whole = a_pdf()
    head, _, _ = whole.rpartition(b"xref\n0")
    content = head + stream + packed + b"\nendstream\nendobj\n"
    at = len(content)
    content += b"xref\n0 1\n0000000000 65535 f \ntrailer << /Root 1 0 R /Pages 2 0 R >>\nstartxref\n%d\n%%%%EOF\n" % at
    assert refused(content) == ("file", "active")


def test_a_pdf_that_is_encrypted_cannot_be_looked_into() -> None:
    whole = a_pdf()
    head, _, _ = whole.rpartition(b"startxref")
    at = head.rindex(b"xref\n")
    assert refused(head.replace(b"/Root", b"/Encrypt 9 0 R /Root") + b"startxref\n%d\n%%%%EOF\n" % at) == (
        "file",
        "encrypted",
    )


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_unopened() -> None:
    stream = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(stream, "PNG")
    assert refused(stream.getvalue()) == ("pages", "too_large")
