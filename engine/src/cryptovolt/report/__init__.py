"""Report: one HTML file that needs no network."""

from cryptovolt.report.page import write_report

__all__ = ["write_report"]
