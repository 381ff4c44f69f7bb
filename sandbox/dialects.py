"""The one list of dialects: a new provider is added here and nowhere else."""

from sandbox.commerce.hotmart import Hotmart
from sandbox.dialect import Dialect
from sandbox.mail.smtp import Smtp
from sandbox.maps.apify import Apify
from sandbox.whatsapp.cloud_api import CloudApi
from sandbox.whatsapp.evolution import Evolution
from sandbox.whatsapp.mega_api import MegaApi
from sandbox.whatsapp.waha import Waha

DIALECTS: tuple[type[Dialect], ...] = (MegaApi, Evolution, Waha, CloudApi, Smtp, Hotmart, Apify)
