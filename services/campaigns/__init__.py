"""Campaigns: compose, check, launch, steer, and report on them."""

from services.campaigns.rendering import (
    EXIT_LINE,
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

__all__ = [
    "EXIT_LINE",
    "has_stray_brace",
    "pieces",
    "recipient_values",
    "render",
    "unfilled_in",
    "unknown_in",
    "variables_in",
    "variation_of",
    "whole_text",
]
