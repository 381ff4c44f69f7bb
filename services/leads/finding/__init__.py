"""Who a filter finds among a tenant's leads, fast at any number of them."""

from services.leads.finding.blocks import refresh_search, tenants_with_stale_blocks
from services.leads.finding.conditions import suppressed_among, values_of
from services.leads.finding.filter import SOURCES, LeadFilter, Standing
from services.leads.finding.people import Count, PeoplePage, count_people, first_page, ids_of_people, page_of_people

__all__ = [
    "SOURCES",
    "Count",
    "LeadFilter",
    "PeoplePage",
    "Standing",
    "count_people",
    "first_page",
    "ids_of_people",
    "page_of_people",
    "refresh_search",
    "suppressed_among",
    "tenants_with_stale_blocks",
    "values_of",
]
