"""Identifiers, where traits came from, and who is one person: merges, their preview, and the evidence."""

from resolvers.identity.types import Identifier, IdentifierInput, TraitProvenance, TraitValue

__all__ = ["Identifier", "IdentifierInput", "TraitProvenance", "TraitValue"]
