#!/usr/bin/env bash
# Prints a Python that the locked packages support (3.11 or 3.12). If there is none, exits with 1 and says how to install one.
set -euo pipefail

for name in python3.11 python3.12 python3 python; do
  # A name on PATH may be a shim that does not run, so each is run.
  if path=$("$name" -c 'import sys; assert (3, 11) <= sys.version_info < (3, 13); print(sys.executable)' 2>/dev/null); then
    echo "$path"
    exit 0
  fi
done
cat >&2 <<'MESSAGE'
setup: Python 3.11 or 3.12 is needed, and none was found as python3.11, python3.12, python3 or python. Install one:
  any system        install uv (its installer needs no rights) and run the same command again: uv brings a Python
  Debian, Ubuntu    sudo apt-get install python3 python3-venv
  Fedora, RHEL      sudo dnf install python3.12
  macOS             brew install python@3.12
MESSAGE
exit 1
