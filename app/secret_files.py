"""Secrets that this machine makes for itself, each in a file that only its owner reads."""

import os
import secrets
from pathlib import Path

from app.errors import SettingsError

SECRET_BYTES = 32


def keep_secret(path: Path) -> str:
    """The secret kept in `path`, made on first use: 32 random bytes as text, mode 0600.

    Raises SettingsError when the folder can't be written.
    """
    try:
        # Often the first to make C360_HOME, where passwords and personal data come to lie.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(SECRET_BYTES))
            # Two processes may start at once: link() keeps the first one's secret, where rename() would replace it.
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError("C360_HOME", f"{path} can't be written ({error.strerror})") from error
