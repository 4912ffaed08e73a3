"""What must hold between cells and between rows."""

from __future__ import annotations

import pandas as pd

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.findings import Faults
from balancelab.intake.keys import check_keys
from balancelab.intake.rows import Rows


def check_table(
    body: Body, rows: Rows, columns: list[Column], schools: pd.DataFrame, faults: Faults, all_years: bool
) -> None:
    """Check keys, counties, subsets, stages and plausibility, and note what does not hold."""
    check_keys(schools, faults, body.schema)
