"""The one moment that files bear: fixed, so that the same blocks give the same bytes on any day."""

from __future__ import annotations

import os
from datetime import UTC, datetime

_DEFAULT = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest that a zip archive can say
_LATEST = datetime(2107, 12, 31, tzinfo=UTC)


def moment() -> datetime:
    """
    Moment that is written into files as their date.

    Returns
    -------
    datetime
        Seconds since 1970 from ``SOURCE_DATE_EPOCH`` if that is set, else 1 January 1980; in UTC, never outside what a
        zip archive can say.

    Raises
    ------
    ValueError
        If ``SOURCE_DATE_EPOCH`` is set and no whole number.

    References
    ----------
    Reproducible Builds, SOURCE_DATE_EPOCH specification 1.1.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not given:
        return _DEFAULT
    if not (given.isascii() and given.isdigit()):
        raise ValueError(f"SOURCE_DATE_EPOCH is no number of seconds: {given!r} (应为整数秒)")
    seconds = min(int(given), int(_LATEST.timestamp()))
    return max(_DEFAULT, datetime.fromtimestamp(seconds, UTC))
