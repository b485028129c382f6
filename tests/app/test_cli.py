"""The command `c360` as a user runs it: what it prints, what it ends with, and what it leaves behind."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.demo import _Demo
from app.commands.terminal import Steps
from app.demo import truth
from app.local.process import AliveFile, free_port
from app.local.stack import Programs
from app.settings import Settings
from graph import deadletters
from graph.deadletters import Undelivered
from graph.doctor import Finding
from graph.store import Store
from tests.conftest import PATIENT_ENVIRON, Stack

TOP = Path(__file__).parents[2]
C360 = str(Path(sys.executable).with_name("c360"))
COMMANDS = (
    "up",
    "down",
    "status",
    "serve",
    "migrate",
    "import",
    "demo",
    "schema",
    "doctor",
    "suggest",
    "deadletters",
    "keys",
    "audit",
)
TIMEOUT_SECONDS = 120

Environ = dict[str, str]


@pytest.fixture
def environ(tmp_path: Path, programs: Programs) -> Environ:
    """An environment with a home and ports of its own, and the fetched jars of the session."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME", "LANG") if name in os.environ}
    kept |= PATIENT_ENVIRON
    return kept | {
        "C360_HOME": str(tmp_path / "home"),
        "C360_CACHE_HOME": str(programs.jars.parent),
        "C360_LOCAL_BOLT_PORT": str(free_port()),
        "C360_LOCAL_REDIS_PORT": str(free_port()),
        "C360_PORT": str(free_port()),
        "COLUMNS": "200",
    }


def c360(environ: Environ, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [C360, *arguments], env=environ, cwd=TOP, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )


def lives(environ: Environ) -> list[int]:
    home = Path(environ["C360_HOME"])
    files = (home / "neo4j" / "alive", home / "redis" / "alive", home / "owner")
    return [pid for file in files if (pid := AliveFile(file).pid())]


def wait_for(true: Callable[[], object], *, process: subprocess.Popen[str], seconds: float = TIMEOUT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, "it ended too soon"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_help_shows_every_command_and_each_an_example() -> None:
    def shown(*arguments: str) -> str:
        return CliRunner(env={"COLUMNS": "200"}).invoke(cli, [*arguments, "--help"]).stdout

    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", shown())
        assert f"c360 {command}" in shown(command).partition("Example:")[2]


def test_help_is_quick_for_it_imports_no_driver() -> None:
    code = "import sys, app.cli; print([m for m in ('neo4j', 'redis', 'strawberry', 'uvicorn', 'jgo') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_document_names_every_command_and_exit_code() -> None:
    text = (TOP / "docs" / "cli.md").read_text()
    assert set(re.findall(r"^\| `c360 (\w+)`", text, re.MULTILINE)) == set(COMMANDS)
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == ["0", "1", "2", "3", "4", "130"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["frobnicate"], "No such command"),
        (["import", "nowhere.csv", "--mapping", "nowhere.toml"], "does not exist"),
        (["demo", "--customers", "0"], "--customers"),
    ],
)
def test_wrong_usage_ends_with_2(environ: Environ, command: list[str], said: str) -> None:
    done = c360(environ, *command)
    assert done.returncode == 2
    assert said in done.stderr
    assert not Path(environ["C360_HOME"]).exists()


def test_a_bad_setting_is_one_line_and_ends_with_2(environ: Environ) -> None:
    done = c360(environ | {"C360_PORT": "http"}, "status")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "c360: C360_PORT: must be a whole number from 1 to 65535, not 'http'\n"


@pytest.mark.parametrize("command", [["doctor"], ["serve"]])
def test_without_servers_the_line_says_what_to_do(environ: Environ, command: list[str]) -> None:
    done = c360(environ, *command)
    assert done.returncode == 3
    assert done.stderr == "c360: Neo4j is not reachable: run `c360 up` first, or set NEO4J_URI\n"


