"""What identifiers look like whose type says so: whoever writes "none" for an address would be one with all others who do."""

from __future__ import annotations

import re

# Something, an @, and something, without spaces: more about addresses only mail servers know.
_FORMS = {"email": re.compile(r"^[^@\s]+@[^@\s]+$"), "phone": re.compile(r"\d")}

EXAMPLES = {"email": "is no e-mail address, such as mio@example.com", "phone": "is no phone number, such as +81312345678"}


def is_one(type: str, value: str) -> bool:
    """Whether an identifier of this type can look like that, as far as we know the type."""
    form = _FORMS.get(type)
    return form is None or form.search(value) is not None
