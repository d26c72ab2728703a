"""Progress bars on standard error, for work that reports how far it has come."""

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.1f}/s")


class ShownProgress:
    """One bar for each message; called as :class:`cryptovolt.domain.ports.Progress`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, quiet=quiet),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ShownProgress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._tasks:
            self._progress.stop()

    def __call__(self, done: int, total: int, message: str) -> None:
        """Show that `done` of `total` steps are finished."""
        if not self._tasks:
            # Started late: bars without a task would leave an empty line.
            self._progress.start()
        if message not in self._tasks:
            self._tasks[message] = self._progress.add_task(message, total=total)
        self._progress.update(self._tasks[message], completed=done, total=total)
