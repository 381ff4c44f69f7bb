"""Figures of many samples."""

from collections.abc import Sequence


def quantile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of them doesn't exceed."""
    ordered = sorted(samples)
    place = max(0, -int(-len(ordered) * share // 1) - 1)
    return ordered[min(place, len(ordered) - 1)]


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 when all have the same, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(one * one for one in shares)) if any(shares) else 0.0
