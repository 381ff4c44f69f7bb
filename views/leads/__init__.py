"""Pages of leads: lists, people, import, extraction, suppressions."""

from views.leads import (
    deeds,
    extraction_account,
    extractions,
    imports,
    lists,
    merges,
    people,
    person,
    suppressions,
    wizard,
)
from views.leads.blueprint import blueprint

__all__ = [
    "blueprint",
    "deeds",
    "extraction_account",
    "extractions",
    "imports",
    "lists",
    "merges",
    "people",
    "person",
    "suppressions",
    "wizard",
]
