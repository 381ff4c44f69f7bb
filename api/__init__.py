"""The JSON door: `/api` and webhooks. Blind to `views` and `jobs`."""

from flask import Flask

from api import (
    auth,
    campaigns,
    campaigns_trial,
    dashboard,
    health,
    inbox,
    instances,
    instances_direct,
    instances_templates,
    leads,
    leads_deeds,
    leads_extractions,
    leads_import_stages,
    leads_imports,
    leads_people,
    media,
)
from api.common import init_api
from api.identity import init_identity
from api.webhooks import apify, hotmart, whatsapp

ROOMS = (
    auth.blueprint,
    health.api_blueprint,
    instances.blueprint,
    instances_direct.blueprint,
    instances_templates.blueprint,
    leads_import_stages.blueprint,
    leads_imports.blueprint,
    leads_extractions.blueprint,
    leads.blueprint,
    leads_people.blueprint,
    leads_deeds.blueprint,
    campaigns.blueprint,
    campaigns_trial.blueprint,
    media.blueprint,
    dashboard.blueprint,
    inbox.blueprint,
)
PLAIN = (health.blueprint, hotmart.blueprint, whatsapp.blueprint, apify.blueprint)


def register(app: Flask) -> None:
    """Mount every room's routes. Those of `ROOMS` are described in `/api/openapi.json`."""
    init_identity(app)
    made = init_api(app)
    for room in ROOMS:
        made.register_blueprint(room)
    for plain in PLAIN:
        app.register_blueprint(plain)
