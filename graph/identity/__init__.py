"""Identifiers, the traits that were observed under them, and which of them are one person."""

from graph.identity.identifiers import (
    Identifier,
    TraitProvenance,
    TraitValue,
    find_customer_ids,
    load_identifiers,
    provenance,
)

__all__ = ["Identifier", "TraitProvenance", "TraitValue", "find_customer_ids", "load_identifiers", "provenance"]
