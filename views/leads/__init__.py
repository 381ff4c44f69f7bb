"""Pages of leads: lists, import, suppressions."""

from views.leads import imports, lists, suppressions, wizard
from views.leads.blueprint import blueprint

__all__ = ["blueprint", "imports", "lists", "suppressions", "wizard"]
