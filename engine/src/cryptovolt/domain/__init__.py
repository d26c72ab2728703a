"""The words of the house: bars, votes, signals, costs, errors and ports.

Everything here is plain data that any room may import; nothing here imports another room.
"""
