"""Research: walk-forward evaluation, integrity gates, verdicts."""

from cryptovolt.research.evaluation import Evaluation, FoldResult
from cryptovolt.research.gate import Gate
from cryptovolt.research.gates import promotable, run_gates
from cryptovolt.research.model_verdict import Verdict
from cryptovolt.research.scores import Score
from cryptovolt.research.walkforward import evaluate_classifier

__all__ = [
    "Evaluation",
    "FoldResult",
    "Gate",
    "Score",
    "Verdict",
    "evaluate_classifier",
    "promotable",
    "run_gates",
]
