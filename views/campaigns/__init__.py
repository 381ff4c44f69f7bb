"""Pages of the campaigns."""

from views.campaigns import compose, listing, single, steering, trial
from views.campaigns.blueprint import blueprint

__all__ = ["blueprint", "compose", "listing", "single", "steering", "trial"]
