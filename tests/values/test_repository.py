"""House rules that linters do not check.

Size, names, machine paths, pinned versions, settings.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from pydantic import BaseModel

from pipelines.runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "pipelines",
    "ml",
    "jobs",
    "scripts",
    "tests",
    "benchmarks",
    "conf",
    "docs",
    "notebooks",
    ".ci",
    "examples",
)
SOURCES = sorted(
    file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py") if "__pycache__" not in file.parts
)
TEXT_SUFFIXES = {
    ".py",
    ".sh",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".conf",
    ".properties",
    ".ipynb",
    ".html",
    ".js",
    ".css",
    "",
}

FILE_LINES = 400
FUNCTION_LINES = 50
DOCSTRING_CHARACTERS = 80
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager"}

# Paths that exist on one machine only. The pattern is assembled, so that this file does not match.
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])/(?:work|root|tmp/w|home/\w+|Users/\w+)" + r"/")
SHARED_MATERIAL = re.compile(r"\.\./" + r"shared\b")

# Pinned versions with a reason (docs/adr); the rest may change with the lock file.
PINS = {
    "pyspark": "==4.2.0",
    "delta-spark": "==4.4.0",
    "pandas": "<3",
    "catboost": "==1.2.10",
    "mlflow": "==3.17.2",
    "great-expectations": "==1.24.1",
    "numba": "==0.68.*",
    "openapi-spec-validator": "==0.8.5",
    "scikit-learn": "==1.9.*",
}


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked_versions() -> dict[str, Version]:
    """Returns package → version for requirements.lock."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = (re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line) for line in lines)
    return {pin[1].lower(): Version(pin[2]) for pin in pins if pin}


def text_files() -> Iterator[tuple[Path, str]]:
    """Yields every text file that is written by hand.

    Without the lock file, the licence and this machine's environment.
    """
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*")] + list(ROOT.glob("*"))
    for file in files:
        written = file.is_file() and file.suffix in TEXT_SUFFIXES and "__pycache__" not in file.parts
        if written and file.name not in {"requirements.lock", "LICENSE"}:
            yield file, file.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("file", SOURCES, ids=relative)
def test_file_is_short_and_so_are_its_functions(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count("\n") < FILE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines < FUNCTION_LINES, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("file", SOURCES, ids=relative)
def test_names_say_what_a_thing_is(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    kept = [
        name for name in defined if not name.startswith("test_")
    ]  # names of tests are sentences, in plain English
    for name in [*relative(file).removesuffix(".py").split("/"), *kept]:
        words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}
        assert not words & EMPTY_NAMES, name


@pytest.mark.parametrize("file", SOURCES, ids=relative)
def test_first_line_of_a_docstring_is_short(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    lines = [(ast.get_docstring(node) or "").partition("\n")[0] for node in nodes]
    assert [line for line in lines if len(line) > DOCSTRING_CHARACTERS or line.startswith("What ")] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    places = [
        f"{relative(file)}: {match[0]}"
        for file, text in text_files()
        if (match := MACHINE_PATHS.search(text))
    ]
    assert places == []


def test_the_product_does_not_refer_to_the_benchmark_material_next_to_it() -> None:
    product = ("pipelines/", "ml/", "jobs/", "conf/", "scripts/", "examples/")
    places = [
        relative(file)
        for file, text in text_files()
        if relative(file).startswith(product) and SHARED_MATERIAL.search(text)
    ]
    assert places == []


@pytest.mark.parametrize("name", PINS)
def test_lock_holds_the_version_that_works(name: str) -> None:
    assert locked_versions()[name] in Requirement(name + PINS[name]).specifier


def test_lock_satisfies_the_declared_dependencies() -> None:
    declared = project()["project"]
    wanted = [
        Requirement(text) for text in declared["dependencies"] + declared["optional-dependencies"]["dev"]
    ]
    versions = locked_versions()
    missing = [str(one) for one in wanted if versions[one.name.lower()] not in one.specifier]
    assert missing == [], "run the uv command in the lock's first lines"


def test_lock_has_hashes_and_no_download_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=[A-Za-z0-9._-]+==)", text)[1:]
    assert len(entries) > 100
    assert [entry.split("==")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"(?m)://|^\s*--(?:extra-)?(?:index|find)", text) == []


def test_jar_of_delta_has_the_version_of_its_python_package() -> None:
    conf = (ROOT / "conf/spark-defaults.conf").read_text(encoding="utf-8")
    package = re.search(r"(?m)^spark\.jars\.packages\s+io\.delta:delta-spark_([\d.]+)_2\.13:([\d.]+)$", conf)
    assert package is not None
    versions = locked_versions()
    assert package[1] == f"{versions['pyspark'].major}.{versions['pyspark'].minor}"
    assert package[2] == str(versions["delta-spark"])


def test_every_make_target_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?m)^([a-z-]+):(.*)$", text)
    assert {"help", "setup", "demo", "test", "test-quick", "lint", "bench", "package", "mlflow", "clean"} <= {
        name for name, _ in targets
    }
    assert [name for name, rest in targets if not re.search(r"## \w", rest)] == []
    phony = re.search(r"(?m)^\.PHONY: (.*)$", text)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(name for name, _ in targets)


def test_no_job_script_shadows_a_library() -> None:
    """`spark-submit jobs/x.py` puts jobs/ first on sys.path.

    `import delta` would find jobs/delta.py.
    """
    scripts = {file.stem for file in (ROOT / "jobs").glob("*.py")} - {"__init__", "__main__"}
    assert scripts & sys.stdlib_module_names == set()
    assert scripts & set(metadata.packages_distributions()) == set()


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CODE_OF_CONDUCT.md",
        "LICENSE",
        ".ci/run",
        ".github/workflows/ci.yml",
        ".github/PULL_REQUEST_TEMPLATE.md",
        "docs/methods.md",
    ],
)
def test_file_that_people_look_for_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def declared_settings(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Returns the dotted paths of the settings model, including those of sections."""
    paths = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            paths |= declared_settings(inner, f"{prefix}{name}.")
        else:
            paths.add(prefix + name)
    return paths


def written_settings() -> dict[str, tuple[int, int]]:
    """Returns the place of every `section.key` of conf/default.yaml.

    Dotted path → its line (from 0) and the line of its section.
    """
    tree = yaml.compose((ROOT / "conf/default.yaml").read_text(encoding="utf-8"))
    assert isinstance(tree, yaml.MappingNode)
    return {
        f"{section.value}.{key.value}": (key.start_mark.line, section.start_mark.line)
        for section, body in tree.value
        for key, _ in body.value
    }


def test_default_settings_and_model_hold_the_same_keys() -> None:
    assert set(written_settings()) == declared_settings(Settings)


@pytest.mark.parametrize("path", sorted(written_settings()))
def test_setting_is_explained(path: str) -> None:
    """Each setting needs a comment directly above it.

    It may be shared with the keys above if it names this one.
    """
    lines = (ROOT / "conf/default.yaml").read_text(encoding="utf-8").splitlines()
    row, section = written_settings()[path]
    row -= 1
    shared = not lines[row].lstrip().startswith("#")
    while row > section and not lines[row].lstrip().startswith("#"):
        row -= 1
    comment: list[str] = []
    while row > section and lines[row].lstrip().startswith("#"):
        comment.insert(0, lines[row].strip("# "))
        row -= 1
    explanation = " ".join(comment).lower()
    assert len(explanation) > len("milliseconds")
    if shared:
        key = path.split(".")[1]
        assert key in explanation or key.replace("_", " ") in explanation
