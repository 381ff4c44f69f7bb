"""Whose turn it is: round robin over tenants, then over a tenant's campaigns, one message a turn. Pure.

A tenant with a million pending rows gets one message a round like a tenant with ten, so nobody waits for another's
queue. A tenant that can give nothing leaves the ring; whoever keeps the hands puts it back when that changes.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from models.campaigns import RotationMode
from services.sending.rotation import Candidate, rank


@dataclass(slots=True)
class CampaignHand:
    """A campaign that wants to send: the numbers it may use, how many messages it may still give, who went last;
    `is_slowed` while all its numbers are bad."""

    campaign_id: int
    mode: RotationMode
    members: frozenset[int]
    left: int
    last_id: int | None = None
    is_slowed: bool = False

    def ranked(self, free: dict[int, Candidate], rng: Random) -> Iterator[Candidate]:
        """Its free numbers, best first."""
        eligible = [free[one] for one in self.members & free.keys()]
        return iter(rank(self.mode, eligible, last_id=self.last_id, rng=rng, is_slowed=self.is_slowed))


@dataclass(slots=True)
class TenantHand:
    """A tenant: its campaigns in turn, its free numbers, what is left of its day's quota."""

    tenant_id: int
    left: int
    free: dict[int, Candidate] = field(default_factory=dict)
    campaigns: deque[CampaignHand] = field(default_factory=deque)

    @property
    def can_give(self) -> bool:
        return bool(self.free and self.campaigns and self.left > 0)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message may go: this campaign, through this number."""

    tenant_id: int
    campaign_id: int
    mode: RotationMode
    chosen: Candidate
    is_slowed: bool = False


def deal(ring: deque[TenantHand], capacity: int, rng: Random) -> list[Turn]:
    """Up to `capacity` turns, no number twice. Rotates the ring and the campaigns in each hand, so that the next
    call goes on where this one stopped; tenants that can give nothing more are taken out of the ring."""
    turns: list[Turn] = []
    ranks: dict[int, Iterator[Candidate]] = {}
    while ring and len(turns) < capacity:
        tenant = ring.popleft()
        turn = _one_turn(tenant, ranks, rng)
        if turn is not None:
            turns.append(turn)
            ring.append(tenant)
    return turns


def _one_turn(tenant: TenantHand, ranks: dict[int, Iterator[Candidate]], rng: Random) -> Turn | None:
    """The next campaign of this tenant that has a message and a free number; None when there is none."""
    if not tenant.can_give:
        return None
    for _ in range(len(tenant.campaigns)):
        campaign = tenant.campaigns[0]
        tenant.campaigns.rotate(-1)
        if campaign.left <= 0:
            continue
        if campaign.campaign_id not in ranks:
            ranks[campaign.campaign_id] = campaign.ranked(tenant.free, rng)
        # Another campaign of this tenant may have taken a ranked number in the meantime.
        chosen = next((one for one in ranks[campaign.campaign_id] if one.instance_id in tenant.free), None)
        if chosen is not None:
            return _take(tenant, campaign, chosen)
    return None


def _take(tenant: TenantHand, campaign: CampaignHand, chosen: Candidate) -> Turn:
    del tenant.free[chosen.instance_id]
    tenant.left -= 1
    campaign.left -= 1
    campaign.last_id = chosen.instance_id
    return Turn(tenant.tenant_id, campaign.campaign_id, campaign.mode, chosen, campaign.is_slowed)
