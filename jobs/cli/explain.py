"""Command line of `apicensus explain`; jobs/explain.py does the work."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from jobs.cli import command
from pipelines.runtime.errors import InputError
from pipelines.workflows.run import start_run

ADDRESS = re.compile(r"(?:[a-z]+://)?(?P<host>[^/?#]+)(?P<path>/[^?#]*)", re.IGNORECASE)


def explain(
    path: Annotated[
        str, typer.Argument(help="A path, or a host and path (https://host/path).", metavar="PATH")
    ],
    host: Annotated[str | None, typer.Option("--host", help="Host of the path.", metavar="HOST")] = None,
    settings: command.SettingsFile = None,
    warehouse: command.WarehouseRoot = "warehouse",
    as_json: command.AsJson = False,
) -> None:
    """Explains the template of a path, and why its endpoints are listed or not.

    For each segment: whether it is literal or variable, who decided, and the evidence. For each method: probability,
    threshold, the reduction for the host, counts and reasons.

    \b
    Examples:
      apicensus explain /users/me --host api.example.com
      apicensus explain https://api.example.com/users/42/orders --warehouse /data/census
    """
    run = start_run("explain", settings, warehouse, as_json, writes=False)
    address = ADDRESS.fullmatch(path) if not path.startswith("/") else None
    if not path.startswith("/") and address is None:
        raise InputError(
            path,
            "expected a path that begins with / or a URL",
            "Example: /users/42 --host api.example.com",
        )
    asked, host = (address["path"], host or address["host"].lower()) if address else (path, host)
    from jobs.explain import explain_path

    explain_path(run, asked, host)


main = command.as_program(explain)
