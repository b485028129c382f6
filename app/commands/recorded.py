"""What commands write, and show, on the audit trail as well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.settings import Settings

if TYPE_CHECKING:
    from app.audit import Trail
    from resolvers.access import Actor


@contextmanager
def recorded(settings: Settings, operation: str) -> Iterator[Callable[[int], None]]:
    """Records that a command is about to write, and with what is given how much it wrote. Raises NotRecorded."""
    with _opened(settings, operation) as opened:
        if opened is None:
            yield lambda count: None
            return
        trail, who = opened
        trail.sent(who, ())
        yield lambda count: trail.wrote(who, (), count)


def record_reading(settings: Settings, operation: str) -> None:
    """Records that a command is about to show personal data, of whom it can't say. Raises NotRecorded."""
    with _opened(settings, operation) as opened:
        if opened is not None:
            trail, who = opened
            trail.read(who, (), personal=True)


@contextmanager
def _opened(settings: Settings, operation: str) -> Iterator["tuple[Trail, Actor] | None"]:
    """The trail, and who is on it; None where nothing is recorded."""
    from app.audit import Trail
    from app.errors import NotRecorded
    from resolvers.access import Actor
    from resolvers.errors import Unrecorded

    if not settings.audit:
        yield None
        return
    trail = Trail(settings.trail, days=settings.audit_days)
    try:
        yield trail, Actor(f"cli:{_user()}", operation)
    except Unrecorded:
        raise NotRecorded(settings.trail) from None
    finally:
        trail.close()


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container users may have numbers only.
        import os

        return str(os.getuid())
