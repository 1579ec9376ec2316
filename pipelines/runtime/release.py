"""Version of the installed package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def package_version(uninstalled: str = "0") -> str:
    """Returns the package's version, or `uninstalled` if an archive has none."""
    try:
        return version("apicensus")
    except PackageNotFoundError:
        return uninstalled
