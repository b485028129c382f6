"""Bodies of requests: as they are, or by gzip, and never more of them than there may be."""

from __future__ import annotations

import zlib

from starlette.requests import Request

from app.segment.errors import Refused

LONGEST_BODY = 500_000
"""Bytes of a request, unpacked."""

LONGEST_READ = 32_000_000
"""Bytes of a request that is too long, which are read all the same: who is still sending hears no answer."""

MOST_MEMBERS = 1_000
"""Members of a gzip."""


async def body_of(request: Request) -> bytes:
    """The whole body, unpacked; raises Refused."""
    packed = request.headers.get("content-encoding", "identity").lower()
    if packed not in ("identity", "gzip", ""):
        raise Refused(415, "INVALID", "Send the body as it is, or by gzip.")
    body = _Unpacked() if packed == "gzip" else _Plain()
    read = 0
    refused: Refused | None = None
    async for chunk in request.stream():
        read += len(chunk)
        if read > LONGEST_READ:
            break
        if refused is None:
            try:
                body.add(chunk)
            except Refused as error:
                refused = error
    if refused is not None:
        raise refused
    if read > LONGEST_READ:
        raise Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.", headers={"connection": "close"})
    return body.whole()


class _Plain:
    """A body as it comes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, chunk: bytes) -> None:
        self._bytes += chunk
        if len(self._bytes) > LONGEST_BODY:
            raise Refused(413, "TOO_LARGE", f"Send at most {LONGEST_BODY:,} bytes at once.")

    def whole(self) -> bytes:
        return bytes(self._bytes)


class _Unpacked(_Plain):
    """A body by gzip, of one member or of several (RFC 1952)."""

    def __init__(self) -> None:
        super().__init__()
        self._member = zlib.decompressobj(wbits=31)
        self._members = 1

    def add(self, chunk: bytes) -> None:
        while chunk:
            if self._member.eof:
                self._next()
            try:
                found = self._member.decompress(chunk, LONGEST_BODY + 1 - len(self._bytes))
            except zlib.error:
                reason = (
                    "is no gzip, though its content-encoding says so"
                    if self._members == 1
                    else "goes on after the end of its gzip"
                )
                raise Refused(400, "INVALID", f"The body {reason}.") from None
            super().add(found)
            chunk = self._member.unused_data

    def _next(self) -> None:
        if self._members == MOST_MEMBERS:
            raise Refused(400, "INVALID", f"The gzip of the body has more than {MOST_MEMBERS:,} members.")
        self._member = zlib.decompressobj(wbits=31)
        self._members += 1

    def whole(self) -> bytes:
        if not self._member.eof:
            raise Refused(400, "INVALID", "The gzip of the body breaks off.")
        return super().whole()
