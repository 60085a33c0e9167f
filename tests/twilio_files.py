"""Where Twilio's own schemas are, if they are on this machine: beside the project, or where the environment says."""

from __future__ import annotations

import os
from pathlib import Path

_BESIDE = Path(__file__).parents[2] / "shared" / "twilio"


def _at_hand(variable: str, name: str) -> Path | None:
    file = Path(os.environ.get(variable) or _BESIDE / name)
    return file if file.is_file() else None


OPENAPI = _at_hand("TWILIO_OPENAPI", "twilio_api_subset.yaml")
"""Twilio's description of its API, or the part of it that is used here."""

TWIML_XSD = _at_hand("TWIML_XSD", "twiml.xsd")
"""Twilio's schema of TwiML."""

OPTIONS = [
    *(["--openapi", str(OPENAPI)] if OPENAPI else []),
    *(["--twiml-xsd", str(TWIML_XSD)] if TWIML_XSD else []),
]
"""What the simulator is told of them."""
