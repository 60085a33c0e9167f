"""What `make run` decides before anything starts."""

import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from foundation.one_machine import (
    CannotRun,
    kept_secrets,
    only_run_here,
    product_environment,
    read_choices,
    require_free_port,
    run,
)

KEPT = {"SECRET_KEY": "kept", "FIELD_KEYS": "kept", "TWILIO_ACCOUNT_SID": "ACkept", "TWILIO_AUTH_TOKEN": "kept"}


def environment(**around: str) -> dict[str, str]:
    return product_environment(
        around=around,
        kept=KEPT,
        database_url="postgresql://here",
        redis_url="redis://here",
        port=9000,
        simulator_port=9010,
    )


def test_a_real_twilio_account_in_the_environment_is_never_used_with_demo_data() -> None:
    given = environment(
        TWILIO_ACCOUNT_SID="ACreal",
        TWILIO_AUTH_TOKEN="real",
        TWILIO_AUTH_TOKEN_FILE="/run/secrets/real",
        TWILIO_MESSAGING_SERVICE_SID="MGreal",
        TWILIO_API_BASE_URL="",
    )

    assert "real" not in "".join(value for name, value in given.items() if name.startswith("TWILIO_"))
    assert given["TWILIO_API_BASE_URL"] == "http://127.0.0.1:9010"
    assert given["RINGBACK_DEMO"] == "1"


def test_a_file_with_a_setting_does_not_overrule_the_servers_that_were_chosen() -> None:
    given = environment(DATABASE_URL_FILE="/run/secrets/elsewhere", FIELD_KEYS_FILE="/run/secrets/other")

    assert given["DATABASE_URL"] == "postgresql://here"
    assert not {name for name in given if name.endswith("_FILE")}


def test_keys_and_names_that_a_person_set_are_respected() -> None:
    given = environment(FIELD_KEYS="mine", SERVICE_NAME="Our helpline", PUBLIC_BASE_URL="https://example.org")

    assert (given["FIELD_KEYS"], given["SECRET_KEY"]) == ("mine", "kept")
    assert (given["SERVICE_NAME"], given["PUBLIC_BASE_URL"]) == ("Our helpline", "https://example.org")


def test_without_any_setting_everything_has_its_usual_place(tmp_path: Path) -> None:
    choices = read_choices({"RUN_DIR": str(tmp_path)})

    assert (choices.port, choices.simulator_port, choices.directory) == (8000, 8010, tmp_path)
    assert (choices.database_url, choices.redis_url) == (None, None)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "eight", "8000 ", "٨"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(CannotRun, match="SIMULATOR_PORT must be a port number"):
        read_choices({"SIMULATOR_PORT": port})


def test_a_taken_port_is_said_with_what_to_do() -> None:
    said = pytest.raises(CannotRun, match=r"Port \d+ is taken .* make run PORT=8100")
    with socket.create_server(("127.0.0.1", 0)) as taken, said:
        require_free_port(taken.getsockname()[1], name="PORT")


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    first = kept_secrets(tmp_path / "secrets")
    second = kept_secrets(tmp_path / "secrets")

    assert first == second
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 32
    Fernet(first["FIELD_KEYS"]).encrypt(b"works")
    assert kept_secrets(tmp_path / "others") != first


def test_a_second_run_in_the_same_directory_is_refused_and_told_how_to_go_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_run_here(tmp_path):
        status = run({"RUN_DIR": str(tmp_path)}, stop_with_parent=False)

    assert status == 1
    assert "It is running already" in capsys.readouterr().out
    with only_run_here(tmp_path):
        pass  # the lock ended with the block


def test_a_command_gets_throwaway_servers_and_its_own_exit_status() -> None:
    code = (
        "import os, psycopg, redis\n"
        "assert psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1').fetchone() == (1,)\n"
        "assert redis.Redis.from_url(os.environ['REDIS_URL']).ping()\n"
        "raise SystemExit(7)"
    )
    finished = subprocess.run(
        [sys.executable, "-m", "foundation.one_machine", "with-servers", "--", "python", "-c", code], check=False
    )

    assert finished.returncode == 7
