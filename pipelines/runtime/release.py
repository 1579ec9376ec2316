"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version(uninstalled: str = "0") -> str:
    """The package's version, `uninstalled` where it runs from an archive without one."""
    try:
        return version("apicensus")
    except PackageNotFoundError:
        return uninstalled
