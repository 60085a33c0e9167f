"""Style sheets, scripts and the icon: read once, named by their content, kept by browsers for a year."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"

TYPES: Final[dict[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file, ready to be sent."""

    name: str
    body: bytes
    zipped: bytes
    digest: str
    """Stands in the address, so that a changed file has a new address and an unchanged one is never asked for again."""
    content_type: str


def read_assets(folder: Path = FOLDER) -> dict[str, Asset]:
    """Every asset by its name."""
    return {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in TYPES}


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    if path.suffix == ".css":
        body = smaller(body.decode()).encode()
    return Asset(
        name=path.name,
        body=body,
        zipped=gzip.compress(body, 9, mtime=0),
        digest=hashlib.sha256(body).hexdigest()[:12],
        content_type=TYPES[path.suffix],
    )


def smaller(css: str) -> str:
    """A style sheet without comments and idle spaces. Those around `+` and `-` are not idle."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", css)
    css = re.sub(r":\s+(?=[^{}]*[;}])", ":", css)
    return css.replace(";}", "}").strip()
