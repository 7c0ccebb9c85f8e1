"""Numbers to text: pure functions, so that every screen writes a figure the same way.

A figure that is not known is `UNKNOWN`, never 0. Texts are short enough for a table column; the
widest result of each function is stated, since column widths are built on it.
"""

import math
from datetime import UTC, datetime, tzinfo

UNKNOWN = "–"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def duration(seconds: float | None) -> str:
    """A length of time in its largest whole unit: `0s`, `59s`, `4m`, `23h`, `365d`; at most 5 wide.

    Negative lengths (two clocks that disagree) read as `0s`.
    """
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    for unit_s, letter in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "m")):
        if whole >= unit_s:
            return f"{whole // unit_s}{letter}"
    return f"{whole}s"


def long_duration(seconds: float | None) -> str:
    """A length of time in its two largest units: `45s`, `4m 05s`, `2h 07m`, `3d 04h`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    units = ((_DAY_S, "d", _HOUR_S, "h"), (_HOUR_S, "h", _MINUTE_S, "m"), (_MINUTE_S, "m", 1, "s"))
    for unit_s, letter, next_s, next_letter in units:
        if whole >= unit_s:
            return f"{whole // unit_s}{letter} {whole % unit_s // next_s:02d}{next_letter}"
    return f"{whole}s"


def age(now_ms: int | None, then_ms: int | None) -> str:
    """How long ago `then_ms` was, both in epoch milliseconds of the same clock; see `duration`."""
    if now_ms is None or then_ms is None:
        return UNKNOWN
    return duration((now_ms - then_ms) / 1000)


def count(number: int | None) -> str:
    """A count: `0`, `9,999`, `12.3k`, `4.56M`, `1.20G`; at most 7 wide up to 999.99G."""
    if number is None:
        return UNKNOWN
    if abs(number) < 10_000:
        return f"{number:,}"
    return _scaled(float(number))


def rate(per_s: float | None) -> str:
    """Events a second: `0`, `0.04`, `3.2`, `125`, `1.25k`; at most 6 wide."""
    if per_s is None or not math.isfinite(per_s):
        return UNKNOWN
    if per_s < 0.005:
        return "0"
    return _scaled(per_s) if per_s >= 1000 else _three_digits(per_s)


def latency(milliseconds: float | None) -> str:
    """A latency with its unit: `0.42ms`, `12ms`, `1.2s`, `3m`; at most 6 wide."""
    if milliseconds is None or not math.isfinite(milliseconds):
        return UNKNOWN
    if milliseconds < 1000:
        return f"{_three_digits(max(0.0, milliseconds))}ms"
    seconds = milliseconds / 1000
    return f"{_three_digits(seconds)}s" if seconds < _MINUTE_S else duration(seconds)


def share(part: float, whole: float) -> str:
    """A part in percent with one digit, `68.4%`; `UNKNOWN` of nothing. At most 6 wide."""
    return f"{100 * part / whole:.1f}%" if whole > 0 else UNKNOWN


def bar(fraction: float, width: int) -> str:
    """A bar of `width` cells, `fraction` (cut to 0..1) of them full; a trace shows as one cell."""
    bounded = min(1.0, max(0.0, fraction))
    full = round(bounded * width)
    if bounded > 0:
        full = max(1, full)
    return "█" * full + "░" * (width - full)


def time_of_day(at_ms: int, zone: tzinfo | None = None) -> str:
    """Epoch milliseconds as `14:03:22` in `zone`; None is this machine's own zone."""
    try:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return UNKNOWN


def short_id(identifier: str, length: int = 6) -> str:
    """The end of an id, where ids that share a prefix differ: `v1-0` of `my-service-v1-0`.

    At most `length` characters, from the start of a word where the cut would split one.
    """
    tail = identifier[-length:]
    if len(tail) == len(identifier):
        return identifier
    rest = tail.partition("-")[2]
    return rest if len(rest) >= 3 else tail


def plural(number: int, noun: str) -> str:
    """`1 instance`, `2 instances`, `1,200 instances`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _three_digits(value: float) -> str:
    if value == 0:
        return "0"
    decimals = 2 if value < 0.995 else 1 if value < 9.95 else 0
    return f"{value:.{decimals}f}"


def _scaled(value: float) -> str:
    for limit, letter in ((1e9, "G"), (1e6, "M")):
        if abs(value) >= limit * 0.9995:
            return f"{value / limit:.2f}{letter}"
    decimals = 2 if abs(value) < 9_995 else 1 if abs(value) < 99_950 else 0
    return f"{value / 1e3:.{decimals}f}k"
