"""Cursors: where a row stands in its list, sealed so that only this service can have made them.

A cursor is base64url(tag ‖ key ⊕ keystream(tag)), tag = the first 128 bits of HMAC-SHA256(secret, list ‖ 0 ‖ key): the
synthetic initialization vector construction (Rogaway & Shrimpton, 2006). The tag covers the list's name, so that a cursor
of another list is refused; the key is hidden because it may hold a name or an identifier, and cursors end up in logs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from resolvers.errors import InvalidCursor

_TAG_BYTES = 16
_LONGEST = 4096


class Cursors:
    """Seals and opens cursors with one secret; every copy of the service needs the same."""

    def __init__(self, secret: bytes) -> None:
        # Two uses, two keys.
        self._sign = hmac.new(secret, b"cursor tag", hashlib.sha256).digest()
        self._hide = hmac.new(secret, b"cursor key", hashlib.sha256).digest()

    def seal(self, name: str, key: str) -> str:
        """The cursor of the row with `key` in the list `name`."""
        text = key.encode()
        tag = self._tag(name, text)
        return base64.urlsafe_b64encode(tag + self._mix(tag, text)).rstrip(b"=").decode()

    def open(self, name: str, cursor: str, *, argument: str) -> str:
        """The key that was sealed; raises InvalidCursor naming `argument` for anything but a cursor of the list `name`."""
        if len(cursor) > _LONGEST or not cursor.isascii():
            raise InvalidCursor(argument)
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise InvalidCursor(argument) from None
        tag, hidden = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        text = self._mix(tag, hidden)
        if not hmac.compare_digest(tag, self._tag(name, text)):
            raise InvalidCursor(argument)
        return text.decode()

    def _tag(self, name: str, text: bytes) -> bytes:
        return hmac.digest(self._sign, name.encode() + b"\0" + text, "sha256")[:_TAG_BYTES]

    def _mix(self, tag: bytes, text: bytes) -> bytes:
        stream = hashlib.shake_256(self._hide + tag).digest(len(text))
        # All bytes at once, as one number.
        return (int.from_bytes(text) ^ int.from_bytes(stream)).to_bytes(len(text))
