"""Takes a Motion JPEG stream (`multipart/x-mixed-replace`) apart. Bytes in, JPEGs out, no I/O.

Cameras differ: with or without `Content-Length`, with the dashes in the boundary or before it, with bare line feeds. So
the length is believed when the part has one, and the boundary is looked for when it has none.
Source: RFC 2046 section 5.1 for the parts; the rest is what cameras do.
"""

LARGEST_PART_BYTES = 16 * 1024 * 1024


class StreamGarbled(ValueError):
    """This is no Motion JPEG, or one picture is larger than 16 MiB."""


def boundary_of(content_type: str) -> bytes:
    """The boundary named in a `Content-Type`, without leading dashes. Raises `StreamGarbled` when there is none."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "boundary":
            boundary = value.strip().strip('"').lstrip("-")
            if boundary:
                return boundary.encode("latin-1", "replace")
    raise StreamGarbled(f"no boundary in the content type {content_type[:100]!r}")


class MjpegParts:
    """Feed bytes as they come; every complete JPEG is given out once."""

    def __init__(self, boundary: bytes) -> None:
        self._marker = b"--" + boundary
        self._held = bytearray()

    def feed(self, received: bytes) -> list[bytes]:
        """Complete JPEGs, oldest first. Raises `StreamGarbled` when a part outgrows the limit."""
        self._held += received
        parts: list[bytes] = []
        while (part := self._next()) is not None:
            if part.startswith(b"\xff\xd8"):
                parts.append(part)
        if len(self._held) > LARGEST_PART_BYTES:
            raise StreamGarbled(f"no end of picture within {LARGEST_PART_BYTES} bytes")
        return parts

    def _next(self) -> bytes | None:
        start = self._held.find(self._marker)
        if start < 0:
            del self._held[: max(0, len(self._held) - len(self._marker))]
            return None
        if start:
            del self._held[:start]
        body = _end_of_head(self._held)
        if body is None:
            return None
        length = _length(bytes(self._held[len(self._marker) : body]))
        if length is not None:
            end = body + length
            if len(self._held) < end:
                return None
        else:
            end = self._held.find(self._marker, body)
            if end < 0:
                return None
        part = bytes(self._held[body:end])
        del self._held[:end]
        return part


def _end_of_head(held: bytearray) -> int | None:
    found = [at + len(gap) for gap in (b"\r\n\r\n", b"\n\n") if (at := held.find(gap)) >= 0]
    return min(found) if found else None


def _length(head: bytes) -> int | None:
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
            if length > LARGEST_PART_BYTES:
                raise StreamGarbled(f"a picture of {length} bytes is announced, the limit is {LARGEST_PART_BYTES}")
            return length
    return None
