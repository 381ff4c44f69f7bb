"""Extractions: "dentistas em Campinas, até 200" -> a search by Apify -> leads in a list.

`create` asks, `run` follows the search through its states, `collect` hands what was found to an import, `calls` takes
Apify's webhooks, `remove` forgets. `jobs.leads_extractions` drives all of it; a lost job is found by the clock.
"""

from services.leads.extraction.accounts import (
    Platform,
    apply_account_check,
    apply_limits,
    forget_account,
    has_account,
    own_account,
    platform_of,
    prepare_account_check,
    prepare_limits,
    save_account,
)
from services.leads.extraction.calls import find_call_owner, store_call
from services.leads.extraction.collect import (
    Places,
    apply_items,
    begin_import,
    finish_empty,
    forget_places,
    prepare_items,
    settle_import,
    store_places,
)
from services.leads.extraction.create import (
    NewExtraction,
    abort_extraction,
    create_extraction,
    free_places,
    retry_extraction,
)
from services.leads.extraction.estimate import (
    Estimate,
    Price,
    estimate_for,
    list_extraction_prices,
    set_extraction_price,
)
from services.leads.extraction.find import can_retry, extraction_of, is_moving, page_of_extractions, shown_status
from services.leads.extraction.remove import delete_extraction
from services.leads.extraction.run import (
    ExtractionTask,
    Step,
    account_for,
    adopt_run,
    apply_check,
    apply_cost,
    apply_count,
    apply_find,
    apply_start,
    claim_extraction,
    due_extractions,
    fail_with,
    prepare_check,
    prepare_count,
    prepare_find,
    prepare_start,
    start_over,
)
from services.leads.extraction.words import MAX_ITEMS, ExtractionNotFound, NoToken, TooManyExtractions

__all__ = [
    "MAX_ITEMS", "Estimate", "ExtractionNotFound", "ExtractionTask", "NewExtraction", "NoToken", "Places", "Platform",
    "Price", "Step", "TooManyExtractions", "abort_extraction", "account_for", "adopt_run", "apply_account_check",
    "apply_check", "apply_cost", "apply_count", "apply_find", "apply_items", "apply_limits", "apply_start",
    "begin_import", "can_retry", "claim_extraction", "create_extraction", "delete_extraction", "due_extractions",
    "estimate_for", "extraction_of", "fail_with", "find_call_owner", "finish_empty", "forget_account", "forget_places",
    "free_places", "has_account", "is_moving", "list_extraction_prices", "own_account", "page_of_extractions",
    "platform_of", "prepare_account_check", "prepare_check", "prepare_count", "prepare_find", "prepare_items",
    "prepare_limits", "prepare_start", "retry_extraction", "save_account", "set_extraction_price", "settle_import",
    "shown_status", "start_over", "store_call", "store_places",
]  # fmt: skip
