"""Checklist items of the evaluations: what the county as a whole must show, beside the indicators of its schools."""
