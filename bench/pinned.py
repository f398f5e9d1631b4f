"""`python -m bench.pinned CORE COMMAND…`: become the command, on one core from its first instruction on."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    os.execvp(sys.argv[2], sys.argv[2:])
