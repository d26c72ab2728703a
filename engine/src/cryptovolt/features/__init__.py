"""Features a model sees, per-bar sentiment, and the labels it learns."""
