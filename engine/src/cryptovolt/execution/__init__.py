"""Execution: fill rules, costs, and the grid of exact integers they are computed on."""
