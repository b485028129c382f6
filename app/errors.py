"""What can go wrong in the process around the graph, as one tree.

AppError                     exit code 1
├── SettingsError            2   a setting that can't be used
├── NotReachable             3   nothing answers where Neo4j or Redis should be
├── NotRecorded              1   the audit trail can't be written to
└── StackError               1   the local Neo4j and Redis
    ├── PortInUse                another program has the port
    ├── ToolMissing              no Java, no Redis to run
    ├── NoNetwork                the jars can't be fetched
    ├── DiskFull                 no space left
    ├── BadChecksum              a fetched file isn't the one in the lock
    ├── BadLock                  the lock file can't be read
    ├── StartFailed              a child process ended, or never answered
    └── HomeInUse                another command runs on the same folder

Each leaf builds its own message: one line that says what to do.
"""

import errno
from pathlib import Path
from typing import ClassVar


class AppError(Exception):
    """The root: `str(error)` is one line for the user, `exit_code` what the command line ends with."""

    exit_code: ClassVar[int] = 1


class SettingsError(AppError):
    exit_code = 2

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


class NotReachable(AppError):
    exit_code = 3

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what} is not reachable: {advice}")
        self.what = what


class NotRecorded(AppError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"the audit trail can't be written to: make room in {folder}, or see who owns it (C360_AUDIT_FOLDER)")


class StackError(AppError):
    """The local Neo4j and Redis could not be brought up, or down."""


class PortInUse(StackError):
    def __init__(self, port: int, *, wanted_by: str, setting: str) -> None:
        super().__init__(
            f"port {port}, wanted by {wanted_by}, is in use: stop the program that has it, or choose another port with {setting}"
        )
        self.port = port


class ToolMissing(StackError):
    def __init__(self, tool: str, *, advice: str) -> None:
        super().__init__(f"{tool} was not found: {advice}")
        self.tool = tool


class NoNetwork(StackError):
    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"{what} could not be fetched ({reason}): check the network or the proxy, "
            "or name a mirror with C360_MAVEN_MIRROR, and run it again"
        )


class DiskFull(StackError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"no space left on the disk of {folder}: free about 1 GB there and run it again")
        self.folder = folder

    @staticmethod
    def explains(error: BaseException) -> bool:
        """Whether `error` is the operating system's word for a full disk, or a full quota."""
        return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class BadChecksum(StackError):
    def __init__(self, file: str, *, source: str) -> None:
        super().__init__(
            f"{file}, brought by {source}, is not the file that deploy/neo4j-jars.lock names (size or sha256 differs): "
            "nothing was kept; remove it from Maven's local repository, or name a mirror with C360_MAVEN_MIRROR, "
            "and run it again"
        )
        self.file = file


class BadLock(StackError):
    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}: restore the file, for example with `git checkout -- {path.name}`")
        self.line = line


class StartFailed(StackError):
    def __init__(self, what: str, reason: str, *, log: Path) -> None:
        super().__init__(f"{what} did not start ({reason}): its log is {log}")
        self.log = log


class HomeInUse(StackError):
    def __init__(self, home: Path) -> None:
        super().__init__(
            f"another command is starting or stopping Neo4j and Redis in {home}: "
            "wait for it, or choose another folder with C360_HOME"
        )
        self.home = home
