"""A real Chromium, and the product really served with a rota to ring from."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.callbacks.conftest import a_rota

__all__ = ["a_rota"]


@pytest.fixture
def base(app: Flask, served: str, a_rota: None) -> str:
    """The address of the product, with people on shift."""
    return served
