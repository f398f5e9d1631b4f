"""docker-compose.yml and Dockerfile as tools read them, without a container engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cli.broker.properties import CLUSTER, SETTINGS
from config.settings import SECRETS, table
from tests.deploy.containers import COMPOSE, ROOT, services, variables_of

UV = Path(sys.executable).with_name("uv")
OF_THIS_MACHINE = ("listener", "log.dirs", "quorum", "log.index", "log.cleaner", "num.", "partitions")
FOLDERS = ("schemas", "stream", "native", "views", "config", "agents", "gateway", "cli")


def tool(*command: str) -> list[str]:
    """A command of the group `deploy`, from the lock."""
    return [str(UV), "run", "--frozen", "--isolated", "--only-group", "deploy", *command]


@pytest.mark.timeout(300)
def test_compose_reads_the_file_and_hadolint_the_other(tmp_path: Path) -> None:
    shutil.copy(COMPOSE, tmp_path)
    (tmp_path / "deploy").mkdir()
    for example in (ROOT / "deploy").glob("*.example"):
        shutil.copy(example, tmp_path / "deploy" / example.stem)
    compose = tool("docker-compose", "-f", str(tmp_path / COMPOSE.name), "--profile", "*", "config", "-q")
    for command in (compose, tool("hadolint", str(ROOT / "Dockerfile"))):
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout + found.stderr
        assert "warning" not in (found.stdout + found.stderr).lower()


def test_every_container_is_pinned_confined_and_watched() -> None:
    for name, service in services().items():
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z]+)?", service["image"]), name
        assert int(service["user"].partition(":")[0]) > 0, name
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"]), name
        assert service["mem_limit"], name
        assert service["stop_grace_period"], name
        assert "test" in service["healthcheck"] or service["healthcheck"] == {"disable": True}, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        mounted = [volume.split(":")[0] for volume in service.get("volumes", [])]
        for source in mounted:
            assert (ROOT / source).exists() if source.startswith("./") else source in _volumes(), (name, source)


def _volumes() -> list[str]:
    return list(yaml.safe_load(COMPOSE.read_text())["volumes"])


def test_settings_exist_and_secrets_are_elsewhere() -> None:
    known = {variable for variable, *_ in table()}
    for name, service in services().items():
        ours = {key for key in variables_of(service) if key.startswith("SALESPULSE_")}
        assert ours <= known, (name, ours - known)
        given = service.get("environment", {})
        # An URL is a secret for the password in it; Redis in the compose file has none.
        assert not set(given) & ({*SECRETS, "GF_SECURITY_ADMIN_PASSWORD"} - {"SALESPULSE_REDIS_URL"}), name
        assert not any("@" in str(value) for key, value in given.items() if key.endswith("_URL")), name
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy/*.env" in ignored


def test_kafka_is_the_one_that_everything_was_tested_on() -> None:
    """Another value than the tests' broker has would be one that nothing was tried with."""
    given = variables_of(services()["kafka"])
    assert given["CLUSTER_ID"] == CLUSTER
    for line in SETTINGS.splitlines():
        name, _, value = line.partition("=")
        if value and not any(part in name for part in OF_THIS_MACHINE):
            assert given["KAFKA_" + name.upper().replace(".", "_")] == value, name


def test_the_image_has_all_code_and_nothing_else() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(" ".join(re.findall(r"^COPY (?!--)(.+) \./", dockerfile, re.MULTILINE)).split())
    assert copied == kept
    assert set(FOLDERS) <= copied
