"""`c360 keys` and `c360 audit` as an operator runs them."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.audit import Trail
from app.cli import cli
from app.errors import NotRecorded
from app.settings import Settings
from graph.errors import UnknownKey
from graph.store import Store
from resolvers.access import Actor
from resolvers.scopes import SCOPES


@pytest.fixture
def command(settings: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    assert settings.neo4j_uri is not None and settings.redis_url is not None
    for name, value in {
        "NEO4J_URI": settings.neo4j_uri,
        "NEO4J_USER": settings.neo4j_user,
        "NEO4J_PASSWORD": settings.neo4j_password,
        "REDIS_URL": settings.redis_url,
        "C360_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    runner = CliRunner()

    def run(*arguments: str) -> Any:
        return runner.invoke(cli, arguments)

    return run


def made(result: Any) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_key_is_shown_once_and_listed_without_its_secret(command: Any) -> None:
    key = made(
        command("keys", "create", "website", "--scope", "profile:read", "--scope", "offer:read", "--expires-in", "90d", "--json")
    )
    assert key["key"].startswith(key["id"] + "_") and key["scopes"] == ["profile:read", "offer:read"] and "hash" not in key
    listed = command("keys", "list", "--json").stdout
    assert key["id"] in listed and key["key"] not in listed and "hash" not in listed
    plain = command("keys", "list").stdout
    assert f"{key['id']}  website  never used, expires " in plain and "profile:read offer:read" in plain
    printed = command("keys", "create", "all", "--scope", "all")
    assert printed.stdout.count("\n") == 1 and printed.stdout.startswith("c360_")


def test_a_key_is_replaced_and_ended(command: Any) -> None:
    old = made(command("keys", "create", "shop", "--scope", "event:write", "--source", "shop", "--json"))
    new = made(command("keys", "rotate", old["id"], "--overlap", "7d", "--json"))
    assert (new["name"], new["source"], new["scopes"]) == ("shop", "shop", ["event:write"]) and new["key"] != old["key"]
    assert command("keys", "revoke", new["id"]).exit_code == 0
    states = {each["id"]: each for each in made(command("keys", "list", "--json"))["keys"]}
    assert states[old["id"]]["expires_at"] is not None and states[new["id"]]["revoked_at"] is not None
    assert isinstance(command("keys", "rotate", new["id"]).exception, UnknownKey)
    assert isinstance(command("keys", "revoke", "c360_ffffffffffff").exception, UnknownKey)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x",), "scope"),
        (("x", "--scope", "profile:write"), "there is no scope 'profile:write'"),
        ((" ", "--scope", "profile:read"), "1 to 200 characters"),
        (("x" * 201, "--scope", "profile:read"), "1 to 200 characters"),
        (("x", "--scope", "profile:read", "--source", "shop"), "event:write"),
        (("x", "--scope", "profile:read", "--expires-in", "soon"), "90d, 12h or 30m"),
        (("x", "--scope", "profile:read", "--expires-in", "0d"), "90d, 12h or 30m"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(command: Any, arguments: tuple[str, ...], said: str) -> None:
    before = command("keys", "list", "--json").stdout
    result = command("keys", "create", *arguments)
    assert result.exit_code == 2 and said in " ".join(result.output.split())
    assert command("keys", "list", "--json").stdout == before


def test_what_commands_write_is_on_the_trail(command: Any, tmp_path: Path) -> None:
    key = made(command("keys", "create", "x", "--scope", "profile:read", "--json"))
    command("keys", "revoke", key["id"])
    said = command("audit").stdout
    assert "keys create" in said and f"keys revoke {key['id']}" in said and "cli:" in said
    lines = [json.loads(line) for line in command("audit", "--what", "wrote", "--json").stdout.splitlines()]
    assert [each["operation"] for each in lines] == ["keys create", f"keys revoke {key['id']}"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (tmp_path / "audit").iterdir())
    assert key["key"] not in "".join(path.read_text() for path in (tmp_path / "audit").iterdir())


def test_nothing_is_written_that_cant_be_recorded(command: Any, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file")
    before = command("keys", "list", "--json").stdout
    assert isinstance(command("keys", "create", "x", "--scope", "all").exception, NotRecorded)
    assert command("keys", "list", "--json").stdout == before


def test_the_trail_is_asked_by_customer_actor_and_time(command: Any, tmp_path: Path) -> None:
    trail = Trail(tmp_path / "audit", days=1)
    ana, ben = f"cus_{'a' * 32}", f"cus_{'b' * 32}"
    trail.read(Actor("token:crm", "Profile", "0123456789abcdef", "service"), [ana, ben], personal=True)
    trail.read(Actor(ben, "Mine"), [ben], personal=True)
    trail.close()

    def lines(*arguments: str) -> list[str]:
        result = command("audit", *arguments)
        assert result.exit_code == 0, result.output
        return list(result.stdout.splitlines())

    assert len(lines()) == 2
    (line,) = lines("--customer", ana)
    assert f"token:crm  read as it is  {ana}, {ben}" in line and "(Profile 0123456789abcdef for service)" in line
    assert len(lines("--customer", ben)) == 2 and lines("--customer", f"cus_{'c' * 32}") == []
    assert len(lines("--actor", "token:crm")) == 1 and len(lines("--actor", ben)) == 1 and lines("--actor", "token:c") == []
    assert lines("--what", "wrote") == [] and len(lines("--first", "1")) == 1
    assert lines("--until", "2020-01-01") == [] and len(lines("--since", "2020-01-01T00:00:00Z")) == 2
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    east = in_an_hour.astimezone(timezone(timedelta(hours=9))).isoformat()
    assert len(lines("--until", east)) == 2 and lines("--since", east) == []
    for wrong in (("--what", "deleted"), ("--since", "yesterday")):
        assert command("audit", *wrong).exit_code == 2


def test_what_others_called_themselves_does_nothing_to_a_terminal(command: Any, tmp_path: Path) -> None:
    trail, who = Trail(tmp_path / "audit", days=1), 'token:"\x1b[2J\n2026-11-01  nobody  read'
    trail.sent(Actor(who, "Send"), [("shop\r\u202e", "1\x07")])
    trail.close()
    (line,) = command("audit", "--actor", who).stdout.splitlines()
    assert r'token:"\x1b[2J\n2026-11-01  nobody  read  sent  shop\r\u202e/1\x07' in line
    (entry,) = map(json.loads, command("audit", "--json").stdout.splitlines())
    assert entry["actor"] == who


def test_the_scopes_are_those_that_the_help_names(command: Any) -> None:
    said = "".join(command("keys", "create", "--help").output.split())
    assert all(each in said for each in SCOPES)
