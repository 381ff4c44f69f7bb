"""Tenants, their people, sign-in, licences, plans, quotas, and what Hotmart tells us."""

from services.accounts.directory import (
    AlreadyTaken,
    DirectoryEntry,
    find_in_directory,
    register_in_directory,
    remove_from_directory,
)
from services.accounts.permissions import PERMISSIONS, role_may
from services.accounts.principal import Person

__all__ = [
    "PERMISSIONS",
    "AlreadyTaken",
    "DirectoryEntry",
    "Person",
    "find_in_directory",
    "register_in_directory",
    "remove_from_directory",
    "role_may",
]
