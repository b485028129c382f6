"""A child process, the file that tells whether it lives, and the guard that ends it when we die.

A process holds a lock on its `alive` file as long as it lives, whoever its parent is by then. So a process id read
from that file while it is locked can't be another program's, however long ago it was written.
"""

import asyncio
import errno
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.errors import HomeInUse, PortInUse, SettingsError

POLL_SECONDS = 0.05
KILL_AFTER_SECONDS = 20.0

GUARD = 'trap "" INT TERM HUP; while read -r pid; do pids="$pids $pid"; done; [ -z "$pids" ] || kill $pids 2>/dev/null'


@dataclass(frozen=True, slots=True)
class AliveFile:
    """`path` holds a process id and is locked by that process."""

    path: Path

    def pid(self) -> int | None:
        """The id of the living holder, or None."""
        try:
            with self.path.open() as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(stream.read() or 0) or None
        except FileNotFoundError:
            pass
        return None

    @contextmanager
    def locked(self) -> Iterator[IO[str]]:
        """The file, open and locked; the lock lives on in a child that is given the descriptor.

        Raises HomeInUse when another process has it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.open("a+") as stream:
            deadline = time.monotonic() + 1  # `pid` of another process may hold it for a moment
            while True:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise HomeInUse(self.path.parent) from None
                    time.sleep(POLL_SECONDS)
            stream.truncate(0)
            yield stream


def spawn(
    command: Sequence[str], *, alive: AliveFile, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Starts `command` in a session of its own, so that Ctrl-C reaches us and not it. Its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with alive.locked() as lock, log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
            pass_fds=[lock.fileno()],
        )
        lock.write(str(process.pid))
    return process


async def stop(alive: AliveFile, *, kill_after: float = KILL_AFTER_SECONDS) -> bool:
    """Ends the process that holds `alive` and waits until it is gone, killing it after `kill_after` seconds.

    Returns whether there was one. A child's Popen object is to be waited for all the same, lest it stays behind as a zombie.
    """
    pid = alive.pid()
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + kill_after
    while alive.pid() == pid:
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(POLL_SECONDS)
    return True


class Guard:
    """Ends the children when this process dies, even by SIGKILL: a pipe closes then, and a small shell sees it."""

    def __init__(self) -> None:
        self._watched: list[subprocess.Popen[bytes]] = []
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, process: subprocess.Popen[bytes]) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{process.pid}\n".encode())
        self._shell.stdin.flush()
        self._watched.append(process)

    def dismiss(self) -> None:
        """To be called once the children were told to stop: afterwards their ids may be others'."""
        for process in self._watched:
            process.wait()
        self._shell.kill()
        self._shell.communicate()


def free_port() -> int:
    """A port of this machine that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(port: int, *, wanted_by: str, setting: str, host: str = "127.0.0.1") -> None:
    """Raises PortInUse when something listens on this port of `host`, an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the servers do: without it a port is refused for a minute after its last connection.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(setting, f"{host}:{port} can't be listened on ({error.strerror})") from None
            raise PortInUse(port, wanted_by=wanted_by, setting=setting) from None
