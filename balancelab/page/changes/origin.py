"""Where a page of changes comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from balancelab.page.origin import Origin, program_entries

if TYPE_CHECKING:
    from balancelab.changes import Bundle, Comparison


def provenance(comparison: Comparison) -> Origin:
    """Return the entries of the provenance: both bundles, their data and standard, and the program."""
    before, after = comparison.before, comparison.after
    entries = Origin(
        [
            ({"zh": "前一份结果", "en": "Earlier results"}, _named(before)),
            ({"zh": "后一份结果", "en": "Later results"}, _named(after)),
            ({"zh": "前一份数据 SHA-256", "en": "SHA-256 of the earlier data"}, before.data_sha256),
            ({"zh": "后一份数据 SHA-256", "en": "SHA-256 of the later data"}, after.data_sha256),
            ({"zh": "标准 SHA-256", "en": "Standard SHA-256"}, after.standard_sha256),
            *program_entries(),
        ]
    )
    entries.facts = {"county_code": after.county_code, "county": after.county, "year": after.year}
    return entries


def _named(bundle: Bundle) -> str:
    return f"{bundle.year} · {bundle.standard} · {bundle.sha256}"
