"""The equity report: its tables, figures and sentences, in the page's language."""
