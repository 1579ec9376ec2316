"""Packs the checkout's packages into one archive for `spark-submit --py-files`.

`spark-submit --py-files dist/apicensus.zip jobs/discover.py`: if the cluster starts the driver, the script is the only file of
the checkout that it has; everything else comes from this archive.
"""

from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"pipelines": "pipelines", "ml": "ml", "jobs": "jobs", "conf": "pipelines/conf"}


def pack(target: Path) -> None:
    """Writes the archive."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for folder, place in PLACES.items():
            for file in sorted((ROOT / folder).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    out.write(file, Path(place) / file.relative_to(ROOT / folder))
        out.writestr(
            f"apicensus-{version}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: apicensus\nVersion: {version}\n",
        )


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
