"""Pages: blocks in the reader's language, shown in JupyterLab and written out in every format."""

from __future__ import annotations

from balancelab.page.blocks import MIME, Block, is_complete
from balancelab.page.columns import Column
from balancelab.page.page import Page

__all__ = ["MIME", "Block", "Column", "Page", "is_complete"]
