"""Settings: what each variable accepts, and that class, document and compose file name the same ones."""

import ast
import re
import stat
from dataclasses import fields
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from app.errors import SettingsError
from app.secret_files import keep_secret
from app.settings import Settings
from app.settings_variables import VARIABLES

TOP = Path(__file__).parents[2]
SECRET = {"C360_CURSOR_SECRET": "sixteen or more characters"}
NOT_IN_COMPOSE = {
    "C360_AUDIT_FOLDER",  # on the volume of C360_HOME
    "C360_CACHE_HOME",
    "C360_MAVEN_MIRROR",
    "JAVA_HOME",
    "C360_LOCAL_BOLT_PORT",
    "C360_LOCAL_REDIS_PORT",
    "C360_NEO4J_HEAP",  # these three go to the neo4j service, under Neo4j's own names
    "C360_NEO4J_PAGE_CACHE",
    "C360_NEO4J_TRANSACTION_MEMORY",
}


def test_defaults_need_no_environment() -> None:
    settings = Settings.from_env(SECRET)
    assert (settings.neo4j_uri, settings.redis_url) == (None, None)
    assert (settings.host, settings.port, settings.home) == ("127.0.0.1", 8000, Path(".c360"))
    assert (settings.request_timeout_seconds, settings.neo4j_transaction_timeout_seconds) == (5, 2)
    assert (settings.persisted, settings.trusted_documents, settings.trusted_manifest) == (True, "off", None)
    assert settings.graphiql is True


def test_every_value_is_read() -> None:
    settings = Settings.from_env(
        SECRET
        | {
            "NEO4J_URI": "neo4j+s://example.test:7687",
            "REDIS_URL": "rediss://:secret@example.test:6380/1",
            "C360_CURRENCY_RATES": "EUR=1.08, JPY=0.0067",
            "C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS": "25",
            "C360_GRAPHIQL": "false",
            "C360_TRUSTED_DOCUMENTS": "strict",
            "C360_HOST": "",
        }
    )
    assert settings.neo4j_uri == "neo4j+s://example.test:7687"
    assert settings.currency_rates == {"EUR": Decimal("1.08"), "JPY": Decimal("0.0067")}
    assert settings.neo4j_transaction_timeout_seconds == 25
    assert settings.graphiql is False
    assert settings.trusted_documents == "strict"
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEO4J_URI", "localhost:7687"),
        ("NEO4J_URI", "http://localhost:7474"),
        ("REDIS_URL", "localhost"),
        ("C360_PORT", "0"),
        ("C360_PORT", "65536"),
        ("C360_PORT", "8000.0"),
        ("C360_PORT", "٨٠"),
        ("C360_REDIS_TIMEOUT_MS", "-1"),
        ("C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS", "nan"),
        ("C360_NEO4J_TRANSACTION_TIMEOUT_SECONDS", "0.5"),
        ("C360_NEO4J_HEAP", "lots"),
        ("C360_NEO4J_HEAP", "m"),
        ("C360_REPORTING_CURRENCY", "dollars"),
        ("C360_CURRENCY_RATES", "EUR"),
        ("C360_CURRENCY_RATES", "EUR=NaN"),
        ("C360_CURRENCY_RATES", "EUR=-1"),
        ("C360_CURSOR_SECRET", "short"),
        ("C360_GRAPHIQL", "maybe"),
        ("C360_REQUEST_TIMEOUT_SECONDS", "0"),
        ("C360_PERSISTED_KB", "0"),
        ("C360_TRUSTED_DOCUMENTS", "sometimes"),
        ("C360_CACHE_ADMISSION", "third"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_the_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(SECRET | {variable: value})
    assert str(refused.value).startswith(f"{variable}: must ")
    assert "\n" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    settings = Settings.from_env(
        SECRET
        | {
            "NEO4J_PASSWORD": "hidden-one",
            "REDIS_URL": "redis://:hidden-two@localhost:6379",
            "C360_MAVEN_MIRROR": "https://user:hidden-three@example.test/maven",
        }
    )
    assert "hidden" not in repr(settings)
    assert "sixteen" not in repr(settings)


def test_the_cursor_secret_is_made_once_and_is_the_owners_only(tmp_path: Path) -> None:
    environ = {"C360_HOME": str(tmp_path / "home")}
    first = Settings.from_env(environ)
    assert len(first.cursor_secret) >= 32
    assert Settings.from_env(environ).cursor_secret == first.cursor_secret
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret"]


def test_a_secret_that_cannot_be_kept_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"C360_HOME: .* can't be written"):
        keep_secret(tmp_path / "file" / "secret")


def test_every_field_has_a_variable_and_says_unit_and_default() -> None:
    tree = ast.parse((TOP / "app" / "settings.py").read_text())
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    documented = {}
    for field, after in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            assert isinstance(field.target, ast.Name)
            documented[field.target.id] = str(after.value.value)
    assert list(documented) == [field.name for field in fields(Settings)]
    assert set(documented) == set(VARIABLES)
    for name, text in documented.items():
        assert text.startswith(f"{VARIABLES[name][0]}: ")
        assert "Default: " in text


def test_the_document_lists_each_variable_once_and_no_other() -> None:
    text = (TOP / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(variable for variable, _ in VARIABLES.values())


def test_the_document_states_the_defaults_of_the_class() -> None:
    text = (TOP / "docs" / "settings.md").read_text()
    settings = Settings.from_env(SECRET)
    for name in (
        "port",
        "local_bolt_port",
        "neo4j_heap",
        "redis_timeout_ms",
        "cache_ttl_seconds",
        "reporting_currency",
        "persisted_kb",
    ):
        row = next(line for line in text.splitlines() if line.startswith(f"| `{VARIABLES[name][0]}` "))
        assert f"`{getattr(settings, name)}`" in row


def test_the_compose_file_passes_on_every_setting_that_means_something_there() -> None:
    compose = yaml.safe_load((TOP / "docker-compose.yml").read_text())
    passed = set(compose["services"]["app"]["environment"])
    assert passed == {variable for variable, _ in VARIABLES.values()} - NOT_IN_COMPOSE


def test_the_compose_file_has_the_defaults_of_the_class() -> None:
    compose = yaml.safe_load((TOP / "docker-compose.yml").read_text())
    environ = {}
    for variable, value in compose["services"]["app"]["environment"].items():
        if given := re.fullmatch(r"\$\{(\w+):-(.*)\}", str(value)):
            assert given[1] == variable
            environ[variable] = given[2]
    changed = Settings.from_env(environ | SECRET)
    assert changed == Settings.from_env(SECRET)