def test_a_neo4j_that_does_not_answer_ends_with_3(environ: Environ) -> None:
    done = c360(environ | {"NEO4J_URI": f"bolt://127.0.0.1:{free_port()}"}, "migrate")
    assert done.returncode == 3
    assert done.stderr.startswith("c360: Neo4j is not reachable: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("setting", ["C360_LOCAL_BOLT_PORT", "C360_LOCAL_REDIS_PORT"])
def test_a_port_in_use_is_one_line_and_starts_nothing(environ: Environ, setting: str) -> None:
    with socket.create_server(("127.0.0.1", int(environ[setting]))):
        done = c360(environ, "up")
    assert done.returncode == 1
    assert f"port {environ[setting]}, " in done.stderr
    assert done.stderr.rstrip().endswith(f"choose another port with {setting}")
    assert lives(environ) == []


def test_up_status_down(environ: Environ) -> None:
    assert c360(environ, "status", "--json").returncode == 3
    up = c360(environ, "up", "--quick", "--json")
    assert up.returncode == 0, up.stderr
    try:
        running = json.loads(c360(environ, "status", "--json").stdout)
        assert running == {"running": True, "neo4j": lives(environ)[0], "redis": lives(environ)[1], "owner": None}
        assert json.loads(c360(environ, "up", "--json").stdout) == json.loads(up.stdout)
        assert str(running["neo4j"]) in c360(environ, "status").stdout
    finally:
        down = c360(environ, "down", "--json")
    assert (down.returncode, json.loads(down.stdout)) == (0, {"stopped": True})
    assert lives(environ) == []
    assert c360(environ, "down").returncode == 0
    assert not (Path(environ["C360_HOME"]) / "connection.json").exists()


def test_migrate_says_what_it_applied(stack: Stack, environ: Environ) -> None:
    of_session = environ | {"C360_HOME": str(stack.settings.home)}
    c360(of_session, "migrate")
    done = c360(of_session, "migrate", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"applied": []})


async def test_dead_letters_are_listed_tried_again_and_dropped(stack: Stack, graph: Store, environ: Environ) -> None:
    of_session = environ | {"C360_HOME": str(stack.settings.home)}
    good = {"type": "track", "messageId": "1", "userId": "ana", "event": "fine", "timestamp": "2026-01-01T00:00:00Z"}
    letters = [
        Undelivered(source="shop", name=name, call="batch", code="INVALID", message="a rule of before", body=json.dumps(body))
        for name, body in (("1", good), ("2", {**good, "userId": ""}), ("3", {"a": "half \ud83d"}), ("4", None))
    ]
    letters += [msgspec.structs.replace(letters[3], source="app", name=name) for name in ("5", "6")]
    assert await deadletters.record(graph, letters, at=datetime.now(UTC)) == 6

    async def command(*arguments: str, columns: int = 200) -> tuple[int, str, str]:
        done = await asyncio.to_thread(c360, of_session | {"COLUMNS": str(columns)}, "deadletters", *arguments)
        return done.returncode, done.stdout, done.stderr

    code, out, _ = await command("list", "--json")
    listed = json.loads(out)
    assert (code, listed["count"], listed["more"], len(listed["letters"])) == (0, 6, False, 6)
    every = [each["id"] for each in listed["letters"]]
    code, out, said = await command("list", "--first", "2", columns=20)
    assert code == 0 and [id in out for id in every] == [True] * 2 + [False] * 4 and f"--after {every[1]}" in said
    code, out, said = await command("list", "--after", every[1], "--all")
    assert [id in out for id in every] == [False] * 2 + [True] * 4 and "--after" not in said and f"{datetime.now(UTC):%Y-}" in out
    code, out, _ = await command("list", "--source", "app", "--first", "1", "--json")
    assert (json.loads(out)["count"], json.loads(out)["more"], len(json.loads(out)["letters"])) == (2, True, 1)

    code, out, _ = await command("retry", "--source", "shop", "--json")
    tried = json.loads(out)
    assert (code, tried["kept"], tried["refused"], len(tried["letters"])) == (1, 1, 3, 3)
    left = json.loads((await command("list", "--source", "shop", "--json"))[1])["letters"]
    assert {each["id"]: each["message"] for each in left} == {each["id"]: each["message"] for each in tried["letters"]}
    assert "a rule of before" not in {each["message"] for each in left}
    code, out, said = await command("retry", left[0]["id"])
    assert code == 1 and left[0]["id"] in out and left[0]["message"] in out and "0 kept, 1 still refused" in said

    ids = [each["id"] for each in left]
    assert (await command("drop", *ids[:2]))[0] == 0
    code, _, said = await command("drop", "dlt_nobody")
    assert code == 1 and "dlt_nobody" in said
    code, _, said = await command("retry", "dlt_nobody")
    assert code == 1 and "dlt_nobody" in said
    code, out, _ = await command("list")
    assert code == 0 and ids[2] in out and ids[0] not in out
    assert (await command("drop"))[0] == (await command("drop", ids[2], "--all"))[0] == 2
    code, _, said = await command("drop", "--source", "app")
    assert code == 2 and said.startswith("2 dead letters") and "--yes" in said
    assert (await command("drop", "--source", "app", "--yes"))[2] == "2 dropped\n"
    assert (await command("drop", "--all", "--yes"))[2] == "1 dropped\n"
    assert json.loads((await command("list", "--json"))[1])["count"] == 0


