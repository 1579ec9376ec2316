# shellcheck shell=bash
# Functions for the system's package manager, for set-up scripts to source. All messages go to standard error.
# APICENSUS_DRY_RUN=1 prints the installation commands and installs nothing.

# as_root COMMAND...: runs it as root, with sudo if sudo asks for no password.
# Returns 1 if it can do neither.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

# Succeeds if as_root can run a command.
can_be_root() {
  as_root true
}

# Prints the name of the package manager that may be used here; returns 1 if there is none.
# Homebrew comes last and refuses to run as root.
package_manager() {
  local manager
  for manager in apt-get dnf yum apk zypper pacman; do
    if command -v "$manager" >/dev/null 2>&1 && can_be_root; then
      echo "$manager"
      return 0
    fi
  done
  if command -v brew >/dev/null 2>&1 && [ "$(id -u)" -ne 0 ]; then
    echo brew
    return 0
  fi
  return 1
}

# install_with MANAGER PACKAGE: installs one package without questions; returns the manager's exit code.
install_with() {
  local manager=$1 package=$2
  local -a command
  case "$manager" in
    apt-get) command=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package") ;;
    dnf | yum) command=("$manager" install -y "$package") ;;
    apk) command=(apk add --no-cache "$package") ;;
    zypper) command=(zypper --non-interactive install "$package") ;;
    pacman) command=(pacman -S --noconfirm --needed "$package") ;;
    brew) command=(brew install "$package") ;;
  esac
  if [ "${APICENSUS_DRY_RUN:-}" = 1 ]; then
    echo "would run: ${command[*]}" >&2
  elif [ "$manager" = brew ]; then
    "${command[@]}" </dev/null >&2
  else
    as_root "${command[@]}" </dev/null >&2
  fi
}

# install_first MANAGER PACKAGE...: installs the first package that the manager has; returns 1 if it has none.
install_first() {
  local manager=$1 package
  shift
  if [ "$manager" = apt-get ] && [ "${APICENSUS_DRY_RUN:-}" != 1 ]; then
    as_root apt-get update -qq </dev/null >&2 || echo "apt-get update failed; trying with the present package lists" >&2
  fi
  for package in "$@"; do
    if install_with "$manager" "$package"; then
      return 0
    fi
  done
  return 1
}
