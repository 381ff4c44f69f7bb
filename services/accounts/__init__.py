"""Tenants, their people, sign-in, licences, plans, quotas, and what Hotmart tells us."""

from services.accounts.permissions import PERMISSIONS, role_may
from services.accounts.principal import Person

__all__ = ["PERMISSIONS", "Person", "role_may"]
