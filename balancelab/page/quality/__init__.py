"""The regression report: what is regressed on what, the ladder of models, and its tables, figures and sentences."""
