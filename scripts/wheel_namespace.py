"""Hatch's build hook: the wheel holds the single package `apicensus`.

So it does not collide with another project's `ml`, `jobs` or `pipelines`. A checkout keeps its folders at the top, where
`spark-submit jobs/discover.py` finds them. The files of a wheel are the same except for their imports: `from pipelines.http
...` becomes `from apicensus.pipelines.http ...`. Code finds its own files by `__package__` and `__name__`, never by a literal
name. An editable install gets the module `apicensus` only.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("pipelines", "ml", "jobs")
IMPORT = re.compile(rf"^(\s*(?:from|import)\s+)(?=(?:{'|'.join(PACKAGES)})\b)", re.MULTILINE)
ENTRY = '''"""Finds every API endpoint in HTTP traffic that is already logged. Start with `apicensus --help`."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """The console command."""
    from jobs.__main__ import main

    return main(argv)
'''
RUN = "import sys\n\nfrom apicensus import main\n\nsys.exit(main())\n"


def in_namespace(source: str) -> str:
    """Moves imports of the project's packages below `apicensus`."""
    return IMPORT.sub(r"\g<1>apicensus.", source)


class NamespaceHook(BuildHookInterface[Any]):
    """Arranges the packages for the wheel in a temporary folder."""

    folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the package `apicensus` to the wheel."""
        self.folder = Path(tempfile.mkdtemp(prefix="apicensus-wheel-"))
        if version == "editable":
            module = self.folder / "apicensus.py"
            module.write_text(ENTRY, encoding="utf-8")
            build_data["force_include_editable"][str(module)] = "apicensus.py"
            return
        package = self.folder / "apicensus"
        for name in PACKAGES:
            shutil.copytree(
                Path(self.root, name), package / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copytree(
            Path(self.root, "conf"),
            package / "pipelines" / "conf",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (package / "__init__.py").write_text(ENTRY, encoding="utf-8")
        (package / "__main__.py").write_text(RUN, encoding="utf-8")
        for file in package.rglob("*.py"):
            file.write_text(in_namespace(file.read_text("utf-8")), encoding="utf-8")
        build_data["force_include"][str(package)] = "apicensus"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatch's signature
        """Removes the temporary folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder)
