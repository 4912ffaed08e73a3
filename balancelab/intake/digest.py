"""What a table says, as one number: the same whatever the order of its rows and columns, and whatever file holds it."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from balancelab.intake.model import Intake

_PLACES = ("source_row", "source_file")  # where a row stood is no part of what it says


def content_digest(intake: Intake) -> str:
    """
    Return the SHA-256 of what a table says.

    Parameters
    ----------
    intake : Intake
        A clean table, or the part of it about a county.

    Returns
    -------
    str
        64 hexadecimal digits: of the clean rows and of those kept out, each sorted by all their columns, with the
        columns in the order of their names, as CSV. Rows and columns may stand in any order in the file.
    """
    digest = hashlib.sha256()
    for table in (intake.schools, intake.excluded):
        digest.update(_canonical(table))
    return digest.hexdigest()


def _canonical(table: pd.DataFrame) -> bytes:
    import pyarrow as pa
    import pyarrow.csv as pc

    names = sorted(name for name in table.columns if name not in _PLACES)
    ordered = table[names].sort_values(names, kind="stable")
    written = io.BytesIO()
    pc.write_csv(pa.Table.from_pandas(ordered, preserve_index=False), written)
    return written.getvalue()
