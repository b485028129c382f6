"""From the text of a variable to the value of a setting. All raise ValueError that says what the text must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from urllib.parse import urlsplit


def address(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if urlsplit(text).scheme not in schemes or not urlsplit(text).netloc:
            raise ValueError(f"must be an address that begins with one of {', '.join(f'{s}://' for s in schemes)}")
        return text

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def seconds(text: str) -> float:
    return float(whole(1, 3600)(text))


def memory(text: str) -> str:
    if not (text[:-1].isdecimal() and text[-1].lower() in "kmg"):
        raise ValueError(f"must be a size such as 512m or 2g, not {text!r}")
    return text.lower()


def currency(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isupper()):
        raise ValueError(f"must be an ISO 4217 code such as USD, not {text!r}")
    return text


def rates(text: str) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for pair in text.split(","):
        code, _, number = pair.partition("=")
        try:
            rate = Decimal(number.strip())
        except InvalidOperation:
            rate = Decimal(0)
        if not rate.is_finite() or rate <= 0:
            raise ValueError(f"must be pairs such as EUR=1.08,JPY=0.0067, not {pair!r}")
        found[currency(code.strip())] = rate
    return MappingProxyType(found)


def amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= 1_000_000_000:
        raise ValueError(f"must be an amount such as 20 or 19.90, not {text!r}")
    return found


def with_code(text: str) -> str:
    if urlsplit(text).scheme not in ("http", "https") or text.count("{code}") != 1 or "{" in text.replace("{code}", ""):
        raise ValueError("must be an address with {code} in it, such as https://shop.example/r/{code}")
    return text


def names(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not all(found):
        raise ValueError(f"must be names with commas between them, not {text!r}")
    return found


def some_of(*words: str) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
        for each in found:
            if each not in words:
                raise ValueError(f"must be some of {', '.join(words)}, with commas between them, not {each!r}")
        return found

    return read


def origins(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    for each in found:
        parts = urlsplit(each)
        if parts.scheme not in ("http", "https") or not parts.netloc or each != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"must be origins such as https://shop.example, with commas between them, not {each!r}")
    return found


def key_set(text: str) -> str:
    """An address that nobody on the way can change the answer of, or a file."""
    if "://" not in text:
        return text
    address = urlsplit(text)
    if address.scheme == "https" or (address.scheme == "http" and address.hostname in ("localhost", "127.0.0.1", "::1")):
        return text
    raise ValueError("must be an https:// address, or a file")


def secret(text: str) -> bytes:
    if len(text) < 16:
        raise ValueError("must have 16 characters or more")
    return text.encode()


def one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}, not {text!r}")
        return text.lower()

    return read


def switch(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError(f"must be true or false, not {text!r}")
    return text.lower() in {"true", "1"}


port = whole(1, 65535)
