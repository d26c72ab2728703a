"""Technical rules: the vote that can be read without a model."""
