"""Where missing jars come from: Maven when it is installed, else the Maven client written in Python.

Neither needs an address from us; a mirror is a setting.
"""

import logging
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import escape

from app.errors import DiskFull, NoNetwork, ToolMissing
from app.local.jars import Jar, OnBytes

THREADS = 16
TIMEOUT_SECONDS = 30

POM = """<project>
<modelVersion>4.0.0</modelVersion><groupId>customer360</groupId><artifactId>jars</artifactId><version>1</version>
<dependencies>{dependencies}</dependencies></project>
"""
DEPENDENCY = """<dependency>
<groupId>{jar.group}</groupId><artifactId>{jar.artifact}</artifactId><version>{jar.version}</version>{classifier}
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
"""
MIRROR = """<settings><mirrors>
<mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>{mirror}</url></mirror></mirrors></settings>
"""
DOWNLOADED = re.compile(r"Downloaded from \S+ \S*/([^/\s]+\.jar)")
NO_SPACE = "No space left on device"


def fetch(jars: Sequence[Jar], target: Path, *, scratch: Path, mirror: str | None, on_bytes: OnBytes) -> str:
    """Puts `jars` into `target` under their own names and says where they came from. Checks nothing.

    Raises NoNetwork when no source has them, ToolMissing when there is no client, DiskFull when there is no room.
    """
    if maven := shutil.which("mvn"):
        reason = _by_maven(maven, jars, target, scratch=scratch, mirror=mirror, on_bytes=on_bytes)
        if reason is None:
            return "mvn"
        if NO_SPACE in reason:
            raise DiskFull(target.parent.parent)
    _by_jgo(jars, target, scratch=scratch, mirror=mirror, on_bytes=on_bytes)
    return "jgo"


def _by_maven(
    maven: str, jars: Sequence[Jar], target: Path, *, scratch: Path, mirror: str | None, on_bytes: OnBytes
) -> str | None:
    """Lets Maven copy them. Returns what Maven complained about, or None."""
    pom = scratch / "pom.xml"
    pom.write_text(POM.format(dependencies="".join(map(_dependency, jars))))
    command = [maven, "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
    command += ["-DincludeScope=runtime", "-Dmdep.prependGroupId=true"]
    if mirror:
        settings = scratch / "settings.xml"
        settings.write_text(MIRROR.format(mirror=escape(mirror)))
        command += ["-s", str(settings)]
    total, done, complaint = sum(jar.size for jar in jars), 0, ""
    sizes = {jar.file.removeprefix(f"{jar.group}."): jar.size for jar in jars}
    on_bytes(0, total)
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            for line in process.stdout or ():
                if found := DOWNLOADED.search(line):
                    done += sizes.get(found[1], 0)
                    on_bytes(min(done, total), total)
                elif line.startswith("[ERROR]"):
                    complaint = complaint or line.strip()
        except BaseException:
            process.kill()
            raise
    if process.returncode == 0:
        on_bytes(total, total)
        return None
    return complaint or f"mvn ended with {process.returncode}"


def _dependency(jar: Jar) -> str:
    classifier = f"<classifier>{jar.classifier}</classifier>" if jar.classifier else ""
    return DEPENDENCY.format(jar=jar, classifier=classifier)


def _by_jgo(jars: Sequence[Jar], target: Path, *, scratch: Path, mirror: str | None, on_bytes: OnBytes) -> None:
    try:
        from jgo.maven import MavenContext
    except ImportError:
        raise ToolMissing("mvn", advice="install Maven, or the packages of requirements-dev.lock") from None
    # Its own log repeats, with the address, what our one line says.
    logging.getLogger("jgo").setLevel(logging.CRITICAL)
    context = MavenContext(
        repo_cache=scratch / "repository",
        local_repos=[],
        remote_repos={"mirror": mirror.rstrip("/")} if mirror else None,
        timeout=TIMEOUT_SECONDS,
    )
    total, done, stop, count = sum(jar.size for jar in jars), 0, threading.Event(), threading.Lock()

    def bring(jar: Jar) -> None:
        nonlocal done
        if stop.is_set():
            return
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        component.artifact(classifier=jar.classifier).resolve().rename(target / jar.file)
        with count:
            done += jar.size
            on_bytes(done, total)

    on_bytes(0, total)
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for future in [pool.submit(bring, jar) for jar in jars]:
                future.result()
        except BaseException as error:
            stop.set()
            raise _explained(error, target) from error


def _explained(error: BaseException, target: Path) -> BaseException:
    if DiskFull.explains(error):
        return DiskFull(target.parent.parent)
    if isinstance(error, Exception):
        return NoNetwork("Neo4j", type(error).__name__)
    return error
