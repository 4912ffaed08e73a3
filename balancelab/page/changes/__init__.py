"""Words, tables and figures of the report on what changed."""
