"""`python -m cli.dashboards [FOLDER]` writes every dashboard as JSON, by default into `grafana/dashboards/`."""

from __future__ import annotations

import sys
from pathlib import Path

from cli.dashboards.writing import written

FOLDER = Path("grafana/dashboards")

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written().items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
