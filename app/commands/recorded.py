"""What commands write, on the audit trail as well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.settings import Settings


@contextmanager
def recorded(settings: Settings, operation: str) -> Iterator[Callable[[int], None]]:
    """Records that a command is about to write, and with what is given how much it wrote. Raises NotRecorded."""
    from app.audit import Trail
    from app.errors import NotRecorded
    from resolvers.access import Actor
    from resolvers.errors import Unrecorded

    if not settings.audit:
        yield lambda count: None
        return
    trail = Trail(settings.trail, days=settings.audit_days)
    who = Actor(f"cli:{_user()}", operation)
    try:
        trail.sent(who, ())
        yield lambda count: trail.wrote(who, (), count)
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
