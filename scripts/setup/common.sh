# SPDX-License-Identifier: Apache-2.0
# Shared by ./run, ./test and the set-up scripts. Sourced, never run. Expects ORRERY_ROOT.

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Where downloads live. Shared by all checkouts of the user; safe to delete at any time.
orrery_cache() {
  if [ -n "${ORRERY_CACHE:-}" ]; then printf '%s' "$ORRERY_CACHE"
  else printf '%s/orrery' "${XDG_CACHE_HOME:-$HOME/.cache}"; fi
}

# Prints the command prefix that gives root, or nothing for root itself; fails where there is no way.
root_prefix() {
  if [ "$(id -u)" -eq 0 ]; then return 0; fi
  if command -v sudo >/dev/null 2>&1; then printf 'sudo'; return 0; fi
  return 1
}

# Makes a Python with the packages of a list of pins (by SHA-256) in the cache, once, and prints its path.
# pinned_python NAME PINS WHAT: folder in the cache, a file of scripts/setup/pins, and what that is for people
pinned_python() {
  local place lock; place="$(orrery_cache)/$1"
  if [ ! -x "$place/bin/python" ]; then
    mkdir -p "$(orrery_cache)"
    exec {lock}>"$place.lock"; flock "$lock"
    if [ ! -x "$place/bin/python" ]; then
      rm -rf "$place.partial"
      python3 -m venv "$place.partial" >&2 || die "Cannot make a Python environment; install python3-venv and try again."
      "$place.partial/bin/python" -m pip install -q --no-cache-dir --require-hashes --only-binary=:all: \
        -r "$ORRERY_ROOT/scripts/setup/pins/$2" >&2 ||
        die "pip could not install $3; its reason stands above. The pinned versions are for Python 3.11 on x86-64."
      mv "$place.partial" "$place"
    fi
    exec {lock}>&-
  fi
  printf '%s\n' "$place/bin/python"
}
