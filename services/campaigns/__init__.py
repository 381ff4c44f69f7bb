"""Campaigns: compose, check, launch, steer, and report on them."""

from services.campaigns.analytics import Analytics, analytics_of
from services.campaigns.audience import LARGE, Reason, columns_of_tenant
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
from services.campaigns.content_check import ContentVerdict, fields_of
from services.campaigns.cost import Cost, Price
from services.campaigns.counters import audit_counters, count_opt_out
from services.campaigns.deals import DealCountedAlready, NoDealToRemove, add_deal
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
from services.campaigns.follow_up_input import MAX_AFTER_DAYS, MAX_FOLLOW_UPS, FollowUpInput
from services.campaigns.follow_ups import FollowUp, follow_ups_of
from services.campaigns.forecast import Forecast
from services.campaigns.hours import NEVER, Hours, Opening, next_opening, opening, read_hours, safe_zone
from services.campaigns.input import CampaignInput
from services.campaigns.launch import (
    PREPARING,
    Frozen,
    MorePeople,
    NotReady,
    begin_campaign,
    launch_campaign,
    start_scheduled_campaign,
)
from services.campaigns.messages import MAX_MESSAGES, WITHOUT_TEXT, MessageInput
from services.campaigns.preview import Preview, draft_preview, preview, preview_or_404
from services.campaigns.prices import expected_cost, list_prices, set_price
from services.campaigns.recount import Drift
from services.campaigns.rendering import (
    BUILT_IN,
    EXIT_LINE,
    canonical,
    fill_template,
    has_stray_brace,
    pieces,
    read_body,
    recipient_values,
    render,
    unfilled_in,
    unknown_in,
    variables_in,
    variation_of,
    whole_text,
)
from services.campaigns.reports import Overview, overview
from services.campaigns.steer import (
    Resend,
    cancel_campaign,
    cancel_pending,
    pause_campaign,
    resend,
    resume_campaign,
    schedule_campaign,
    start_campaign,
)
from services.campaigns.story import ContactStory, Names, contact_story, instance_names, logs_of, names_for_logs
from services.campaigns.trial import MOST_PER_HOUR, Trial, send_test, trial_of
from services.campaigns.window import DEFAULT_WINDOW, checked_window

__all__ = [
    "BUILT_IN",
    "DEFAULT_WINDOW",
    "EDITABLE",
    "EXIT_LINE",
    "EXPORT_HEADER",
    "LARGE",
    "MAX_AFTER_DAYS",
    "MAX_FOLLOW_UPS",
    "MAX_MESSAGES",
    "MOST_PER_HOUR",
    "NEVER",
    "PREPARING",
    "REPLIED",
    "SENTENCES",
    "WITHOUT_TEXT",
    "Analytics",
    "CampaignInput",
    "Card",
    "Choices",
    "ContactStory",
    "ContentVerdict",
    "Cost",
    "DealCountedAlready",
    "Drift",
    "EmptyVariable",
    "FirstSteps",
    "FollowUp",
    "FollowUpInput",
    "Forecast",
    "Frozen",
    "Hours",
    "Members",
    "MessageInput",
    "MorePeople",
    "Names",
    "NoDealToRemove",
    "NotReady",
    "Obstacle",
    "Opening",
    "Overview",
    "Parts",
    "Preview",
    "Price",
    "Quota",
    "Reason",
    "Resend",
    "Totals",
    "Trial",
    "Verdict",
    "add_deal",
    "analytics_of",
    "audit_counters",
    "begin_campaign",
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
    "contact_story",
    "contacts_of",
    "conversion_rate",
    "count_opt_out",
    "counts_of",
    "create_campaign",
    "delete_campaign",
    "draft_preview",
    "duplicate_campaign",
    "expected_cost",
    "export_page",
    "fields_of",
    "fill_template",
    "first_steps",
    "follow_ups_of",
    "forecast_remaining",
    "has_stray_brace",
    "input_of",
    "instance_names",
    "launch_campaign",
    "list_prices",
    "logs_of",
    "members_of",
    "names_for_logs",
    "next_opening",
    "opening",
    "overview",
    "parts_of",
    "pause_campaign",
    "pieces",
    "preview",
    "preview_or_404",
    "progress_percent",
    "read_body",
    "read_hours",
    "recipient_values",
    "render",
    "resend",
    "resume_campaign",
    "safe_zone",
    "schedule_campaign",
    "send_test",
    "set_price",
    "start_campaign",
    "start_scheduled_campaign",
    "success_rate",
    "totals_of",
    "trial_of",
    "unfilled_in",
    "unknown_in",
    "update_campaign",
    "variables_in",
    "variation_of",
    "whole_text",
    "zone_of_tenant",
]
