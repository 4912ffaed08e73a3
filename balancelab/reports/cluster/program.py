"""Whether two processes are the same program, so that they would make the same bytes."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from typing import Any

from balancelab.reports.resume import program_parts
from balancelab.reports.warm.guarding import available

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ROOTS = ("balancelab", "distributed")


def describe() -> dict[str, Any]:
    """
    Describe this process as far as a report depends on it.

    Returns
    -------
    dict
        ``parts`` from `balancelab.reports.resume.program_parts`; ``versions`` of Python and of every library that the
        package and Dask need, directly or not, by name; ``warm``, whether the warm engine works here.
    """
    return {"parts": program_parts(), "versions": dict(_versions()), "warm": available()}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """
    Name what differs between two descriptions.

    Parameters
    ----------
    ours, theirs : mapping
        From `describe`.

    Returns
    -------
    list of str
        Such as ``"pandas 3.1.1 / 3.1.0"``, ours first; ``"balancelab (source)"`` if the package's own files differ.

    Examples
    --------
    >>> one = {"parts": {"package": "a", "libraries": "b"}, "versions": {"numpy": "2.4.6"}}
    >>> differences(one, {"parts": {"package": "c", "libraries": "d"}, "versions": {}})
    ['balancelab (source)', 'numpy 2.4.6 / -']
    """
    found = ["balancelab (source)"] if ours["parts"]["package"] != theirs["parts"]["package"] else []
    one, other = ours["versions"], theirs["versions"]
    for name in sorted({*one, *other}):
        if one.get(name) != other.get(name):
            found.append(f"{name} {one.get(name, '-')} / {other.get(name, '-')}")
    return found


@cache
def _versions() -> Mapping[str, str]:
    """Versions of everything that the lock pins for a run; what an extra alone needs does not count."""
    found = {"Python": platform.python_version()}
    waiting = list(_ROOTS)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            known = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another system or an older Python
            continue
        found[name] = known.version
        needed = (one for one in known.requires or [] if "extra ==" not in one)
        waiting += [re.sub(r"[-_.]+", "-", match.group()).lower() for one in needed if (match := _NAME.match(one))]
    return found
