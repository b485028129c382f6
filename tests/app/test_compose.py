"""The compose file: valid by the specification, and telling Neo4j and Redis what the local way tells them."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.local import neo4j, redis

TOP = Path(__file__).parents[2]
# The specification's own schema, from its reference implementation (Apache-2.0, The Compose Specification Authors).
SCHEMA = Path(__file__).with_name("compose-spec.json")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text())
    return loaded


def test_it_is_valid_by_the_specification(compose: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(compose)] == []


def test_the_schema_would_notice(compose: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    broken = compose | {"services": {"app": {"image": "x", "depends_on": {"neo4j": {"condition": "soon"}}}}}
    assert list(validator.iter_errors(broken))


def test_docker_reads_it() -> None:
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no docker client with the compose plugin here")
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "NEO4J_PASSWORD": "eight-or-more", "REDIS_PASSWORD": "another"}
    command = ["docker", "compose", "-f", str(TOP / "docker-compose.yml"), "config", "--quiet"]
    assert subprocess.run(command, capture_output=True, env=environ, text=True, check=False).stderr == ""


def test_images_are_pinned_and_everything_is_limited_checked_and_waited_for(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert re.search(r":\d+\.\d+\.\d+", service["image"]), f"{name} has no exact version"
        assert service["healthcheck"]["test"]
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    waited = compose["services"]["app"]["depends_on"]
    assert waited == {"neo4j": {"condition": "service_healthy"}, "redis": {"condition": "service_healthy"}}
    assert compose["services"]["neo4j"]["volumes"] == ["neo4j:/data"]


def test_the_dockerfile_pins_its_base_and_copies_only_what_is_there() -> None:
    text = (TOP / "deploy" / "Dockerfile").read_text()
    assert all(re.search(r":\d+\.\d+\.\d+-slim", line) for line in text.splitlines() if line.startswith("FROM"))
    allowed = {line.removeprefix("!") for line in (TOP / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    for line in text.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            *sources, _ = line.split()[1:]
            for source in sources:
                assert (TOP / source).exists()
                assert source in allowed


def test_temporary_files_lie_on_a_volume_and_not_in_memory(compose: dict[str, Any]) -> None:
    app, text = compose["services"]["app"], (TOP / "deploy" / "Dockerfile").read_text()
    (folder,) = re.findall(r"^ENV TMPDIR=(\S+)$", text, re.MULTILINE)
    (volume,) = (each.partition(":")[2] for each in app["volumes"])
    assert Path(volume) in Path(folder).parents
    assert not any(Path(folder).is_relative_to(each) for each in app["tmpfs"])
    # For a new volume the image's folder, for one from before what the command makes first.
    assert re.search(rf"install -d -o customer360 .* {folder} ", text)
    assert 'mkdir -p "$TMPDIR"\\nexec python -m app.cli' in text


def test_no_password_has_a_default(compose: dict[str, Any]) -> None:
    text = (TOP / "docker-compose.yml").read_text()
    assert not re.search(r"\$\{\w*PASSWORD(?!:\?)", text)
    assert "NEO4J_PASSWORD:?" in text
    assert "REDIS_PASSWORD:?" in text


def test_neo4j_is_told_what_the_local_one_is_told(compose: dict[str, Any]) -> None:
    environment = compose["services"]["neo4j"]["environment"]
    told = {_setting(name): str(value) for name, value in environment.items() if name != "NEO4J_AUTH"}
    text = neo4j.CONFIGURATION.format(port=0, page_cache="256m", transaction_memory="384m")
    local = dict(line.split("=", 1) for line in text.splitlines())
    for setting, value in told.items():
        value = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value)
        if setting.startswith("server.memory.heap"):  # the local way gives the heap to Java itself
            assert value == "768m"
        else:
            assert local[setting] == value, setting
    kept = {name for name in local if not name.startswith(("internal.", "server.bolt", "server.default_listen"))}
    assert kept <= set(told)


def test_redis_is_told_what_the_local_one_is_told(compose: dict[str, Any]) -> None:
    script = compose["services"]["redis"]["command"][-1]
    wanted = [line for line in redis.CONFIGURATION.splitlines() if not line.startswith(("bind", "port", "dir"))]
    for line in wanted:
        assert line.replace("{password}", "$$REDIS_PASSWORD") in script


def _setting(variable: str) -> str:
    """NEO4J_db_tx__log_preallocate is db.tx_log.preallocate."""
    return variable.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_")
