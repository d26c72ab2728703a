"""Indicators: arrays in, arrays of the same length out, never looking ahead."""
