"""Technical rules: the vote that can be read without a model."""

from cryptovolt.rules.trend import RULE_WEIGHTS, RULES_WARMUP, RulesVote, explain, vote

__all__ = ["RULES_WARMUP", "RULE_WEIGHTS", "RulesVote", "explain", "vote"]
