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
