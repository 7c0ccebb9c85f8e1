"""Whether the one who sent was the limit, and not the service that was to be measured."""

from __future__ import annotations

from simulator.stress.figures import Figures
from simulator.stress.load import Load

BUSY_SHARE = 0.85
"""Of a processor core: beyond it, waiting for a turn shows in the latencies."""
LATE_SHARE = 0.25
"""Lateness in sending that is so much of the 99th percentile is worth a word ..."""
LATE_MS = 1.0
"""... unless it is below this."""
SENT_SHARE = 0.99
WAITED_SHARE = 0.01
LAGGING_SHARE = 0.05
"""Looks at the sender's loop that may be late: other programs take their turns too."""


def generator_limits(load: Load, figures: Figures) -> tuple[str, ...]:
    """One sentence for each way in which the figures tell of the sender; none when all is well."""
    generator = figures.generator
    found = []
    if generator.cpu_share >= BUSY_SHARE:
        found.append(
            f"the generator used {generator.cpu_share:.0%} of the one processor core that it has: "
            "it could not offer more"
        )
    if load.is_open:
        found += _behind_the_plan(load, figures)
    elif generator.lagging_share > LAGGING_SHARE:
        found.append(
            f"the generator came late to its work ({generator.lagging_share:.0%} of the looks; "
            f"{generator.loop_lag_max_ms:.3g} ms at most): answers seem slower than they were"
        )
    return tuple(found)


def remarks(load: Load, figures: Figures) -> tuple[str, ...]:
    """Sentences on what the figures hold beside the service's answering: none, often."""
    generator = figures.generator
    all_in_use = load.is_open and generator.connections_opened >= load.connections
    if not all_in_use or generator.waited <= WAITED_SHARE * figures.counts.sent:
        return ()
    return (
        f"{generator.waited:,} requests waited until one of the {load.connections:,} connections "
        f"was free, which is in their latency: the service had so many requests at a time and no "
        "more. --connections allows more",
    )


def _behind_the_plan(load: Load, figures: Figures) -> list[str]:
    generator, counts = figures.generator, figures.counts
    found = []
    if counts.sent and figures.sent_per_s < SENT_SHARE * _offered_per_s(load, counts.sent):
        found.append(
            f"the generator sent {figures.sent_per_s:,.0f} of {load.rate_per_s:,.0f} requests/s: "
            "it fell behind its plan"
        )
    late, p99 = generator.late.p99_ms, figures.latency.p99_ms
    if late is not None and late > max(LATE_MS, LATE_SHARE * (p99 or 0.0)):
        found.append(
            f"1% of the requests were sent {late:.3g} ms late or more, which is in their latency: "
            + _why_late(generator.cpu_share)
        )
    return found


def _why_late(cpu_share: float) -> str:
    if cpu_share >= BUSY_SHARE:
        return "the generator could not keep up with its plan"
    return (
        f"the machine had no processor free when the generator, which used {cpu_share:.0%} of one, "
        "wanted it"
    )


def _offered_per_s(load: Load, sent: int) -> float:
    """The rate that so many requests can come to: of a few, one more or less is much."""
    return load.rate_per_s * (1 - 1 / sent)
