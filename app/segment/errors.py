"""Requests that are refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping


class Refused(Exception):
    """A request that is refused as a whole: with what status, and what its body says."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"success": False, "code": code, "message": message}
        self.headers = dict(headers or {})
