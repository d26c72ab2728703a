"""Limits, sizing and protections. A veto is a value, never an exception."""
