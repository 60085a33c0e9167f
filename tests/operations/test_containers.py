"""The container files say the same as the rest of the project; no Docker engine is needed to check that."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from foundation import one_machine

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ["web", "worker", "timekeeper", "migrate", "simulator", "worker-rehearsal"]


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("web", one_machine.WEB),
        ("worker", one_machine.WORKER),
        ("worker-rehearsal", one_machine.WORKER),
        ("timekeeper", one_machine.TIMEKEEPER),
        ("migrate", one_machine.RELEASE),
        ("simulator", one_machine.SIMULATOR),
    ],
)
def test_a_container_runs_the_very_command_that_one_machine_runs(service: str, command: tuple[str, ...]) -> None:
    options = one_machine.inbound_options(8000) if service == "simulator" else ()
    assert tuple(SERVICES[service]["command"]) == (*command, *options)


def test_every_process_waits_for_the_release_step() -> None:
    for name in ("web", "worker", "timekeeper", "worker-rehearsal"):
        needs = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert needs == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "valkey": "service_healthy",
        }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] == "no"


def test_what_others_wait_for_can_say_that_it_is_healthy() -> None:
    for name in ("postgres", "valkey"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    for name in ("worker", "timekeeper", "worker-rehearsal"):
        assert SERVICES[name]["environment"]["PULSE_FILE"] in SERVICES[name]["healthcheck"]["test"][1]
    assert "HEALTHCHECK" in (PROJECT / "Dockerfile").read_text()


def test_no_secret_is_written_into_the_compose_file() -> None:
    for name in OURS:
        for setting, value in SERVICES[name].get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|_KEYS?(_|$)(?<!PRESS_A_KEY)|DATABASE_URL", setting):
                assert setting.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
                assert value.removeprefix("/run/secrets/") in COMPOSE["secrets"]


def test_our_containers_have_no_rights_and_cannot_change_their_files() -> None:
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert re.search("^USER ringback$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)


def test_nothing_is_offered_to_the_network_but_the_web_process_to_a_proxy_on_this_host() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000", "127.0.0.1:${SIMULATOR_PORT:-8010}:8011"]}


def test_the_simulator_starts_only_in_a_rehearsal_and_beside_the_web_process() -> None:
    by_profile = {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service}

    assert by_profile == {name: ["rehearsal"] for name in ("simulator", "handsets", "worker-rehearsal")}
    assert SERVICES["handsets"]["command"] == ["TCP-LISTEN:8011,fork,reuseaddr", "TCP:127.0.0.1:8010"]
    for name in by_profile:
        assert SERVICES[name]["network_mode"] == "service:web"


def test_the_image_holds_every_room_and_nothing_else() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    rooms = set(settings["tool"]["importlinter"]["root_packages"])
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}

    assert "*" in lines
    assert rooms <= allowed
    assert allowed - rooms == {
        "app.py",
        "commands.py",
        "directory",
        "gunicorn.conf.py",
        "migrations",
        "requirements-build.txt",
        "requirements.txt",
    }


def test_docker_itself_can_read_the_compose_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("Docker with its compose command is not installed here")

    finished = subprocess.run([docker, "compose", "config", "--quiet"], cwd=PROJECT, capture_output=True, check=False)

    assert finished.returncode == 0, finished.stderr.decode()
