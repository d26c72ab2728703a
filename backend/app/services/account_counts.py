"""What the follower of an account counts since its start."""

from dataclasses import asdict, dataclass

from app.core.account_frames import StreamCounts


@dataclass(slots=True)
class FollowCounts:
    """What was heard, asked and found."""

    events: int = 0
    booked: int = 0
    """Facts that were new, by whatever way they came."""
    recovered: int = 0
    """Facts of the time before a connection, told by REST."""
    missed: int = 0
    """Facts that the connected stream did not tell."""
    checks: int = 0
    failed_checks: int = 0

    def as_json(self, stream: StreamCounts, failed_commits: int) -> dict[str, int]:
        """Return these counts and those of the stream."""
        return {**asdict(self), **asdict(stream), "failed_commits": failed_commits}
