"""Where the people of a phone number live, as one small number that fits an index. Pure.

Brazil has one zone for most of its DDDs, Amazonas' for those of its middle west, Acre's own for 68. A DDD is a region,
not an address: the far west of Amazonas (97) keeps Acre's time and Fernando de Noronha (81) is an hour ahead, and both
are written to by the clock most people of their DDD have. Abroad a number tells too little: whoever isn't Brazilian is
written to by the clock of the tenant.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, String, and_, case, func

from core.clock import DEFAULT_ZONE
from core.phone import DDDS, ddd_of

TENANT: Final = 0
BRASILIA: Final = 1
AMAZON: Final = 2
ACRE: Final = 3
ZONES: Final = (BRASILIA, TENANT, AMAZON, ACRE)
"""Every code, the one whose evening comes first in front (the tenant's own is nearly always Brasília's)."""

ALL_ZONES: Final = sum(1 << code for code in ZONES)
"""`zone_bits` of every code."""

_NAMES: Final = {BRASILIA: DEFAULT_ZONE, AMAZON: "America/Manaus", ACRE: "America/Rio_Branco"}
_AMAZON_DDDS: Final = frozenset({"65", "66", "67", "69", "92", "95", "97"})
_ACRE_DDDS: Final = frozenset({"68"})


def zone_of_phone(digits: str) -> int:
    """The zone's code of a number in canonical form (`core.phone`); TENANT for numbers that aren't Brazilian."""
    ddd = ddd_of(digits)
    if ddd is None:
        return TENANT
    if ddd in _AMAZON_DDDS:
        return AMAZON
    return ACRE if ddd in _ACRE_DDDS else BRASILIA


def zone_of_column(phone: ColumnElement[str]) -> ColumnElement[int]:
    """The same in SQL, for statements that write many recipients at once."""
    ddd = func.substr(phone, 3, 2, type_=String)
    is_brazilian = and_(
        func.length(phone).in_((12, 13)), func.substr(phone, 1, 2, type_=String) == "55", ddd.in_(sorted(DDDS))
    )
    return case(
        (~is_brazilian, TENANT),
        (ddd.in_(sorted(_AMAZON_DDDS)), AMAZON),
        (ddd.in_(sorted(_ACRE_DDDS)), ACRE),
        else_=BRASILIA,
    )


def zone_name(code: int, tenant_zone: str) -> str:
    """The IANA name of a zone's code; `tenant_zone` for TENANT."""
    return _NAMES.get(code, tenant_zone)


def zone_bits(codes: Iterable[int]) -> int:
    """A set of codes as one whole number, a bit each: how a statement takes them."""
    return sum(1 << code for code in set(codes))
