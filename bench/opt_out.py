"""How well replies that never shaped a rule are understood: precision and recall of "leave" on the held-out corpus."""

import csv
from collections import Counter
from pathlib import Path

from bench.measure import Measure
from services.sending.opt_out import wish_of

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "services" / "sending" / "corpus" / "replies_heldout.csv"
LEAVE = "leave"


def run() -> list[Measure]:
    """Both figures of the sure class; the yardstick is the person who labelled the replies."""
    with CORPUS.open(encoding="utf-8", newline="") as file:
        pairs = Counter((row["label"], wish_of(row["text"]).value) for row in csv.DictReader(file))
    right = pairs[LEAVE, LEAVE]
    claimed = sum(count for (_, found), count in pairs.items() if found == LEAVE)
    meant = sum(count for (label, _), count in pairs.items() if label == LEAVE)
    yardstick = f"{pairs.total()} labelled replies that shaped no rule"
    return [
        Measure("opt-out precision", 100 * right / claimed, "%", yardstick, right / claimed, 0.99),
        Measure("opt-out recall", 100 * right / meant, "%", yardstick, right / meant, 0.97),
    ]
