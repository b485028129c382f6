"""Finding customers by what they are called: one form for what is kept and what is asked, and the query in Lucene's syntax.

Neo4j's analyzer `standard-no-stop-words` parts Han characters and hiragana one by one, as Japanese writes no spaces. Katakana
it leaves in one piece, so it is written as hiragana here: any part of a Japanese name is then found as a phrase of characters,
whichever of the two it was typed in. Accents come off here too: the analyzer that takes them off leaves them on beginnings of
words, and drops words such as will and an, which are names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_WORDS = 10
LONGEST_WORD = 100  # characters

# Small letters a to ke and the voiced wu have both forms, 0x60 apart; the marks of length and middle dots have one.
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
# What Latin letters with strokes, and ligatures, are without them; accents come off by decomposition.
_LATIN = str.maketrans("øłđðıħŋŧ", "olddihnt") | str.maketrans({"þ": "th", "æ": "ae", "œ": "oe"})
_MARKS = re.compile(r"[\u0300-\u036f]")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# A word's end as the analyzer sees it: a run without the characters that part words, not of those that stand alone.
_TAIL = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+(?:[.'][^\W\u3040-\U0003ffff]+)*$")
_PHONE = re.compile(r"[+(]?[0-9][0-9 ()./-]{4,30}")
_COUNTRY_CODES = range(1, 4)  # digits that a country code can have


def folded(text: str) -> str:
    """`text` in small letters of one width, Latin ones without accents, hiragana for katakana, without what can't be sent."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(_plain(each) for each in text).translate(_LATIN).translate(_HIRAGANA)
        text = _MARKS.sub("", text).replace("’", "'")
    return _UNSENDABLE.sub(" ", text.lower())


def _plain(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() and base.isalpha() else letter


def searchable(texts: Iterable[str]) -> str:
    """What a customer is found by, as it is kept: each text folded, phone numbers also without country code."""
    words: dict[str, None] = {}
    for text in texts:
        words[folded(text)] = None
        if _PHONE.fullmatch(text):
            digits = _digits(text)
            words.update(dict.fromkeys(digits[start:] for start in (0, *_COUNTRY_CODES)))
    return " ".join(words)


def text_query(text: str) -> str | None:
    """A query that wants every word of `text`, the last one as a beginning; None where there is no word.

    What the user typed stands in quotes or is made of letters, digits and inner dots alone: nothing of it is syntax.
    """
    if _PHONE.fullmatch(text.strip()):
        # In its own country a number is written with a leading 0 that the international form doesn't have.
        return f"+{_digits(text).lstrip('0') or '0'}*"
    words = [word[:LONGEST_WORD] for word in folded(text).split() if any(each.isalnum() for each in word)][:MOST_WORDS]
    if not words:
        return None
    return " ".join([*(f"+{_quoted(word)}" for word in words[:-1]), f"+({_quoted(words[-1])}{_beginning(words[-1])})"])


def _beginning(word: str) -> str:
    tail = _TAIL.search(word)
    if tail is None:
        return ""
    head = word[: tail.start()]
    begins = f"{tail[0]}*"
    if not any(each.isalnum() for each in head):
        return f" {begins}"
    return f" (+{_quoted(head)} +{begins})"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdecimal())