async def test_doctor_finds_nothing_in_an_empty_graph_and_names_what_is_missing(
    stack: Stack, graph: Store, environ: Environ
) -> None:
    of_session = environ | {"C360_HOME": str(stack.settings.home)}
    sound = await asyncio.to_thread(c360, of_session, "doctor", "--json")
    assert (sound.returncode, json.loads(sound.stdout)) == (0, {"findings": [], "notices": []})
    await stack.stop_redis()
    try:
        somewhere = {"NEO4J_URI": stack.neo4j_uri, "NEO4J_PASSWORD": stack.neo4j_password, "REDIS_URL": stack.redis_url}
        ill = await asyncio.to_thread(c360, environ | somewhere, "doctor")
    finally:
        await stack.start_redis()
    assert ill.returncode == 1
    assert "Redis" in ill.stdout
    assert "an answer" in ill.stdout
    assert stack.redis_url not in ill.stdout


def test_doctor_names_notices_and_is_content(monkeypatch: pytest.MonkeyPatch) -> None:
    async def seen(_: Settings) -> list[Finding]:
        return [Finding("purchase refunded", "pur_1", "at most 1000 USD", "1250 USD", notice=True)]

    monkeypatch.setattr("app.local.stack.located", lambda settings: settings)
    monkeypatch.setattr("app.commands.doctor._examine", seen)
    said = CliRunner().invoke(cli, ["doctor"])
    assert said.exit_code == 0 and "Notices" in said.stdout and "1250 USD" in said.stdout and "Findings" not in said.stdout
    listed = json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)
    assert listed["findings"] == [] and listed["notices"][0]["where"] == "pur_1"


MAPPING = """
version = 1
source = "shop"
[files.visits]
path = "visits.csv"
[[read]]
file = "visits"
  [[read.events]]
  kind = "touchpoint"
  id = "{id}"
  at = "{at}"
  customer = { type = "user_id", value = "{user}" }
  channel = "web"
  type = "visit"
"""


def importable(folder: Path, *, at: str = "2026-01-01T00:00:00Z") -> list[str]:
    """A command that imports one visit, from files it writes into `folder`."""
    folder.mkdir(exist_ok=True)
    (folder / "visits.csv").write_text(f"id,user,at\nv1,u1,{at}\n")
    (folder / "mapping.toml").write_text(MAPPING)
    return ["import", str(folder), "--mapping", str(folder / "mapping.toml"), "--rejects"]


@pytest.mark.parametrize(
    ("rejects", "said"),
    [("mapping.toml", "the mapping"), ("visits.csv", "a file that is imported"), ("link", "a file that is imported")],
)
def test_rejects_take_the_place_of_no_file_of_the_import(environ: Environ, tmp_path: Path, rejects: str, said: str) -> None:
    command = importable(folder := tmp_path / "data")
    (folder / "link").symlink_to(folder / "visits.csv")
    before = {path.name: path.read_text() for path in folder.iterdir()}
    done = c360(environ, *command, str(folder / rejects))
    assert done.returncode == 2
    assert f"is {said}: name another file for the rejects" in re.sub(r"[\s│]+", " ", done.stderr)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert (folder / "link").is_symlink()


async def test_rejects_of_an_earlier_import_do_not_outlive_one_without(stack: Stack, graph: Store, environ: Environ) -> None:
    of_session = environ | {"C360_HOME": str(stack.settings.home)}
    folder = Path(environ["C360_HOME"]).with_name("data")
    rejects = folder / "rejects.csv"
    some = await asyncio.to_thread(c360, of_session, *importable(folder, at="never"), str(rejects))
    assert some.returncode == 4, some.stderr
    assert "'never' is no time" in rejects.read_text()
    none = await asyncio.to_thread(c360, of_session, *importable(folder), str(rejects))
    assert none.returncode == 0, none.stderr
    assert {path.name for path in folder.iterdir()} == {"visits.csv", "mapping.toml"}


