# SPDX-License-Identifier: AGPL-3.0-only
# shellcheck shell=bash
# Shared by the scripts in ci/: messages, packages, building, and starting and stopping daemons.
# Source it in bash. Daemons have names; everything of daemon X is $WORK/X.*.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROGRAM=${ZEROFS_PROGRAM:-$ROOT/zerofs-cli/target/zerofs}
ME=${0##*/}
TEST_CACHE=        # see work_directory; outside tests the program's own
WORK=              # scratch directory of this script, see work_directory
SKIPPED=77         # exit status of a test that cannot run here
START_SECONDS_MAX=180   # an overloaded machine is slow, a hang is still found
STOP_SECONDS_MAX=60

say() { echo "$ME: $*" >&2; }
die() { say "$*"; exit 1; }
skip() { say "skipped: $*"; exit $SKIPPED; }

# need COMMAND PACKAGE...: makes sure that a command is there, by installing a Debian package if we may.
need() {
  command -v "$1" >/dev/null && return
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo -n)
  command -v apt-get >/dev/null || die "$1 is missing; please install it"
  say "installing ${*:2}"
  "${root[@]}" true 2>/dev/null || die "$1 is missing; please install it (Debian: apt-get install ${*:2})"
  local log; log=$(mktemp)
  local install=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}")
  "${install[@]}" >"$log" 2>&1 || { "${root[@]}" apt-get update -qq && "${install[@]}"; } >"$log" 2>&1 ||
    { cat "$log" >&2; die "cannot install ${*:2}"; }
  rm -f "$log"
}

need_toolchain() {
  command -v javac >/dev/null || command -v mvn >/dev/null || need javac openjdk-17-jdk-headless maven
  need javac openjdk-17-jdk-headless
  need mvn maven
}

maven() { (cd "$ROOT" && mvn -B -ntp -q "$@"); }

# Builds the program unless it is newer than everything it is made of.
build_program() {
  [ -n "${ZEROFS_PROGRAM:-}" ] || build "$PROGRAM" main
}

SYSTEM_TESTS=$ROOT/zerofs-cli/target/system-tests.classpath
# Builds system tests and loads in Java, and the program with them, unless they are newer than everything they are made of.
build_system_tests() {
  # A build that was interrupted may have left an old program beside a new class path.
  build_program
  build "$SYSTEM_TESTS" .
}

# system_test NAME ARGUMENTS...: a script of that name, or a class of tests.
system_test() {
  if [ -x "$ROOT/ci/system/$1" ]; then "$ROOT/ci/system/$1" "${@:2}"; else "$ROOT/ci/system/junit" "$@"; fi
}

# build FILE SOURCES: unless the file is newer than the directory of that name in each module's src.
build() {
  if [ ! -e "$1" ] || [ -n "$(cd "$ROOT" && find pom.xml zerofs-*/pom.xml zerofs-*/src/"$2" -newer "$1" -print -quit)" ]; then
    need_toolchain
    say "building: half a minute, or some minutes where Maven has to fetch the libraries first"
    local began=$SECONDS
    maven -DskipTests package &
    while kill -0 $! 2>/dev/null; do
      sleep 1
      [ $(((SECONDS - began) % 20)) != 19 ] || say "still building after $((SECONDS - began)) s"
    done
    wait $!
  fi
}

# java_tool [OPTION...] CLASS [ARGUMENT...]: runs a program that is among the tests, after build_system_tests. Logging is
# off, because it would take longer to start than all else.
java_tool() {
  "${JAVA:-java}" -cp "$(cat "$SYSTEM_TESTS")" -Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider \
    -Dslf4j.internal.verbosity=WARN "$@"
}

# Sets WORK to a fresh scratch directory, and TEST_CACHE to the directory in which all runs share class archives: daemons
# start fast, and the user's own archives stay as they are. At exit it kills daemons that still run, and removes WORK
# (KEEP=1 keeps it).
work_directory() {
  TEST_CACHE=$ROOT/zerofs-cli/target/cache
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/zerofs-test.XXXXXX")
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

clean_up() {
  local status=$? file
  trap - EXIT
  for file in "$WORK"/*.pid; do
    [ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
  done
  # Guests and loads in the background: a guest that is asked to end takes its network with it.
  jobs -p | xargs -r kill 2>/dev/null || true
  wait
  if [ $status != 0 ] && [ $status != $SKIPPED ]; then
    for file in "$WORK"/*.log; do
      [ ! -e "$file" ] || { echo "--- ${file##*/}, last lines"; tail -n 40 "$file"; } >&2
    done
  fi
  if [ -n "${KEEP:-}" ]; then say "kept $WORK"; else rm -rf "$WORK"; fi
  exit "$status"
}

# archived PROGRAM: waits until no archive of the program's classes is being made, as its second start begins to do.
archived() {
  sleep 1
  while pgrep -f -- "-cp $1 -XX:SharedClassListFile" >/dev/null; do sleep 0.5; done
}

