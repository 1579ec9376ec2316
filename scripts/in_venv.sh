#!/usr/bin/env bash
# in_venv.sh COMMAND...: runs a command in the environment that set-up made: .venv first on PATH, and the Java that was found.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
if [ ! -f "$root/.venv/java_home" ]; then
  echo "There is no environment yet: run \`make setup\`." >&2
  exit 2
fi
JAVA_HOME=$(cat "$root/.venv/java_home")
export JAVA_HOME PATH="$root/.venv/bin:$PATH" PYSPARK_PYTHON="$root/.venv/bin/python"
exec "$@"
