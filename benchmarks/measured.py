"""Runs one command and prints what it took, in a process that is small itself: Linux counts the memory of
whoever starts a program as the program's own, up to its start.

Arguments: the file that gets the standard output, then the command.
"""

import json
import os
import sys
import time


def main() -> None:
    output, *command = sys.argv[1:]
    started = time.monotonic()
    actions = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    figures = {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
