"""Progress bars for long work, on a terminal; silent in a pipe."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """A bar for each phase of something long; the last one moves."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def begin(self, phase: str, rows: int) -> None:
        """A phase of so many rows begins."""
        self._task = self.progress.add_task(phase, total=rows)

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        if self._task is not None:
            self.progress.advance(self._task, rows)


@contextmanager
def progress_bar(total: int) -> Iterator[Bar]:
    """A bar for signatures."""
    with phase_bars() as bar:
        bar.begin("Signatures", total)
        yield bar


@contextmanager
def phase_bars() -> Iterator[Bar]:
    """A bar for each phase, as they begin."""
    bar = Bar()
    with bar.progress:
        yield bar
