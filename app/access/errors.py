"""Why somebody doesn't come in."""

from __future__ import annotations


class Unauthenticated(Exception):
    """No credentials, or none that are good. The message says what to send, and nothing of what was wrong with a secret."""

    @classmethod
    def missing(cls) -> Unauthenticated:
        return cls("Send an API key or a token: authorization: Bearer …")

    @classmethod
    def unknown(cls) -> Unauthenticated:
        return cls("The key or token is not known here, or has ended; ask for another one.")

    @classmethod
    def malformed(cls) -> Unauthenticated:
        return cls("Send authorization: Bearer, a space, and one API key or token.")
