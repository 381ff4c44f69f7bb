"""Pages of leads: lists, people, import, suppressions."""

from views.leads import deeds, imports, lists, merges, people, person, suppressions, wizard
from views.leads.blueprint import blueprint

__all__ = ["blueprint", "deeds", "imports", "lists", "merges", "people", "person", "suppressions", "wizard"]
