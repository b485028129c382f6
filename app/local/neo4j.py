"""One Neo4j server with its data under one folder: configuration, password, start, readiness."""

import asyncio
import hashlib
import secrets
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import DiskFull, StartFailed
from app.local.java import Java
from app.local.process import POLL_SECONDS, AliveFile, spawn
from app.secret_files import keep_secret
from app.settings import Settings

USER = "neo4j"
READY_WITHIN_SECONDS = 120.0
OPENS = ("java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch")
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

#: Plans are seldom made anew: ours name their indexes and are the same whatever the statistics say (tests/test_cypher_files.py),
#: and while a graph grew all of them together made one write wait for more than a second, again and again.
CONFIGURATION = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size={page_cache}
db.tx_log.preallocate=false
db.transaction.timeout=10s
db.lock.acquisition.timeout=3s
db.memory.transaction.max={transaction_memory}
dbms.cypher.min_replan_interval=1h
dbms.usage_report.enabled=false
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
internal.dbms.bolt.netty_server_shutdown_timeout=1s
internal.server.bolt.thread_pool_shutdown_wait_time=100ms
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neo4j:
    """The server whose home is `folder`. `quick` starts sooner and takes less memory, but answers slower under load."""

    folder: Path
    port: int
    heap: str
    page_cache: str
    transaction_memory: str
    quick: bool

    @classmethod
    def of(cls, settings: Settings, *, quick: bool) -> "Neo4j":
        return cls(
            folder=(settings.home / "neo4j").absolute(),
            port=settings.local_bolt_port,
            heap=settings.neo4j_heap,
            page_cache=settings.neo4j_page_cache,
            transaction_memory=settings.neo4j_transaction_memory,
            quick=quick,
        )

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def alive(self) -> AliveFile:
        return AliveFile(self.folder / "alive")

    @property
    def log(self) -> Path:
        return self.folder / "logs" / "console.log"

    def password(self) -> str:
        """Made at the first start and kept in a file that only its owner reads."""
        return keep_secret(self.folder / "password")

    def start(self, *, java: Java, jars: Path, flags: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Starts the server as a child process, `flags` being more of Java's, and returns at once."""
        (self.folder / "conf").mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(port=self.port, page_cache=self.page_cache, transaction_memory=self.transaction_memory)
        (self.folder / "conf" / "neo4j.conf").write_text(text)
        self._set_initial_password()
        return spawn(self._command(java, jars, flags), alive=self.alive, log=self.log)

    def _command(self, java: Java, jars: Path, flags: Sequence[str] = ()) -> list[str]:
        command = [str(java.program), *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENS)]
        command += [*flags, *(QUICK if self.quick else ())]
        command += [f"-Xms{self.heap}", f"-Xmx{self.heap}", "-Dlog4j2.disable.jmx=true", "-cp", f"{jars}/*"]
        command += ["org.neo4j.server.CommunityEntryPoint"]
        return [*command, f"--home-dir={self.folder}", f"--config-dir={self.folder / 'conf'}"]

    def _set_initial_password(self) -> None:
        # What `neo4j-admin dbms set-initial-password` writes; that program would take a second of Java, and show the
        # password to everyone who lists processes.
        path = self.folder / "data" / "dbms" / "auth.ini"
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        salt = secrets.token_bytes(32)
        digest = hashlib.sha256(salt + self.password().encode()).digest()
        for _ in range(1023):
            digest = hashlib.sha256(digest).digest()
        path.touch(mode=0o600)
        path.write_text(f"{USER}:SHA-256,{digest.hex()},{salt.hex()},1024:\n")

    async def ready(self, process: subprocess.Popen[bytes]) -> None:
        """Returns once a query is answered; an open port is not enough. Raises StartFailed or DiskFull."""
        from graph.errors import StoreUnavailable
        from graph.store import Store

        deadline = time.monotonic() + READY_WITHIN_SECONDS
        await self._port_open(process, deadline=deadline)
        store = await Store.connect(self.uri, user=USER, password=self.password())
        try:
            while True:
                try:
                    return await store.verify()
                except StoreUnavailable:
                    self._check(process, deadline=deadline)
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await store.close()

    async def _port_open(self, process: subprocess.Popen[bytes], *, deadline: float) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return await writer.wait_closed()
            except OSError:
                self._check(process, deadline=deadline)
                await asyncio.sleep(POLL_SECONDS)

    def _check(self, process: subprocess.Popen[bytes], *, deadline: float) -> None:
        if process.poll() is not None:
            said = self.log.read_text(errors="replace")
            if "No space left on device" in said:
                raise DiskFull(self.folder)
            reason = next((line.strip()[:200] for line in reversed(said.splitlines()) if "ERROR" in line), "")
            raise StartFailed("Neo4j", reason or f"it ended with {process.returncode}", log=self.log)
        if time.monotonic() > deadline:
            raise StartFailed("Neo4j", f"no answer within {READY_WITHIN_SECONDS:g} s", log=self.log)
