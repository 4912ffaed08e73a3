"""A file with 50 planted faults of 25 kinds yields exactly those 50, in one run (goal R5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from balancelab.intake import Intake

PLANTED: list[tuple[str, int, str, str]] = [
    # code, row, column, what stands there
    ("NUM_UNPARSABLE", 3, "students", "约1520"),
    ("NUM_UNPARSABLE", 4, "teachers", "八十四"),
    ("NUM_UNPARSABLE", 5, "books", "0x1784"),
    ("NUM_UNPARSABLE", 6, "computers", "228①"),
    ("NUM_AMBIGUOUS", 7, "teaching_area_m2", "7.220.5"),
    ("NUM_AMBIGUOUS", 8, "sports_area_m2", "11.856.0"),
    ("NUM_NEGATIVE", 9, "books", "-38000"),
    ("NUM_NEGATIVE", 10, "classes", "(36)"),
    ("NUM_NEGATIVE", 11, "multimedia_rooms", "\u221238"),
    ("NUM_NOT_INTEGER", 12, "students", "1520.5"),
    ("NUM_NOT_INTEGER", 13, "computers", "228.4"),
    ("NUM_RANGE", 14, "teaching_area_m2", "99999999999999999999"),
    ("SUBSET_EXCEEDS", 15, "teachers_above_qualification", "85"),
    ("SUBSET_EXCEEDS", 16, "teachers_backbone", "90"),
    ("SUBSET_EXCEEDS", 17, "teachers_arts_pe", "86"),
    ("SUBSET_EXCEEDS", 18, "teachers_senior_title", "99"),
    ("YEAR_RANGE", 19, "year", "204"),
    ("YEAR_RANGE", 20, "year", "45536"),
    ("COUNTY_MISSING", 21, "county", ""),
    ("COUNTY_MISSING", 22, "county_code", ""),
    ("COUNTY_CONFLICT", 23, "county_code", "371500"),
    ("COUNTY_CONFLICT", 24, "county", "示范县"),
    ("CODE_DAMAGED", 25, "school_code", "2.137E+09"),
    ("CODE_DAMAGED", 26, "school_code", "3E+9"),
    ("CODE_INVALID", 27, "school_code", "2137/0001"),
    ("CODE_INVALID", 28, "county_code", "37159"),
    ("VALUE_REQUIRED", 29, "students", ""),
    ("VALUE_REQUIRED", 30, "school", "—"),
    ("VALUE_REQUIRED", 31, "stage", ""),
    ("LABEL_UNKNOWN", 32, "stage", "幼儿园"),
    ("LABEL_UNKNOWN", 33, "school_type", "私塾"),
    ("LABEL_UNKNOWN", 34, "location", "海岛"),
    ("STAGE_TYPE_CONFLICT", 35, "school_type", "初中"),
    ("STAGE_TYPE_CONFLICT", 36, "school_type", "完全中学"),
    ("CLASSES_ZERO", 37, "classes", "0"),
    ("CLASSES_ZERO", 38, "classes", "0"),
    ("ENC_MOJIBAKE", 39, "school", "锟斤拷小学"),
    ("ENC_MOJIBAKE", 40, "school", "第\ufffd小学"),
    ("NAME_SUSPECT", 41, "school", "NA"),
    ("TEXT_ACTIVE_CONTENT", 42, "school", "<script>x</script>"),
    ("TEXT_ACTIVE_CONTENT", 43, "school", "=HYPERLINK(1)"),
    ("STUDENTS_ZERO", 44, "students", "0"),
    ("TEACHERS_EXCEED_STUDENTS", 45, "teachers", "1600"),
    ("UNIT_SUSPECT", 46, "equipment_value_yuan", "326.8"),
    ("XLSX_ERROR_CELL", 47, "books", "#DIV/0!"),
    ("CODE_RULE", 48, "school_code", "5137000047"),
    ("KEY_DUPLICATE", 49, "school_code", "2137000047"),
    ("MISSING_CODE", 50, "teachers_senior_title", "9999"),
    ("MISSING_CODE", 51, "teachers_senior_title", "9999"),
    ("ROW_FIELD_COUNT", 52, "", ""),
]


def test_fifty_faults_of_25_kinds_are_found_exactly(table: Any, read: Callable[..., Intake]) -> None:
    assert len(PLANTED) == 50
    assert len({code for code, *_ in PLANTED}) >= 25
    pattern = table.rows[0]
    table.rows = []
    for n in range(2, 54):
        row = list(pattern)
        row[3], row[4] = f"2137{n:06}", f"示例县第{n}小学"
        # Spread a little, so that no two columns are alike: 7 and 11 share no factor.
        row[8], row[15], row[17], row[19] = (
            str(1520 + n % 3),
            f"{7220 + n % 7}.5",
            str(3268001 + 11 * n),
            str(38000 + n % 11),
        )
        table.rows.append(row)
    for code, row, column, cell in PLANTED:
        if code != "ROW_FIELD_COUNT":
            table.set(row, column, f'"{cell}"' if "," in cell else cell)
    table.set(49, "school_code", "2137000047").set(47, "school_code", "2137000047")
    lines = table.text().split("\n")
    lines[51] = lines[51].replace("示例县第52小学", "示例县,第52小学")
    intake = read("\n".join(lines))
    found = Counter((finding.code, finding.row) for finding in intake.findings)
    wanted = Counter((code, row) for code, row, *_ in PLANTED)
    assert found == wanted, (found - wanted, wanted - found)
