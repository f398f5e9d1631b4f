"""Commands that end with us: what keeper.sh does, for a command that is awaited."""

import os
import subprocess
from pathlib import Path

KEEPER = ["/bin/sh", str(Path(__file__).parent / "keeper.sh")]
DISMISSAL = b"ended\n"


def run_kept(command: list[str], *, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in `folder` and return what it wrote; it is killed if this process dies meanwhile.

    Otherwise a download would go on and write into a folder that the next run has already cleared away.
    """
    theirs, ours = os.pipe()
    try:
        return subprocess.run(
            [*KEEPER, "", *command],
            stdin=theirs,
            capture_output=True,
            text=True,
            cwd=folder,
            start_new_session=True,
            check=False,
        )
    finally:
        os.write(ours, DISMISSAL)
        os.close(ours)
        os.close(theirs)
