"""The demo's names on the simulated handsets."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import requests
from flask import Flask

from foundation.database import transaction
from foundation.one_machine import name_handsets
from rota.operations.demo import load_demo
from tests.conftest import Phones


def test_whose_telephone_rings_stands_on_the_handset(app: Flask, simulator: str) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with app.app_context(), transaction() as session:
        people = load_demo(session, zone=ZoneInfo("Europe/London"), now=now)

    name_handsets(simulator, "\n".join(map(str, people)))

    named = {person.handset.replace(" ", "").replace("0", "+44", 1): person.name for person in people if person.handset}
    handsets = requests.get(f"{simulator}/phones", headers={"Accept": "application/json"}, timeout=5).json()["phones"]
    shown = {handset["number"]: handset["label"] for handset in handsets}
    assert len(named) > 10
    assert named.items() <= shown.items()
    assert Phones(simulator).state("+447700900101")["label"] == named["+447700900101"]
