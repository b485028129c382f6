"""A walk through the README as a new user would do it: its commands as they stand there, on ports of our own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.local.process import free_port
from tests.conftest import PATIENT_ENVIRON

TOP = Path(__file__).parents[1]
README = (TOP / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
QUERIES = [block for block in BLOCKS if block.startswith("curl")]
TARGETS = re.findall(r"^make \w+", BLOCKS[0], re.MULTILINE)
(KEY,) = [block for block in BLOCKS if block.startswith("KEY=")]
(IMPORT,) = [block.strip() for block in BLOCKS if "c360 import" in block]
START_SECONDS = 400


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home of its own and free ports; 60 customers show what a thousand do."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "NEO4J_", "REDIS_", "MAKE"))}
    ports = {name: str(free_port()) for name in ("C360_PORT", "C360_LOCAL_BOLT_PORT", "C360_LOCAL_REDIS_PORT")}
    ours |= PATIENT_ENVIRON
    return ours | ports | {"C360_HOME": str(tmp_path_factory.mktemp("readme")), "ARGS": "--customers 60", "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def demo(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`make demo`, until it has said what to try."""
    process = subprocess.Popen(
        TARGETS[0], shell=True, cwd=TOP, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0
    )
    said: list[str] = []
    assert process.stdout is not None
    try:
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert process.poll() is None, "".join(said)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
        process.stdout.close()


def here(command: str, environ: dict[str, str]) -> str:
    """A command with our port, and our key."""
    key: str = KEY.replace(".c360", environ["C360_HOME"])
    return key + command.replace(":8000", f":{environ['C360_PORT']}")


def run(command: str, environ: dict[str, str]) -> str:
    done = subprocess.run(
        here(command, environ),
        shell=True, cwd=TOP, env=environ, capture_output=True, text=True, timeout=START_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_two_commands_are_targets_and_ci_runs_the_second() -> None:
    assert TARGETS == ["make demo", "make test"]
    assert any(line.startswith(TARGETS[1]) for line in (TOP / ".ci" / "run").read_text().splitlines())


@pytest.mark.parametrize("query", QUERIES[:3], ids=["who", "best", "network"])
def test_its_queries_answer(demo: subprocess.Popen[str], environ: dict[str, str], query: str) -> None:
    answer = json.loads(run(query, environ))
    assert "errors" not in answer
    found = answer["data"].get("customer") or answer["data"]["customers"]["nodes"]
    assert found, answer


def test_its_referral_chains_are_traced(demo: subprocess.Popen[str], environ: dict[str, str]) -> None:
    down, up = QUERIES[3:]
    # Totals follow the writes.
    for _ in range(60):
        first, *_ = json.loads(run(down, environ))["data"]["advocates"]["nodes"] or [{"networkSize": 0}]
        if first["networkSize"] >= 3:
            break
        time.sleep(1)
    network = first["customer"]["referral"]["network"]
    assert sum(each["customers"] for each in network["generations"]) == first["networkSize"] >= 3
    assert [each["depth"] for each in network["members"]["nodes"]][:1] == [1]
    found = json.loads(run(up, environ))["data"]["customer"]
    chain = found["referral"]["chain"]
    names = [found["name"], *(step["customer"]["name"] for step in chain["steps"])]
    assert (chain["length"], chain["root"]["name"]) == (len(chain["steps"]), names[-1])
    assert chain["length"] >= 3


def test_its_import_imports(demo: subprocess.Popen[str], environ: dict[str, str]) -> None:
    first = json.loads(run(f"{IMPORT} --json", environ))
    assert first["accepted"] > 1_000 and first["rejected"] == 0
    again = json.loads(run(f"{IMPORT} --json", environ))
    assert (again["accepted"], again["duplicates"]) == (0, first["accepted"])


def test_what_graphql_md_shows_of_writing_referring_and_watching(demo: subprocess.Popen[str], environ: dict[str, str]) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (TOP / "docs" / "graphql.md").read_text(encoding="utf-8"), re.DOTALL)
    reading, writing, referring, watching, following = blocks
    assert len(json.loads(run(reading, environ))["data"]["customers"]["nodes"]) == 3
    recorded = json.loads(run(writing, environ))["data"]["recordEvents"]
    assert recorded == {"accepted": 2, "duplicates": 0, "rejected": [], "userErrors": []}
    assert json.loads(run(writing, environ))["data"]["recordEvents"]["duplicates"] == 2
    given = json.loads(run(referring, environ))["data"]["createReferralCode"]
    assert len(given["referralCode"]["code"]) == 10 and given["userErrors"] == []
    more = [writing.replace('"id": "2"', f'"id": "more {number}"') for number in range(6)]
    told = watched(watching, more, environ)[0]["customerChanged"]
    assert told["customer"]["name"] == "Mio Abe" and {"touchpoints", "timeline"} <= set(told["changed"])
    accept = f'acceptReferral(code: \\"{given["referralCode"]["code"]}\\", friend: {{email: \\"HERE@example.com\\"}})'
    accepting = referring.partition("createReferralCode")[0] + accept + " { userErrors { code } } }\"}'"
    friends = [accepting.replace("HERE", f"friend{number}") for number in range(6)]
    changes = [each["referralNetworkChanged"] for each in watched(following, friends, environ)]
    joined = next(each for each in changes if not each["resync"])
    assert (len(joined["path"]), joined["member"]["depth"], joined["referral"]) == (2, 1, {"referralStatus": "ACCEPTED"})


def watched(watching: str, writing: list[str], environ: dict[str, str]) -> list[dict[str, Any]]:
    """What one who watches is told while these commands write."""
    with subprocess.Popen(
        here(watching, environ), shell=True, env=environ, stdout=subprocess.PIPE, text=True, process_group=0
    ) as watcher:
        # It says nothing when it begins to watch.
        for command in writing:
            time.sleep(0.7)
            run(command, environ)
        time.sleep(0.7)
        os.killpg(watcher.pid, signal.SIGKILL)
        said, _ = watcher.communicate()
    return [json.loads(each)["data"] for each in re.findall(r"event: next\ndata: (.*)\n", said)]


def test_its_docker_commands_give_all_that_the_compose_file_demands(tmp_path: Path) -> None:
    (block,) = [block for block in BLOCKS if "docker compose up" in block]
    (tmp_path / "docker").write_text("#!/bin/sh\n{ env; cat .env; } > given\n")
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / ".env").write_text("MINE=kept\n")
    subprocess.run(["sh", "-euc", block], cwd=tmp_path, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, check=True)
    given = dict(line.split("=", 1) for line in (tmp_path / "given").read_text().splitlines())
    demanded = set(re.findall(r"\$\{(\w+):\?", (TOP / "docker-compose.yml").read_text()))
    assert demanded | {"MINE"} <= set(given)
    # The compose file puts them into addresses, and Neo4j takes no shorter one.
    assert all(given[name].isalnum() and len(given[name]) >= 8 for name in demanded)


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (TOP / link).exists(), link
