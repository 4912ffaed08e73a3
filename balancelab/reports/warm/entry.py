"""
What the entry point ``papermill.engine`` names.

Papermill loads it while Papermill itself is being imported, so nothing here may import the engine until it is used.
"""

from __future__ import annotations

from typing import Any

from papermill.engines import Engine


class WarmEngine(Engine):
    """Stands for :class:`balancelab.reports.warm.engine.WarmEngine` until a notebook is run."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Run the notebook by the warm engine."""
        from balancelab.reports.warm.engine import WarmEngine as Warm

        Warm.execute_managed_notebook(nb_man, kernel_name, **options)
