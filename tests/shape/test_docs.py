"""The documents are true of names: commands, settings, log events, tables and links are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from flask import Flask

from app import Settings
from commands import CHECKS
from foundation.database import Row
from tests.shape.source import JOINS, PROJECT, ROOMS

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), PROJECT / "simulator" / "README.md"])
ADMINISTRATION = {"db", "routes", "run", "shell"}
"""Commands that Flask and Flask-Migrate bring along."""


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def headings(document: str) -> set[str]:
    """The anchors that a heading can be linked by, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(document: str) -> list[str]:
    """The places that a document points to, without those on the web."""
    found = re.findall(r"\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"", document)
    return [link for pair in found for link in pair if link and not re.match(r"[a-z]+:", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = []
    for link in links(document.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in headings(target.read_text(encoding="utf-8"))):
            broken.append(link)

    assert broken == []


def test_every_make_command_in_the_documents_exists() -> None:
    there = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))
    named = {word for path in DOCUMENTS for word in re.findall(r"`?\bmake ([a-z-]+)[` \n]", _code(path))}

    assert named - there == set()


def test_every_command_of_ours_in_the_documents_exists(app: Flask) -> None:
    there = set(app.cli.commands) | ADMINISTRATION
    named = {word for path in DOCUMENTS for word in re.findall(r"flask --app app ([a-z-]+)", _code(path))}

    assert named - there == set()


def _code(path: Path) -> str:
    """What a document shows as code: between back-ticks, in fences and in indented blocks."""
    text = path.read_text(encoding="utf-8")
    return "\n".join([*re.findall(r"```.*?```", text, re.DOTALL), *re.findall(r"`[^`\n]+`", text), *_indented(text)])


def _indented(text: str) -> list[str]:
    return [f"{line}\n" for line in text.splitlines() if line.startswith("    ")]


def test_every_setting_is_in_the_table_of_settings() -> None:
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/operations.md"), re.MULTILINE))

    assert set(Settings.model_fields) - listed == set()


def test_the_table_of_settings_shows_the_present_defaults() -> None:
    shown = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", read("docs/operations.md"), re.MULTILINE))

    for name, field in Settings.model_fields.items():
        if field.is_required():
            assert shown[name] == "required", name
        elif field.default in ("", []):
            assert shown[name] == "empty", name
        else:
            plain = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert shown[name].strip("`").lower() == plain.lower(), name


def test_every_line_of_preflight_is_explained() -> None:
    explained = set(re.findall(r"^\| ([A-Z][^|`]+) \|", read("docs/operations.md"), re.MULTILINE))

    assert {name for name, _ in CHECKS} - explained == set()


def test_every_event_in_the_log_is_explained() -> None:
    sources = [PROJECT / name for name in JOINS]
    sources += [path for room in ROOMS for path in (PROJECT / room).rglob("*.py")]
    call = re.compile(r"\b(?:log\.(?:debug|info|warning|error|exception|critical)|level)\(\s*\"(\w+)\"")
    events = {event for path in sources for event in call.findall(path.read_text(encoding="utf-8"))}

    assert events
    assert events - set(re.findall(r"`(\w+)`", read("docs/operations.md"))) == set()


def test_every_table_is_in_the_account_of_what_is_kept() -> None:
    listed = {
        name
        for cells in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", read("docs/privacy.md"), re.MULTILINE)
        for name in re.findall(r"`(\w+)`", cells)
    }

    assert set(Row.metadata.tables) - listed == set()


def test_every_number_of_a_decision_is_used_once() -> None:
    numbers = [path.name[:4] for path in sorted((PROJECT / "docs" / "adr").glob("*.md"))]

    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]


def test_every_setting_reaches_the_containers() -> None:
    services = yaml.safe_load(read("docker-compose.yml"))["services"]
    settings = set(Settings.model_fields) - {"REHEARSAL_CLOCK"}

    for name in ("web", "worker", "timekeeper", "migrate", "worker-rehearsal"):
        given = services[name]["environment"]
        assert [setting for setting in settings if setting not in given and f"{setting}_FILE" not in given] == []
