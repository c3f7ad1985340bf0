"""The process that makes the list of one job; the worker starts it."""

import os
import signal
import threading
from typing import Annotated
from uuid import UUID

import typer

from petitions.cli.context import opened_store, read_settings
from petitions.delivery.running import run_job

#: Making lists can wait for everything else on the machine.
_NICENESS = 19


def export_job(
    job: Annotated[UUID, typer.Argument(help="The job.")],
    claim: Annotated[UUID, typer.Argument(help="By which it is known who works on it.")],
    lifeline: Annotated[int | None, typer.Option(hidden=True, help="End when this pipe closes.")] = None,
) -> None:
    """Make the list of one job; the worker starts this."""
    settings = read_settings()
    os.nice(_NICENESS)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    if lifeline is not None:
        threading.Thread(target=_watch, args=(lifeline, stop), daemon=True).start()
    with opened_store(settings) as database:
        run_job(database, settings, job, claim, stop.is_set)


def _watch(lifeline: int, stop: threading.Event) -> None:
    """Stop when the process that started us is gone."""
    os.read(lifeline, 1)
    stop.set()
