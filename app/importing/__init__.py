"""Bulk import: files of any system become typed events by a declarative mapping. `docs/import.md` describes mappings."""

from app.importing.errors import ImportingError, MappingError, NoRoom, SourceError
from app.importing.run import ImportProgress, ImportSummary, Recorder, import_path

__all__ = [
    "ImportProgress",
    "ImportSummary",
    "ImportingError",
    "MappingError",
    "NoRoom",
    "Recorder",
    "SourceError",
    "import_path",
]
