"""Step 6: what the providers' webhooks brought, applied in batches, in any order, only forwards."""

from services.sending.receipts.apply import apply_inbox, forget_calls
from services.sending.receipts.read import read_inbox

__all__ = ["apply_inbox", "forget_calls", "read_inbox"]
