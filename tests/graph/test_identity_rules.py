"""The rules of identity: what the file says, and what is said of one that can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.identity.forms import dial_from, normalised
from graph.identity.rules import BadRules, IdentityRules, Limit, read_rules


def test_the_rules_that_come_along() -> None:
    rules = read_rules()
    assert rules.most == 200 and rules.strength("user_id") == 100 > rules.strength("crm") == 50 > rules.strength("anonymous_id")
    assert rules.blocks("email", "TEST@test.com") and rules.blocks("crm", "NULL") and not rules.blocks("phone", "test@test.com")


@pytest.mark.parametrize("region", [None, "JP", "DE", "IT"])
def test_what_names_nobody_is_blocked_in_the_form_in_which_it_is_kept(region: str | None) -> None:
    """Where numbers without a country belong to one, 0000 becomes a number of it."""
    dial_from(region)
    try:
        rules = read_rules()
        for value in ("0000", "00000000", "-1", "null", " NULL ", "\uff10\uff10\uff10\uff10"):
            assert rules.blocks(*normalised("phone", value)), value
        assert not rules.blocks(*normalised("phone", "+81 3-1234-5678"))
        shared = IdentityRules(blocked={"phone": ("+81 (0)3-0000-0000",), "email": ("Info@B\u00fccher.example",)})
        assert shared.blocks(*normalised("phone", "+81300000000"))
        assert shared.blocks(*normalised("email", "info@xn--bcher-kva.example"))
    finally:
        dial_from(None)


def test_a_file_states_them(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        'most = 20\nregion = "JP"\n[types.user_id]\nlimit = {most = 1}\n[types.anonymous_id]\n'
        'strength = 5\nlimit = {most = 9, days = 30}\n[blocked]\nphone = ["+10000000000"]\n'
    )
    rules = read_rules(path)
    assert rules.limits == {"user_id": Limit(1), "anonymous_id": Limit(9, 30)} and (rules.most, rules.region) == (20, "JP")
    assert rules.strength("anonymous_id") == 5 and rules.blocks("phone", "+10000000000")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("most = 0", ">= 1"),
        ("most = 1_001", "<= 1000"),
        ('most = "many"', "Expected `int`, got `str` - at `$.most`"),
        ("least = 1", "unknown field `least`"),
        ("[types.email]\nstrength = 1000", "$.types[...].strength"),
        ("[types.email]\nlimit = 1", "$.types[...].limit"),
        ('region = "Japan"', "$.region"),
        ('[blocked]\nany = "null"', "$.blocked"),
        ("most = ", "rules.toml: "),
        ("\xff", "rules.toml: "),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRules) as raised:
        read_rules(path)
    assert said in str(raised.value) and str(path) in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRules, match=r"missing\.toml: can't be read"):
        read_rules(tmp_path / "missing.toml")