# add PASSED FAILED SKIPPED: adds to the counts of a script that runs tests.
passed=0 failed=0 skipped=0
add() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# await_success SECONDS WHAT PID COMMAND...: waits until the command succeeds. Dies with the message WHAT after SECONDS, or as
# soon as process PID has ended; 0 is no process.
await_success() {
  local deadline=$((SECONDS + $1)) what=$2 pid=$3
  shift 3
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || die "$what"
    kill -0 "$pid" 2>/dev/null || "$@" >/dev/null 2>&1 || die "$what: process $pid has ended"
    sleep 0.1
  done
}

# await_line FILE PATTERN SECONDS WHAT [PID]: waits until a line of the file matches. Otherwise shows the end of the file, and
# dies as await_success does.
await_line() { (await_success "$3" "$4" "${5:-0}" grep -s -e "$2" "$1") || { tail -n 40 "$1" >&2; exit 1; }; }

# listening PORT: whether a server on this machine accepts connections there.
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# action_state MOUNT_PATH: where the action keeps what belongs to that mount, and to no other.
action_state() { echo "${RUNNER_TEMP:-/tmp}/zerofs-$(realpath -m -- "$1" | sha256sum | cut -c1-16)"; }

free_port() {
  local port
  while :; do
    port=$((12000 + RANDOM % 20000)) # below those that outgoing connections get
    listening "$port" || { echo "$port"; return; }
  done
}

# daemon_config NAME NFS_PORT [TOML]: writes $WORK/NAME.toml; store and cache are $WORK/store and $WORK/NAME.cache. Where
# STORE_URL and STORE_TOML are set, as ci/stores/lib.sh does, the volume is there.
daemon_config() {
  cat >"$WORK/$1.toml" <<TOML
[cache]
dir = "$WORK/$1.cache"
disk_size_gb = 1.0
memory_size_gb = ${MEMORY_GB:-0.25}
[storage]
url = "${STORE_URL:-file://$WORK}/store"
encryption_password = "\${ZEROFS_PASSWORD}"
[servers.nfs]
port = $2
${3:-}
${STORE_TOML:-}
TOML
}

# daemon_launch NAME: starts it in the background. daemon_ready NAME: waits until it serves; fails if it ended.
daemon_launch() {
  touch "$WORK/$1.log"
  stat -c %s "$WORK/$1.log" >"$WORK/$1.offset"
  XDG_CACHE_HOME=${TEST_CACHE:-${XDG_CACHE_HOME:-}} \
    "$PROGRAM" run ${CREATE---create} -c "$WORK/$1.toml" >>"$WORK/$1.log" 2>&1 </dev/null &
  echo $! >"$WORK/$1.pid"
}

daemon_ready() {
  local deadline=$((SECONDS + START_SECONDS_MAX))
  until daemon_said "$1" 'ZeroFS is ready'; do
    daemon_runs "$1" || return 1
    [ $SECONDS -lt $deadline ] || { say "daemon $1 is not ready after $START_SECONDS_MAX s"; return 1; }
    sleep 0.1
  done
}

daemon_start() { daemon_launch "$1" && daemon_ready "$1"; }

# before_start NFS_PORT TOML: starts the program BEFORE as daemon `before`, with a volume of its own.
before_start() {
  STORE_URL=file://$WORK/before daemon_config before "$@"
  PROGRAM=$BEFORE daemon_start before
}

# daemon_said NAME PATTERN: whether its log has a matching line since its last start.
daemon_said() { tail -c "+$(($(cat "$WORK/$1.offset") + 1))" "$WORK/$1.log" | grep -q -e "$2"; }

daemon_runs() { kill -0 "$(cat "$WORK/$1.pid")" 2>/dev/null; }

# daemon_end NAME: waits for its end and sets STATUS to its exit status.
daemon_end() {
  local pid deadline=$((SECONDS + STOP_SECONDS_MAX))
  pid=$(cat "$WORK/$1.pid")
  while kill -0 "$pid" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || { say "daemon $1 does not end"; return 1; }
    sleep 0.1
  done
  STATUS=0
  wait "$pid" || STATUS=$?
  rm -f "$WORK/$1.pid"
}

# daemon_stop NAME: as a supervisor does it; it must end in order.
daemon_stop() {
  kill -TERM "$(cat "$WORK/$1.pid")"
  daemon_end "$1"
  [ "$STATUS" = 0 ] || { say "daemon $1 ended with $STATUS after SIGTERM"; return 1; }
}

daemon_kill() {
  kill -KILL "$(cat "$WORK/$1.pid")"
  daemon_end "$1"
}

# nfs_url PORT PATH: for nfs-cp and nfs-ls of libnfs, as root, so that no permission is in the way. The
# second slash matters: for a file in the root libnfs otherwise mounts "" and gets lost among the exports.
nfs_url() { echo "nfs://127.0.0.1//$2?version=3&nfsport=$1&mountport=$1&uid=0&gid=0"; }

put() { nfs-cp "$2" "$(nfs_url "$1" "$3")" >/dev/null; }
fetch() { rm -f "$3" && nfs-cp "$(nfs_url "$1" "$2")" "$3" >/dev/null; }

random_file() { head -c "$2" /dev/urandom >"$1"; }

expect() { # expect DESCRIPTION COMMAND...
  local what=$1; shift
  "$@" || die "not as expected: $what"
}

expect_status() { # expect_status DESCRIPTION WANTED
  [ "$STATUS" = "$2" ] || die "$1: exit status $STATUS instead of $2"
}
