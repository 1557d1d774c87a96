#!/usr/bin/env bash
# Installs Debian packages that are missing, as root. Every call of apt in this project goes through here: while another program
# (apt, unattended-upgrades) holds apt's lock, it says so and waits. Usage: ./apt-install.sh PACKAGE...
set -euo pipefail
wait_s=${APT_WAIT_S:-1200}

say() { printf '\033[1m[setup]\033[0m %s\n' "$*" >&2; }

steps() { awk '/^(Get:|Unpacking|Setting up)/ { n++; printf "\r[setup]     %d steps…", n > "/dev/stderr" } END { if (n) printf "\n" > "/dev/stderr" }'; }

apt_get() {
  local log said='' began=$SECONDS
  log=$(mktemp)
  until apt-get -o DPkg::Lock::Timeout=5 "$@" 2>&1 | tee "$log" | steps; do
    if ! grep -qE 'Could not get lock|Unable to (acquire|lock)' "$log"; then tail -n 20 "$log" >&2; say "apt-get $1 failed"; return 1; fi
    if [ $((SECONDS - began)) -ge "$wait_s" ]; then
      say "apt is still in use after $wait_s s: $(grep -oE 'held by process .*' "$log" | head -n 1); end that program and run this again"; return 1
    fi
    [ -n "$said" ] || say "another program is using apt ($(grep -oE 'held by process .*' "$log" | head -n 1)); waiting until it is done"
    said=1
    sleep 2
  done
  rm -f "$log"
}

missing=()
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
  say "these Debian packages are missing: ${missing[*]}"
  say "run as root, or ask your administrator to install them"
  exit 1
fi
say "installing ${#missing[@]} Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# The services that these packages bring are started by ourselves, on ports and in folders of our own.
policy=${APT_POLICY_FILE:-/usr/sbin/policy-rc.d}
made_policy=
if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made_policy=1; fi
trap '[ -z "$made_policy" ] || rm -f "$policy"' EXIT
apt_get update -q
apt_get install -y -q --no-install-recommends "${missing[@]}"
