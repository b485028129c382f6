"""Who comes in: principals, from the credentials that requests bring."""

from app.access.errors import Unauthenticated
from app.access.principals import Access

__all__ = ["Access", "Unauthenticated"]
