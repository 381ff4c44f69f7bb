"""Campaigns: compose, check, launch, steer, and report on them."""

from services.campaigns.audience import Reason, columns_of_tenant
from services.campaigns.cards import Card, Totals, card_of, cards_of, totals_of
from services.campaigns.check import (
    SENTENCES,
    EmptyVariable,
    Obstacle,
    Quota,
    Verdict,
    check_campaign,
    forecast_remaining,
)
from services.campaigns.contacts import EXPORT_HEADER, REPLIED, contacts_of, export_page
from services.campaigns.counters import audit_counters
from services.campaigns.draft import (
    EDITABLE,
    create_campaign,
    delete_campaign,
    duplicate_campaign,
    input_of,
    update_campaign,
)
from services.campaigns.figures import conversion_rate, progress_percent, success_rate
from services.campaigns.find import Members, Parts, campaign_of, counts_of, members_of, parts_of, zone_of_tenant
from services.campaigns.first_steps import Choices, FirstSteps, choices_of, first_steps
from services.campaigns.forecast import Forecast
from services.campaigns.input import MAX_MESSAGES, CampaignInput
from services.campaigns.launch import Frozen, NotReady, launch_campaign, start_scheduled_campaign
from services.campaigns.preview import Preview, draft_preview, preview, preview_or_404
from services.campaigns.recount import Drift
from services.campaigns.rendering import (
    BUILT_IN,
    EXIT_LINE,
    canonical,
    has_stray_brace,
    pieces,
    recipient_values,
    render,
    unfilled_in,
    unknown_in,
    variables_in,
    variation_of,
    whole_text,
)
from services.campaigns.reports import Analytics, Overview, analytics_of, overview
from services.campaigns.steer import (
    NoDealToRemove,
    Resend,
    add_deal,
    cancel_campaign,
    cancel_pending,
    pause_campaign,
    resend,
    resume_campaign,
    schedule_campaign,
    start_campaign,
)
from services.campaigns.story import Names, instance_names, logs_of, names_for_logs
from services.campaigns.window import DEFAULT_WINDOW, checked_window
from services.campaigns.window import zone_of as zone_of_window

__all__ = [
    "BUILT_IN",
    "DEFAULT_WINDOW",
    "EDITABLE",
    "EXIT_LINE",
    "EXPORT_HEADER",
    "MAX_MESSAGES",
    "REPLIED",
    "SENTENCES",
    "Analytics",
    "CampaignInput",
    "Card",
    "Choices",
    "Drift",
    "EmptyVariable",
    "FirstSteps",
    "Forecast",
    "Frozen",
    "Members",
    "Names",
    "NoDealToRemove",
    "NotReady",
    "Obstacle",
    "Overview",
    "Parts",
    "Preview",
    "Quota",
    "Reason",
    "Resend",
    "Totals",
    "Verdict",
    "add_deal",
    "analytics_of",
    "audit_counters",
    "campaign_of",
    "cancel_campaign",
    "cancel_pending",
    "canonical",
    "card_of",
    "cards_of",
    "check_campaign",
    "checked_window",
    "choices_of",
    "columns_of_tenant",
    "contacts_of",
    "conversion_rate",
    "counts_of",
    "create_campaign",
    "delete_campaign",
    "draft_preview",
    "duplicate_campaign",
    "export_page",
    "first_steps",
    "forecast_remaining",
    "has_stray_brace",
    "input_of",
    "instance_names",
    "launch_campaign",
    "logs_of",
    "members_of",
    "names_for_logs",
    "overview",
    "parts_of",
    "pause_campaign",
    "pieces",
    "preview",
    "preview_or_404",
    "progress_percent",
    "recipient_values",
    "render",
    "resend",
    "resume_campaign",
    "schedule_campaign",
    "start_campaign",
    "start_scheduled_campaign",
    "success_rate",
    "totals_of",
    "unfilled_in",
    "unknown_in",
    "update_campaign",
    "variables_in",
    "variation_of",
    "whole_text",
    "zone_of_tenant",
    "zone_of_window",
]
