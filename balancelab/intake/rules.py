"""What must hold between cells and between rows, and what is asked about: one list of all checks."""

from __future__ import annotations

import pandas as pd

from balancelab.intake.body import Body
from balancelab.intake.columns import Column
from balancelab.intake.combined import check_combined
from balancelab.intake.copies import check_copies
from balancelab.intake.keys import check_keys
from balancelab.intake.places import check_codes, check_places, check_years
from balancelab.intake.plausible import check_plausible, without_sentinels
from balancelab.intake.rows import Rows
from balancelab.intake.subsets import check_rows
from balancelab.intake.totals import check_totals


def check_table(body: Body, rows: Rows, columns: list[Column], schools: pd.DataFrame) -> None:
    """
    Check the whole table; findings go to ``body.faults``.

    Parameters
    ----------
    body : Body
    rows : Rows
        Its total rows are compared with the schools.
    columns : list of Column
    schools : DataFrame
        The clean rows in the order of the file.
    """
    faults, schema = body.faults, body.schema
    schools = without_sentinels(schools, faults, schema)
    check_totals(body, rows, columns, schools)
    check_keys(schools, faults, schema)
    check_combined(schools, faults, schema)
    check_rows(schools, faults, schema)
    check_codes(schools, faults, schema)
    check_places(schools, faults, schema)
    check_plausible(schools, columns, faults, schema)
    check_copies(schools, columns, faults, schema)
    check_years(schools, faults, schema)
