"""The one list of dialects: a new provider is added here and nowhere else."""

from sandbox.commerce.hotmart import Hotmart
from sandbox.dialect import Dialect
from sandbox.mail.smtp import Smtp
from sandbox.whatsapp.mega_api import MegaApi

DIALECTS: tuple[type[Dialect], ...] = (MegaApi, Smtp, Hotmart)