def test_schema_prints_what_it_checks(environ: Environ, tmp_path: Path) -> None:
    printed = c360(environ, "schema")
    assert printed.returncode == 0
    assert "type Query" in printed.stdout
    file = tmp_path / "schema.graphql"
    file.write_text(printed.stdout)
    assert c360(environ, "schema", "--check", "--file", str(file)).returncode == 0
    file.write_text(printed.stdout.replace("type Query", "type Question"))
    differs = c360(environ, "schema", "--check", "--file", str(file))
    assert differs.returncode == 1
    assert "-type Question" in differs.stdout
    assert "+type Query" in differs.stdout


@contextmanager
def demo(environ: Environ) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """The running command, and the file with what it says."""
    command = [C360, "demo", "--customers", "20", "--seed", "5"]
    said = Path(environ["C360_HOME"]).with_name("said")
    with said.open("w") as output:
        process = subprocess.Popen(
            command, env=environ, cwd=TOP, text=True, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process, said
    finally:
        process.kill()
        process.wait()


def first_customer(environ: Environ) -> str:
    url = f"http://127.0.0.1:{environ['C360_PORT']}/graphql"
    body = json.dumps({"query": "{ customers(first: 1, orderBy: FIRST_SEEN_DESC) { nodes { id } } }"}).encode()
    key = (Path(environ["C360_HOME"]) / "demo.key").read_text().strip()
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as reply:
        return str(json.load(reply)["data"]["customers"]["nodes"][0]["id"])


def test_demo_serves_ends_with_ctrl_c_and_goes_on_where_it_was(environ: Environ) -> None:
    with demo(environ) as (first, said):
        wait_for(lambda: "Ctrl-C" in said.read_text(), process=first)
        customer = first_customer(environ)
        assert len(lives(environ)) >= 3
        os.killpg(first.pid, signal.SIGINT)  # as a terminal does: to the whole group
        assert first.wait(timeout=60) == 0, said.read_text()
    text = said.read_text()
    assert lives(environ) == []
    assert "Load 20 demo customers" in text
    assert "Traceback" not in text
    assert text.rstrip().splitlines()[-2] == "Ctrl-C stops everything; the data stays."
    assert text.count("curl -s http://127.0.0.1:") == 3
    assert "Timings" in text

    with demo(environ) as (second, said):
        wait_for(lambda: "Ctrl-C" in said.read_text(), process=second)
        assert first_customer(environ) == customer
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=60) == 0, said.read_text()
    assert "Load 20 demo customers" not in said.read_text()
    assert lives(environ) == []


async def test_demo_writes_what_was_planted_though_the_data_is_there(tmp_path: Path) -> None:
    (tmp_path / "demo.loaded").write_text("20 customers, seed 5\n")
    out = tmp_path / "out" / "planted.json"
    run = _Demo(
        settings=Settings(home=tmp_path, cursor_secret=b"x"),
        steps=Steps(),
        customers=20,
        seed=5,
        out=out,
        serve=False,
        local=True,
    )
    await run._load()
    truth(customers=20, seed=5).write(tmp_path / "expected.json")
    assert out.read_bytes() == (tmp_path / "expected.json").read_bytes()


def test_a_demo_that_is_interrupted_early_leaves_no_process(environ: Environ) -> None:
    with demo(environ) as (process, said):
        wait_for(lambda: len(lives(environ)) == 3, process=process)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130, said.read_text()
    assert lives(environ) == []
    assert "Traceback" not in said.read_text()


def test_down_ends_a_demo_and_its_servers(environ: Environ) -> None:
    with demo(environ) as (process, said):
        wait_for(lambda: "Apply the migrations" in said.read_text(), process=process)
        down = c360(environ, "down", "--json")
        assert (down.returncode, json.loads(down.stdout)) == (0, {"stopped": True})
        assert process.wait(timeout=60) in {0, 130}, said.read_text()
    assert lives(environ) == []
    assert "Traceback" not in said.read_text()
