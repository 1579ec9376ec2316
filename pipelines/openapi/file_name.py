"""File names from hosts, which attackers choose: no traversal, no reserved name, no two hosts in one file."""

from __future__ import annotations

import hashlib
import re

SAFE = r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,118}[a-z0-9_-]|[a-z0-9]"
"""Lower case, as some file systems do not tell cases apart; no dot at either end; no two dots."""
RESERVED = r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?"
"""Windows: device names, with any extension (Microsoft, "Naming Files, Paths, and Namespaces")."""
KEPT_CHARACTERS = 80
HASH_CHARACTERS = 16


def file_name(host: str) -> str:
    """The stem of the host's files: a safe name stays, else a readable rest, `~` and a hash of the host.

    No safe name holds `~`, so a host cannot be made up to hit the file of another.
    """
    if re.fullmatch(SAFE, host) and not re.fullmatch(RESERVED, host):
        return host
    rest = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-")[:KEPT_CHARACTERS] or "host"
    digest = hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARACTERS]
    return f"{rest}~{digest}"
