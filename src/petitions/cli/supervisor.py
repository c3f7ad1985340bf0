"""Keeps server processes and the worker running, and ends them in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from petitions import log

#: Seconds that children have to drain when they are told to stop.
_GRACE = 30.0
_RESTART_PAUSE = 1.0
#: A child that fails this often within so many seconds after its start will not do better the next time.
_HOPELESS_STARTS = 5
_EARLY = 5.0


@dataclass
class _Child:
    name: str
    arguments: Sequence[str]
    process: "subprocess.Popen[bytes]"
    started: float
    early_deaths: int = 0


@dataclass
class Supervisor:
    """Starts each of `commands` (arguments of `petitions`) as a process of its own, and again when it dies.

    A child ends by itself when this process does: it holds one end of a pipe that only we keep open.
    """

    environ: Mapping[str, str]
    inherited: Sequence[int] = ()
    _children: list[_Child] = field(default_factory=list)
    _stopping: bool = False

    def run(self, commands: Mapping[str, Sequence[str]]) -> int:
        """Run until told to stop by SIGTERM or SIGINT. The exit code: 0, or that of a hopeless child."""
        read_end, write_end = os.pipe()
        os.set_inheritable(read_end, True)
        self._lifeline = read_end
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        for name, arguments in commands.items():
            self._children.append(self._start(name, arguments))
        code = 0
        try:
            while not self._stopping:
                code = self._revive()
                if code:
                    break
                time.sleep(0.2)
        finally:
            self._stop()
            os.close(write_end)
            os.close(read_end)
        return code

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, name: str, arguments: Sequence[str]) -> _Child:
        command = [sys.executable, "-m", "petitions", *arguments, "--lifeline", str(self._lifeline)]
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=dict(self.environ),
            pass_fds=(self._lifeline, *self.inherited),
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the children in order
        )
        return _Child(name, arguments, process, time.monotonic())

    def _revive(self) -> int:
        for position, child in enumerate(self._children):
            code = child.process.poll()
            if code is None:
                continue
            early = time.monotonic() - child.started < _EARLY
            deaths = child.early_deaths + 1 if early else 0
            log.error("process_died", process=child.name, code=code)
            if deaths >= _HOPELESS_STARTS:
                return code if code > 0 else 1
            time.sleep(_RESTART_PAUSE)
            fresh = self._start(child.name, child.arguments)
            fresh.early_deaths = deaths
            self._children[position] = fresh
        return 0

    def _stop(self) -> None:
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _GRACE
        for child in self._children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("process_killed", process=child.name)
                child.process.kill()
                child.process.wait()
