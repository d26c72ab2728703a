"""Sentiment: texts become scores, scores become a vote."""
