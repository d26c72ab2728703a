"""Machine learning: splits that do not leak, training, and serving of models."""
