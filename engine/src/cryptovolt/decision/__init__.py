"""Votes become one signal."""
