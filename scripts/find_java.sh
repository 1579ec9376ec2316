#!/usr/bin/env bash
# Prints the home of a Java that Spark 4.2 runs on (17 or newer): JAVA_HOME, then PATH, then the usual folders, otherwise one
# that the system's package manager installs. If that is not allowed, exits with 1 and says how to install one.
#
# APICENSUS_JAVA_SEARCH  folders instead of the usual ones, separated by colons, globs allowed; empty = search none,
#                        neither folders nor after an installation (for testing).
# APICENSUS_DRY_RUN=1    prints the installation commands and installs nothing.
set -euo pipefail
# shellcheck source=scripts/system_packages.sh
. "$(dirname "$0")/system_packages.sh"

MINIMUM=17
USUAL="/usr/lib/jvm/*:/usr/java/*:/opt/java*:/opt/java/*:/opt/*jdk*:/opt/*jre*:/Library/Java/JavaVirtualMachines/*/Contents/Home"
USUAL="$USUAL:${HOME:-}/.sdkman/candidates/java/*:${HOME:-}/.jdks/*"
if command -v brew >/dev/null 2>&1; then # its Java is not linked onto PATH
  USUAL="$USUAL:$(brew --prefix)/opt/openjdk*"
fi

# version_and_home JAVA: prints "17 /usr/lib/jvm/..." as that Java reports it; nothing if it does not run.
version_and_home() {
  "$1" -XshowSettings:properties -version 2>&1 </dev/null | awk -F ' = ' '
    $1 ~ /java\.specification\.version$/ { version = $2 }
    $1 ~ /java\.home$/ { home = $2 }
    END { sub(/^1\./, "", version); if (version != "" && home != "") print int(version), home }' || true
}

# accept JAVA: prints its home and succeeds if its version is new enough; otherwise adds it to SEEN.
SEEN=""
accept() {
  local found
  [ -x "$1" ] || return 1
  found=$(version_and_home "$1")
  if [ -n "$found" ] && [ "${found%% *}" -ge "$MINIMUM" ]; then
    echo "${found#* }"
    return 0
  fi
  SEEN="$SEEN $1 (version ${found%% *})"
  return 1
}

# The usual folders: 17 first, since the project is tested with it, then 21, then any newer version.
search_folders() {
  local folder wanted version_home
  local IFS=:
  # Unquoted on purpose: the value is a list of globs.
  # shellcheck disable=SC2206
  local -a folders=(${APICENSUS_JAVA_SEARCH-$USUAL})
  for wanted in 17 21 any; do
    for folder in ${folders[@]+"${folders[@]}"}; do
      [ -x "$folder/bin/java" ] || continue
      version_home=$(version_and_home "$folder/bin/java")
      if [ "${version_home%% *}" = "$wanted" ]; then
        echo "${version_home#* }"
        return 0
      fi
      if [ "$wanted" = any ] && accept "$folder/bin/java"; then
        return 0
      fi
    done
  done
  return 1
}

search() {
  { [ -n "${JAVA_HOME:-}" ] && accept "$JAVA_HOME/bin/java"; } && return 0
  { command -v java >/dev/null 2>&1 && accept "$(command -v java)"; } && return 0
  search_folders
}

# Distributions drop old versions: Debian 13 has no 17, so each list goes on to the next long-term version.
install() {
  local manager
  manager=$(package_manager) || return 1
  echo "setup: no Java $MINIMUM or newer found; installing one with $manager" >&2
  case "$manager" in
    apt-get) install_first "$manager" openjdk-17-jre-headless openjdk-21-jre-headless openjdk-25-jre-headless default-jre-headless ;;
    dnf | yum) install_first "$manager" java-17-openjdk-headless java-21-openjdk-headless java-latest-openjdk-headless ;;
    apk) install_first "$manager" openjdk17-jre-headless openjdk21-jre-headless ;;
    zypper) install_first "$manager" java-17-openjdk-headless java-21-openjdk-headless ;;
    pacman) install_first "$manager" jre17-openjdk-headless jre21-openjdk-headless ;;
    brew) install_first "$manager" openjdk@17 ;;
  esac
}

if search || { install && search; }; then
  exit 0
fi
cat >&2 <<MESSAGE
setup: Spark needs Java $MINIMUM or newer, and none was found (JAVA_HOME, PATH, the usual folders).${SEEN:+ Too old:$SEEN.}
It could not be installed from here: no known package manager, or neither root nor sudo without a password. Install it yourself:
  Debian, Ubuntu    sudo apt-get install openjdk-17-jre-headless   (or openjdk-21-jre-headless)
  Fedora, RHEL      sudo dnf install java-21-openjdk-headless
  openSUSE          sudo zypper install java-17-openjdk-headless
  Arch              sudo pacman -S jre17-openjdk-headless
  macOS             brew install openjdk@17
or unpack any Java 17 and set JAVA_HOME to its folder. Then run the same command again.
MESSAGE
exit 1
