"""Latencies as HDR histograms: every value to three digits, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

LONGEST_US = 3_600_000_000
"""An hour in microseconds, the unit of the histograms; what is longer counts as an hour."""
DIGITS = 3
FEW_DIGITS = 2
"""For the many small histograms of latencies over time."""
PERCENTILES = (50.0, 90.0, 99.0, 99.9)


@dataclass(frozen=True)
class Latency:
    """Latencies in a few numbers, milliseconds; None where nothing was counted.

    Attributes:
        histogram: all of them, in HdrHistogram's V2 encoding (base64), unit microseconds; empty
            where it is left out.
    """

    count: int = 0
    min_ms: float | None = None
    mean_ms: float | None = None
    p50_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    max_ms: float | None = None
    histogram: str = ""


class Latencies:
    """Counts latencies."""

    def __init__(self, digits: int = DIGITS) -> None:
        self._histogram: Any = HdrHistogram(1, LONGEST_US, digits)
        self._sum_us = 0.0

    @classmethod
    def decode(cls, text: str) -> Latencies:
        """What `Latency.histogram` holds.

        Raises:
            ValueError: it is no histogram.
        """
        made = cls()
        if text:
            try:
                made._histogram = HdrHistogram.decode(text.encode("ascii"))
                made._sum_us = made._estimated_sum_us()
            except Exception as error:  # the library raises whatever its parts do
                raise ValueError(f"not an HDR histogram: {error}") from error
        return made

    def add(self, seconds: NDArray[np.floating[Any]]) -> None:
        """Count these."""
        micro = np.rint(np.asarray(seconds, dtype=np.float64) * 1e6).clip(1, LONGEST_US)
        self._sum_us += float(micro.sum())
        values, counts = np.unique(micro, return_counts=True)
        record = self._histogram.record_value
        for value, count in zip(values.astype(np.int64).tolist(), counts.tolist(), strict=True):
            record(value, count)

    def merge(self, others: Iterable[Latencies]) -> Latencies:
        """Add what the others have counted; returns itself."""
        for other in others:
            if other.count:
                self._histogram.add(other._histogram)
                self._sum_us += other._sum_us
        return self

    def _estimated_sum_us(self) -> float:
        """Of all values, each taken for the middle of those that are counted with it."""
        histogram = self._histogram
        total = 0.0
        for place in np.flatnonzero(self._counts).tolist():
            lowest = histogram.get_value_from_index(place)
            middle = (lowest + histogram.get_highest_equivalent_value(lowest)) / 2
            total += middle * histogram.counts[place]
        return total

    @property
    def _counts(self) -> NDArray[np.int64]:
        return np.frombuffer(self._histogram.counts, dtype=np.int64)

    @property
    def count(self) -> int:
        return int(self._histogram.get_total_count())

    def percentiles_ms(self, wanted: Sequence[float]) -> list[float | None]:
        """The latencies that so many percent did not exceed."""
        count = self.count
        if not count:
            return [None] * len(wanted)
        # the library's own way goes over all counts in Python, which takes 10 ms
        reached = np.cumsum(self._counts)
        ranks = [max(1, int(percent / 100 * count + 0.5)) for percent in wanted]
        places = np.searchsorted(reached, ranks).tolist()
        return [self._value_ms(place) for place in places]

    def _value_ms(self, place: int) -> float:
        """The largest latency that is counted at a place."""
        value = self._histogram.get_value_from_index(place)
        highest: int = self._histogram.get_highest_equivalent_value(value)
        return highest / 1000

    def percentile_ms(self, percent: float) -> float | None:
        return self.percentiles_ms([percent])[0]

    def summary(self, *, with_histogram: bool = False) -> Latency:
        if not self.count:
            return Latency()
        shortest, p50, p90, p99, p999, longest = self.percentiles_ms([0.0, *PERCENTILES, 100.0])
        return Latency(
            count=self.count,
            min_ms=shortest,
            mean_ms=round(self._sum_us / self.count / 1000, 4),
            p50_ms=p50,
            p90_ms=p90,
            p99_ms=p99,
            p999_ms=p999,
            max_ms=longest,
            histogram=self.encoded() if with_histogram else "",
        )

    def encoded(self) -> str:
        text: bytes = self._histogram.encode()
        return text.decode("ascii")
