"""The same traffic as a poorer log has it.

So that accuracy can be measured per kind of log. Reads Logpush-style NDJSON (plain or gzip) and writes files of the same names
without what the level does not log. RayIDs, and so the truth, stay as they are.

usage: python -m benchmarks poorer_logs TRAFFIC.ndjson.gz... --level combined --out FOLDER
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Any

import orjson

LEVELS = {
    "no-media-type": (),
    "standard": ("RequestHeaders", "ResponseHeaders", "Cookies", "RequestBody"),
    "combined": (
        *("EdgeResponseContentType", "RequestHeaders", "ResponseHeaders", "Cookies", "RequestBody"),
        "ClientRequestBytes",
    ),
}
"""Fields that each level does not log. Standard is Logpush without custom fields; combined is Apache's format."""
LEVELS["common"] = (*LEVELS["combined"], "ClientRequestUserAgent", "ClientRequestReferer")


def reduce_record(record: dict[str, Any], level: str) -> dict[str, Any]:
    """Returns the record as a log of this level, one of `LEVELS`, has it."""
    kept = {name: value for name, value in record.items() if name not in LEVELS[level]}
    if level == "no-media-type":
        kept.pop("EdgeResponseContentType", None)
        headers = kept.get("ResponseHeaders") or {}
        kept["ResponseHeaders"] = {
            name: value for name, value in headers.items() if name.lower() != "content-type"
        }
    return kept


def reduce_file(source: Path, target: Path, level: str) -> int:
    """Writes one file, compressed, and returns its number of records."""
    content = source.read_bytes()
    lines = (gzip.decompress(content) if source.suffix == ".gz" else content).splitlines()
    reduced = [orjson.dumps(reduce_record(orjson.loads(line), level)) for line in lines if line.strip()]
    target.write_bytes(gzip.compress(b"\n".join([*reduced, b""]), compresslevel=1))
    return len(reduced)


def main() -> None:
    """Writes the files and prints their numbers of records."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("traffic", nargs="+", type=Path)
    parser.add_argument("--level", choices=[*LEVELS], required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for source in options.traffic:
        name = source.name if source.suffix == ".gz" else f"{source.name}.gz"
        print(f"{reduce_file(source, options.out / name, options.level):,} records in {options.out / name}")


if __name__ == "__main__":
    main()
