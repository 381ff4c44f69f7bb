"""Step 6: what the providers' webhooks brought, applied in batches, in any order, only forwards."""

from services.sending.receipts.apply import MOST_CALLS, apply_inbox

__all__ = ["MOST_CALLS", "apply_inbox"]
