"""A masked path → its steps, of one value: what `steps.steps` and `steps.typed_steps` do with columns. Value layer."""

from __future__ import annotations

from pipelines.paths.segments import PART, TYPED, VARIABLE_STEP, compiled

_PART, _TYPED = compiled(PART), compiled(TYPED)


def steps(path: str) -> list[str]:
    """`/users/7.json` → `/users`, `/7`, `.json`: their texts, joined, are the path."""
    first, *segments = path.split("/")
    cut = [first] if first or not segments else []
    cut += ["/" + segment for segment in segments]
    last = cut[-1]
    if "." in last or ":" in last:
        found = _PART.search(last)
        if found is not None:
            cut[-1:] = [last[: found.start()], last[found.start() :]]
    return cut


def typed_steps(path: str) -> list[str]:
    """The first guess: the steps, with `/{}` for what has the form of an identifier and is no version."""
    return steps(_TYPED.sub(VARIABLE_STEP, path))
