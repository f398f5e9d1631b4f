"""What the README shows is what happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.broker import Broker
from cli.broker.ports import free_pair
from cli.stack import Stack
from tests.end_to_end.live import until_equal

pytestmark = pytest.mark.takes(15)
README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.timeout(400)
def test_its_commands_publish_and_read(own_broker: Broker) -> None:
    (from_kafka,), (publish, read) = blocks("python"), blocks("bash")
    with Stack(brokers=own_broker.bootstrap, port=free_pair(), settings={}) as stack:

        def shell(command: str) -> bytes:
            here = command.replace("http://127.0.0.1:8080", stack.address)
            return subprocess.run(["bash", "-c", here], check=True, capture_output=True).stdout

        verdict = json.loads(shell(publish))["verdicts"][0]
        assert (verdict["id"], verdict["code"]) == ("win-1", "taken")
        script = from_kafka.replace("127.0.0.1:9092", own_broker.bootstrap)
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=120)
        expected = {"revenue": 120_000, "new_leads": 1}

        def answered() -> dict[str, int]:
            return {value["kpi"]: value["value"] for value in map(json.loads, shell(read).splitlines())}

        until_equal(answered, expected)


def test_every_page_it_links_is_there() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", README.read_text())
    assert [page for page in linked if not (README.parent / page).exists()] == []
