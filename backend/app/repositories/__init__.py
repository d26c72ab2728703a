"""Every SQL statement; rows become dataclasses here."""
