"""Which receipts a message gets and when: pure planning, the dice come from outside."""

from random import Random

from sandbox.clock import jittered_seconds
from sandbox.magic import DELIVERED, FAILED, READ, SENT
from sandbox.misbehaviour import Switches

Step = tuple[float, int]


def _shuffled(acks: list[int], rng: Random) -> list[int]:
    order = acks[:]
    rng.shuffle(order)
    return order if order != acks else order[1:] + order[:1]


def plan_receipts(switches: Switches, *, last_ack: int, after_ack: int, rng: Random) -> list[Step]:
    """Seconds since acceptance and ack, in the order of leaving, for the acks above `after_ack` up to
    `last_ack`.

    A failing one is sent first, and fails when it would have been delivered. A reordered message gets them in
    another order than the true one (when it has more than one), a duplicated one gets each as often as `copies`
    says.
    """
    seconds = 0.0
    times, acks = [], []
    delays = dict(zip((SENT, DELIVERED, READ), switches.receipt_delay_ms, strict=True))
    delays[FAILED] = delays[DELIVERED]
    for ack in (SENT, FAILED) if last_ack == FAILED else range(SENT, last_ack + 1):
        if ack == FAILED or ack > after_ack:
            seconds = max(seconds, jittered_seconds(delays[ack], rng))
            times.append(seconds)
            acks.append(ack)
    if switches.reorder > 0 and rng.random() < switches.reorder:
        acks = _shuffled(acks, rng)
    steps = list(zip(times, acks, strict=True))
    if switches.duplicate > 0 and rng.random() < switches.duplicate:
        steps += [(seconds, ack) for _ in range(switches.copies - 1) for ack in acks]
    return steps
