#!/usr/bin/env bash
# Sets up a fresh machine: finds or installs Java, installs the packages of requirements.lock in .venv (with uv, otherwise
# pip) and the project itself as an editable install, and fetches Delta's jars. Does nothing if nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/system_packages.sh
. scripts/system_packages.sh

VENV=.venv
PYTHON=$VENV/bin/python
LOG=$VENV/setup.log
STAMP=$VENV/setup.stamp
JAVA=$VENV/java_home

say() {
  echo "setup: $*" >&2
}

fail() {
  say "$*"
  exit 1
}

# Checksum of everything that the environment depends on: the lock, the project's metadata, the jars, these scripts, and the
# folder, since console commands contain their absolute path (a copied tree must not run the code of the original).
fingerprint() {
  { pwd -P; cat requirements.lock pyproject.toml conf/spark-defaults.conf scripts/*.sh; } | cksum
}

is_done() {
  [ "$(cat "$STAMP" 2>/dev/null)" = "$1" ] && [ -x "$(cat "$JAVA" 2>/dev/null)/bin/java" ] && "$PYTHON" -c '' 2>/dev/null
}

# logged COMMAND...: runs it with its output in the log and reports every 20 seconds that it still runs.
logged() {
  local job waited=0
  echo "\$ $*" >>"$LOG"
  "$@" >>"$LOG" 2>&1 </dev/null &
  job=$!
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
    if [ $((waited % 20)) -eq 0 ]; then
      say "  still running after $waited s: $(tail -n 1 "$LOG" | LC_ALL=C tr -cd "[:print:]" | cut -c 1-90)"
    fi
  done
  wait "$job"
}

# Shows the end of the log, so that the cause is on the screen.
fail_with_log() {
  tail -n 15 "$LOG" >&2
  fail "$* The complete log is $LOG."
}

# An environment of this folder with a supported Python is kept and updated.
usable_environment() {
  grep -qF "$PWD/$VENV" "$VENV/bin/activate" 2>/dev/null &&
    "$PYTHON" -c 'import sys; assert (3, 11) <= sys.version_info < (3, 13)' 2>/dev/null
}

make_environment() {
  if usable_environment; then
    return
  fi
  if [ -e "$VENV" ]; then
    say "$VENV is not an environment for this folder with Python 3.11 or 3.12; making a new one"
    rm -rf "$VENV"
  fi
  if has_uv; then
    say "making $VENV with uv"
    uv venv --quiet --python '>=3.11,<3.13' "$VENV" || fail "uv found no Python 3.11 or 3.12 and could not fetch one. Install one, then run again."
  else
    local python
    python=$(scripts/find_python.sh)
    say "making $VENV with $python"
    with_ensurepip "$python"
    "$python" -m venv "$VENV"
  fi
}

has_uv() {
  command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1
}

# Debian and Ubuntu have the second half of the venv module in a package of its own.
with_ensurepip() {
  local manager
  if "$1" -c 'import ensurepip' 2>/dev/null; then
    return
  fi
  manager=$(package_manager) || manager=none
  if [ "$manager" = apt-get ]; then
    say "this Python has no venv module; installing it with apt-get"
    install_first apt-get "python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" python3-venv || true
  fi
  "$1" -c 'import ensurepip' 2>/dev/null || fail "$1 cannot make virtual environments. Debian, Ubuntu: sudo apt-get install python3-venv. Then run again."
}

install_packages() {
  local number
  local -a install
  number=$(grep -c '^[A-Za-z0-9]' requirements.lock)
  if has_uv; then
    say "installing $number packages with uv (about 2 GB on disk; minutes on a first download)"
    install=(uv pip install --python "$PYTHON")
  else
    say "installing $number packages with pip (about 2 GB on disk; several minutes)"
    "$PYTHON" -m pip --version >/dev/null 2>&1 || "$PYTHON" -m ensurepip >>"$LOG"
    install=("$PYTHON" -m pip install --disable-pip-version-check --no-input --progress-bar off)
  fi
  logged "${install[@]}" --require-hashes -r requirements.lock || fail_with_log "Packages could not be installed: is there network?"
  # hatchling is in the lock, so nothing is fetched without a hash here.
  logged "${install[@]}" --no-deps --no-build-isolation -e . || fail_with_log "The project could not be installed in $VENV."
}

fetch_jars() {
  say "fetching Delta's jars (Ivy cache)"
  JAVA_HOME=$(cat "$JAVA") PYSPARK_PYTHON=$PYTHON SPARK_CONF_DIR=conf logged "$VENV/bin/spark-submit" scripts/fetch_jars.py ||
    fail_with_log "Delta's jars could not be fetched: can Maven Central be reached? (spark.jars.ivySettings in conf/spark-defaults.conf names a mirror.)"
}

# The archive only makes starts quicker, so a failure is not an error.
archive_classes() {
  say "making a class archive for Java (about 215 MB; sessions start quicker with it)"
  JAVA_HOME=$(cat "$JAVA") PYSPARK_PYTHON=$PYTHON logged "$PYTHON" scripts/archive_classes.py || say "  it could not be made; Java starts without it"
}

main() {
  local wanted java
  wanted=$(fingerprint)
  if is_done "$wanted"; then
    return
  fi
  java=$(scripts/find_java.sh)
  say "Java: $java"
  make_environment
  : >"$LOG"
  echo "$java" >"$JAVA"
  install_packages
  fetch_jars
  archive_classes
  echo "$wanted" >"$STAMP"
  say "done in $SECONDS s"
}

main "$@"
