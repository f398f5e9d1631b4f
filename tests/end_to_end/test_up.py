"""`salespulse up` in one terminal, `salespulse down` in another."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from uuid import uuid4

import pytest

from cli.broker.ports import free_pair

pytestmark = pytest.mark.takes(15)


@pytest.mark.timeout(180)
def test_up_serves_until_down(kafka: str, tmp_path: Path) -> None:
    environment = os.environ | {
        "KAFKA_BROKERS": kafka,
        "SALESPULSE_TOPIC_PREFIX": f"up-{uuid4().hex[:8]}-",
        "SALESPULSE_PORT": str(free_pair()),
        "XDG_CACHE_HOME": str(tmp_path),
    }

    def salespulse(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.main", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert salespulse("down").stdout == "nothing is up\n"
    command = [sys.executable, "-m", "cli.main", "up"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            page = next(line.split()[1] for line in process.stdout if line.startswith("page"))
            with urllib.request.urlopen(f"{page}v1/kpis", timeout=60) as answer:
                assert answer.status == 200
            again = salespulse("up")
            assert (again.returncode, again.stderr[:27]) == (1, "salespulse: it is up alread")
            assert salespulse("down").stdout == "stopped\n"
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert salespulse("down").stdout == "nothing is up\n"
