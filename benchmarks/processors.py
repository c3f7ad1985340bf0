"""Processor time, in seconds: of processes, of what they started, of nobody."""

import os
import resource
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def process_seconds(pid: int) -> float:
    """What this process has used so far; 0 when it has gone."""
    fields = _stat(pid)
    return _ticks(fields[11:13]) if fields else 0.0


def family_seconds(leader: int) -> float:
    """What this process and its children have used so far, also those that have ended."""
    fields = _stat(leader)
    return _ticks(fields[11:15]) + sum(
        _ticks(each[11:13])
        for process in Path("/proc").glob("[0-9]*")
        if (each := _stat(int(process.name))) and int(each[1]) == leader
    )


def ended_seconds() -> float:
    """What all programs have used that we started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def idle_seconds() -> float:
    """For how long all cores together have had nothing to do, or waited for a disk."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    return _ticks(fields[4:6])


def _stat(pid: int) -> list[str]:
    """The fields after the name, counted from 0; none when it has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()


def _ticks(fields: list[str]) -> float:
    return sum(int(field) for field in fields) / _TICKS
