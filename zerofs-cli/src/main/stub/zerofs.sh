#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-only
# ZeroFS: this shell script with the program, a jar, behind it. It finds a Java runtime and starts it
# on this same file with flags that suit the command. ZEROFS_JAVA names a java to use; without it the
# newest of JAVA_HOME, /usr/lib/jvm and PATH is taken. ZEROFS_JAVA_OPTS adds flags of your own.
set -u

JAVA_OLDEST=17
IDLE_SECONDS_MAX=30     # Azure forgets idle connections after 4 minutes, Java 17 only after 20
BUDGET_MB_DEFAULT=250   # memory_size_gb = 0.25

fail() { echo "zerofs: $*" >&2; exit 1; }

# Major version of the runtime in directory $1, from its release file: no process is started for it.
version_of() {
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null
}

find_java() {
  if [ -n "${ZEROFS_JAVA:-}" ]; then
    [ -x "$ZEROFS_JAVA" ] || fail "ZEROFS_JAVA=$ZEROFS_JAVA is not an executable file"
    java=$ZEROFS_JAVA
    version=$(version_of "$(dirname "$(dirname "$(readlink -f "$java")")")")
    : "${version:=$JAVA_OLDEST}"
    return
  fi
  java='' version=0
  path_java=$(command -v java) && path_java=$(dirname "$(dirname "$(readlink -f "$path_java")")")
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* "${path_java:-}"; do
    [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
    found=$(version_of "$home")
    if [ "${found:-0}" -gt "$version" ]; then java=$home/bin/java version=$found; fi
  done
  [ "$version" -ge "$JAVA_OLDEST" ] ||
    fail "needs Java $JAVA_OLDEST or later; install one (Debian: openjdk-17-jre-headless) or set ZEROFS_JAVA"
}

# [cache] memory_size_gb of the file that -c or --config names, in MB; the program itself reads it properly.
budget_mb() {
  config=''
  while [ $# -gt 0 ]; do
    case $1 in
      -c | --config) config=${2:-} ;;
      -c?*) config=${1#-c} ;;
      --config=*) config=${1#--config=} ;;
    esac
    shift
  done
  sed -n 's/#.*//; s/.*memory_size_gb[" ]*=[[:space:]]*\([0-9][0-9_.]*\).*/\1/p' "$config" 2>/dev/null |
    awk -v mb="$BUDGET_MB_DEFAULT" '{ gsub("_", ""); mb = int($1 * 1000) } END { print mb }'
}

# Native libraries are unpacked here. The directory carries our process id, which is Java's as well
# after exec, so that a later start removes what a killed one left behind.
native_dir() {
  base=${TMPDIR:-/tmp}/zerofs.$(id -u)
  for old in "$base".*; do
    pid=${old#"$base".} pid=${pid%%.*}
    if [ -d "$old" ] && [ -O "$old" ] && ! kill -0 "$pid" 2>/dev/null; then rm -rf "$old"; fi
  done
  mktemp -d "$base.$$.XXXXXX" || fail "cannot create a directory in ${TMPDIR:-/tmp}"
}

find_java
command=${1:-}
# shellcheck disable=SC2086 # several flags, separated by blanks; the last of two that contradict each other counts
set -- ${ZEROFS_JAVA_OPTS:-} -jar "$0" "$@"
if [ "$version" -ge 22 ]; then set -- --enable-native-access=ALL-UNNAMED "$@"; fi
if [ "$version" -ge 23 ]; then set -- --sun-misc-unsafe-memory-access=allow "$@"; fi
case $command in
  run)
    # As MemoryBudget.java divides it, and beside it what the program itself needs: 224 MiB of heap, most of it room
    # for the collector, and 96 MiB of direct memory.
    budget=$(budget_mb "$@")
    requests=$((budget / 8 < 256 ? budget / 8 : 256))
    heap=$((224 + budget * 5 / 8))
    # What lives in it is 35 MB and half of the budget at most. Marking begins when a quarter of the rest is taken, too:
    # until then young collections give back the large arrays of written data, which G1's own choice does not expect.
    # Nor does it expect them when it sizes the young generation, which must leave room to copy what lives in it.
    marking=$(((82 + budget * 17 / 32) * 100 / heap)) young=$((heap / 8))
    # Arrays of 256 KiB, with a header each, waste a quarter of a region of 1 MiB; large heaps have larger ones anyway.
    if [ "$heap" -lt 4096 ]; then set -- -XX:G1HeapRegionSize=2m "$@"; fi
    # Each of glibc's arenas keeps what it once had; RocksDB's threads would fill one each. What the compiler had goes back.
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
    set -- -Xms64m "-Xmx${heap}m" "-XX:MaxDirectMemorySize=$((96 + requests))m" \
      -XX:TrimNativeHeapInterval=10000 -Djdk.nio.maxCachedBufferSize=262144 \
      "-Djdk.httpclient.keepalive.timeout=$IDLE_SECONDS_MAX" \
      -XX:+UseG1GC -XX:-G1UseAdaptiveIHOP "-XX:InitiatingHeapOccupancyPercent=$marking" "-XX:MaxNewSize=${young}m" \
      -XX:+ExitOnOutOfMemoryError "-Djava.io.tmpdir=$(native_dir)" "$@" ;;
  change-password)
    set -- -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Djava.io.tmpdir=$(native_dir)" "$@" ;;
  *)
    set -- -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$@" ;;
esac
exec "$java" -XX:+IgnoreUnrecognizedVMOptions "$@"
