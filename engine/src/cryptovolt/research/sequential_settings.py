"""How a challenger is judged."""

from dataclasses import dataclass

from cryptovolt.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialSettings:
    """How a challenger is judged.

    Parameters
    ----------
    alpha : float, default=0.05
        Probability of ever promoting a challenger that is no better, in (0, 0.5]; the same for
        rolling one back that is no worse.
    n_challengers : int, default=1
        Tried at the same time; `alpha` is shared among them (Bonferroni).
    block : int, default=168
        Bars of a block; with hourly bars a week.
    horizon : int, default=12
        Most bars until an outcome is known; less than half a block.
    worst_return : float, default=0.2
        Largest difference of returns a block is thought to have, in (0, 1].
    disagreement : float, default=0.35
        Largest difference of log loss of one row, in (0, 2].
    """

    alpha: float = 0.05
    n_challengers: int = 1
    block: int = 168
    horizon: int = 12
    worst_return: float = 0.2
    disagreement: float = 0.35

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha <= 0.5 or self.n_challengers < 1:
            raise ConfigurationError(
                "expected alpha in (0, 0.5] and at least one challenger, found "
                f"{self.alpha} and {self.n_challengers}"
            )
        if not 1 <= self.horizon < self.block / 2:
            raise ConfigurationError(
                f"expected a horizon of 1 to less than half of the {self.block} bars of a block, "
                f"found {self.horizon}"
            )
        if not (0.0 < self.worst_return <= 1.0 and 0.0 < self.disagreement <= 2.0):
            raise ConfigurationError(
                "expected worst_return in (0, 1] and disagreement in (0, 2], found "
                f"{self.worst_return} and {self.disagreement}"
            )

    @property
    def needed(self) -> float:
        """Capital at which a claim is given up."""
        return self.n_challengers / self.alpha
