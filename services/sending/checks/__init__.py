"""Whether a phone has WhatsApp, asked ahead of the send and never in its way."""

from services.sending.checks.ask import Pace, ask_checks
from services.sending.checks.remember import address_of, remember_addresses

__all__ = ["Pace", "address_of", "ask_checks", "remember_addresses"]
