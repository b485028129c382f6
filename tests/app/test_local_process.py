"""Child processes: known by the lock they hold, ended with their parent, and refused where there is no room."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import HomeInUse, PortInUse, SettingsError
from app.local.process import AliveFile, check_port, spawn, stop


def wait_until(true: Callable[[], bool], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


async def test_a_child_is_known_as_long_as_it_lives(tmp_path: Path) -> None:
    alive = AliveFile(tmp_path / "alive")
    assert alive.pid() is None
    child = spawn(["sleep", "60"], alive=alive, log=tmp_path / "log")
    assert alive.pid() == child.pid
    assert await stop(alive) is True
    assert alive.pid() is None
    assert child.wait() == -signal.SIGTERM
    assert await stop(alive) is False


async def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    alive = AliveFile(tmp_path / "alive")
    child = spawn(["sh", "-c", 'trap "" TERM; echo ready; sleep 60 & wait; wait'], alive=alive, log=tmp_path / "log")
    wait_until(lambda: (tmp_path / "log").read_text() == "ready\n")
    # The shell's own child holds the lock too: it isn't free before both are gone.
    stopping = asyncio.create_task(stop(alive, kill_after=0.3))
    await asyncio.sleep(0.6)
    assert child.wait() == -signal.SIGKILL
    os.killpg(child.pid, signal.SIGKILL)
    assert await stopping is True


def test_a_process_id_that_was_written_long_ago_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "alive").write_text(str(os.getpid()))
    assert AliveFile(tmp_path / "alive").pid() is None


def test_a_second_command_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    lock = AliveFile(tmp_path / "lock")
    with lock.locked(), pytest.raises(HomeInUse, match="C360_HOME"), lock.locked():
        pytest.fail("it should not be let in")


PARENT = """
import sys, time
from pathlib import Path
from app.local.process import AliveFile, Guard, spawn
guard = Guard()
guard.watch(spawn(["sleep", "60"], alive=AliveFile(Path(sys.argv[1])), log=Path(sys.argv[1] + ".log")))
print("ready", flush=True)
time.sleep(60)
"""


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    alive = AliveFile(tmp_path / "alive")
    command = [sys.executable, "-c", PARENT, str(alive.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert alive.pid() is not None
        parent.kill()
    wait_until(lambda: alive.pid() is None)


def test_a_port_in_use_names_the_setting_to_change() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"port {port}, .* is in use: .* C360_LOCAL_BOLT_PORT$"):
            check_port(port, wanted_by="the local Neo4j", setting="C360_LOCAL_BOLT_PORT")
    check_port(port, wanted_by="the local Neo4j", setting="C360_LOCAL_BOLT_PORT")


def test_an_address_of_another_machine_is_a_bad_setting() -> None:
    with pytest.raises(SettingsError, match="C360_PORT"):
        check_port(8000, wanted_by="c360 serve", setting="C360_PORT", host="192.0.2.1")
