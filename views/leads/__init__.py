"""Pages of leads: lists, import, suppressions."""

from views.leads import extraction_account, extractions, imports, lists, suppressions
from views.leads.blueprint import blueprint

__all__ = ["blueprint", "extraction_account", "extractions", "imports", "lists", "suppressions"]
