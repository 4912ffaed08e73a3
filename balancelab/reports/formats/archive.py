"""Zip archives with fixed times, rights and order: a .docx, an .xlsx and the bundle are such archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from balancelab.reports.formats.clock import moment

_FILE_RIGHTS = 0o100644 << 16  # the upper half of a zip entry's attributes holds the Unix mode
_UNIX = 3


def pack(files: Mapping[str, bytes]) -> bytes:
    """
    Make a zip archive.

    Parameters
    ----------
    files : mapping of str to bytes
        Content by name, in the order in which it is packed.

    Returns
    -------
    bytes
        The same for the same files, on any day, system and time zone.

    Examples
    --------
    >>> pack({"a.txt": b"1"}) == pack({"a.txt": b"1"})
    True
    """
    out = io.BytesIO()
    when = moment()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (when.year, when.month, when.day, when.hour, when.minute, when.second))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _FILE_RIGHTS
            archive.writestr(entry, content)
    return out.getvalue()


def unpack(archive: bytes) -> dict[str, bytes]:
    """
    Read every file of a zip archive.

    Parameters
    ----------
    archive : bytes
        An archive that this process wrote.

    Returns
    -------
    dict of str to bytes
        Content by name, in the archive's order.

    Examples
    --------
    >>> unpack(pack({"a.txt": b"1"}))
    {'a.txt': b'1'}
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}
