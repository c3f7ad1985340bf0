"""A progress bar for long work."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """A progress bar on a terminal; silent in a pipe."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("Signatures"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self.progress.add_task("", total=total)

    def advance(self, rows: int) -> None:
        self.progress.advance(self._task, rows)


@contextmanager
def progress_bar(total: int) -> Iterator[Bar]:
    bar = Bar(total)
    with bar.progress:
        yield bar
