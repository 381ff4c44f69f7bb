"""How much a file may hold. Each limit has a sentence for whoever meets it (`services.leads.refusals`)."""

from typing import Final

MAX_FILE_BYTES: Final = 50 * 1024 * 1024
MAX_COLUMNS: Final = 1_000
MAX_CELL_CHARS: Final = 2_000
"""Longer texts are cut; a message of WhatsApp takes 4,096 characters in all."""
MAX_CSV_FIELD_CHARS: Final = 131_072
"""Where the csv module gives up: far beyond any cell, it is a quote that never closes."""
MAX_LIST_NAME: Final = 120
MAX_FILENAME: Final = 200

MAX_UNPACKED_BYTES: Final = 300 * 1024 * 1024
MAX_ARCHIVE_PARTS: Final = 2_000
MAX_SHEET_CELLS: Final = 5_000_000
"""calamine keeps a sheet as one dense block, about 90 bytes a cell at its peak (measured): 450 MB."""

MIN_ROWS_ALLOWED: Final = 10_000
MAX_ROWS_ALLOWED: Final = 2_000_000
MAX_ATTEMPTS: Final = 3
STALE_SECONDS: Final = 60
"""Without a sign of life for this long, an import's worker is taken for dead."""
UNDO_IN_REQUEST_ROWS: Final = 20_000
LIST_PURGE_MINUTES: Final = 10


def rows_allowed(max_leads: int) -> int:
    """Rows a file may have under a plan: five times its leads, since rows may be unselected or repeated."""
    return max(MIN_ROWS_ALLOWED, min(5 * max_leads, MAX_ROWS_ALLOWED))
