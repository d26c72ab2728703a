"""Compiled loops, one file each: Numba's cache is keyed by the file, so no loop calls another's."""
