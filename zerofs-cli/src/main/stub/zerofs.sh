#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-only
# ZeroFS: this shell script, followed by the program as a jar. The script finds a Java runtime and starts
# it on this same file, with flags for the command. ZEROFS_JAVA names the java to use; without it the
# script takes the newest of JAVA_HOME, /usr/lib/jvm and PATH. ZEROFS_JAVA_OPTS adds your own flags.
# zerofs-java in the user's cache directory has class archives for faster starts; you may delete it.
set -u

JAVA_OLDEST=17
IDLE_SECONDS_MAX=30     # Azure forgets idle connections after 4 minutes, Java 17 only after 20
BUDGET_MB_DEFAULT=250   # memory_size_gb = 0.25
ARCHIVES_MAX=4          # of some 57 MB each

fail() { echo "zerofs: $*" >&2; exit 1; }

# Prints the major version of the runtime in directory $1, from its release file, without starting a process.
version_of() {
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null
}

# Prints the major version of a java without a release file (a wrapper of asdf, jenv or macOS) by running it.
ask_version() {
  "$1" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
}

find_java() {
  if [ -n "${ZEROFS_JAVA:-}" ]; then
    [ -x "$ZEROFS_JAVA" ] || fail "ZEROFS_JAVA=$ZEROFS_JAVA is not an executable file"
    java=$ZEROFS_JAVA
    version=$(version_of "$(dirname "$(dirname "$(readlink -f "$java")")")")
    : "${version:=$(ask_version "$java")}" "${version:=$JAVA_OLDEST}"
    return
  fi
  java='' version=0
  path_java=$(command -v java) && path_java=$(dirname "$(dirname "$(readlink -f "$path_java")")")
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/* "${path_java:-}"; do
    [ -n "$home" ] && [ -x "$home/bin/java" ] || continue
    found=$(version_of "$home")
    if [ "${found:-0}" -gt "$version" ]; then java=$home/bin/java version=$found; fi
  done
  if [ "$version" -lt "$JAVA_OLDEST" ] && wrapper=$(command -v java); then
    found=$(ask_version "$wrapper")
    if [ "${found:-0}" -gt "$version" ]; then java=$wrapper version=$found; fi
  fi
  [ "$version" -ge "$JAVA_OLDEST" ] ||
    fail "needs Java $JAVA_OLDEST or later; install one (Debian: openjdk-17-jre-headless) or set ZEROFS_JAVA"
}

# Prints [cache] memory_size_gb of the file of -c or --config, in MB. The program itself parses the file properly.
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
  # A number in TOML's syntax. A comment begins at a # without a quotation mark before it. If this reads the number wrong,
  # the program reports that the heap does not fit.
  sed "s/^\([^\"']*\)#.*/\1/" "$config" 2>/dev/null | awk -v mb="$BUDGET_MB_DEFAULT" '
    match($0, /memory_size_gb["'\''[:blank:]]*=[[:blank:]]*[+]?[0-9][0-9_.eE+-]*/) {
      number = substr($0, RSTART, RLENGTH)
      gsub(/.*=[[:blank:]]*|_/, "", number)
      mb = int(number * 1000)
    }
    END { print mb }'
}

# Native libraries are unpacked here. The directory's name has our process id, which Java keeps after
# exec, so that a later start can remove the directory of a killed process.
native_dir() {
  base=${TMPDIR:-/tmp}/zerofs.$(id -u)
  for old in "$base".*; do
    pid=${old#"$base".} pid=${pid%%.*}
    if [ -d "$old" ] && [ -O "$old" ] && ! kill -0 "$pid" 2>/dev/null; then rm -rf "$old"; fi
  done
  mktemp -d "$base.$$.XXXXXX" || fail "cannot create a directory in ${TMPDIR:-/tmp}"
}

# Sets archive, the path without suffix of the archive for this file and runtime. Fails if no archive can be kept.
find_archive() {
  release=${java%/bin/java}/release
  archives=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/zerofs-java
  # shellcheck disable=SC2174 # of the directories only the last is private
  [ -r "$release" ] && mkdir -p -m 700 "$archives" 2>/dev/null && [ -O "$archives" ] && [ -w "$archives" ] &&
    archive=$archives/$({ ls -lnL "$program"; cat "$release"; } | cksum | tr ' ' -)
}

# Prints the flag that lets Java map the classes from an archive instead of parsing and checking them again. The first
# daemon lists the classes that it loads, and the next start makes the archive from this list.
archive_flag() {
  find_archive || return
  if [ -r "$archive.jsa" ]; then
    touch -c "$archive.jsa"
    echo "-XX:SharedArchiveFile=$archive.jsa"
    return
  fi
  for list in "$archive".*.classes; do
    pid=${list%.classes} pid=${pid##*.}
    if grep -Eq '^io/zerofs/server/net/MessageHandler( |$)' "$list" 2>/dev/null; then # it has served a client
      make_archive "$list"
      return
    elif ! kill -0 "$pid" 2>/dev/null; then
      rm -f "$list"
    fi
  done
  echo "-XX:DumpLoadedClassList=$archive.$$.classes"
}

# Makes the archive in the background, reparented to init, because Java would not wait for it. The last line of the list
# may be incomplete. Files that the caller left open for the daemon, such as a lock, must not outlive the daemon here.
make_archive() {
  (
    (
      umask 077
      new=$archive.$$
      # shellcheck disable=SC2086 # several flags
      sed '$d' "$1" >"$new.list" &&
        nice -n 5 "$java" $flags -XX:+AOTClassLinking -Xmx512m -Xshare:dump -cp "$program" \
          -XX:SharedClassListFile="$new.list" -XX:SharedArchiveFile="$new" && mv "$new" "$archive.jsa"
      rm -f "$new" "$new.list" "$archive".*.classes
      # shellcheck disable=SC2012 # the newest first; names without blanks
      ls -t "$archives"/*.jsa | tail -n "+$((ARCHIVES_MAX + 1))" | while read -r old; do rm -f "$old"; done
    ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  )
}

# Java decodes arguments and file names in the locale, and services have none.
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8
find_java
program=$(readlink -f "$0")
command=${1:-}
# Java requires these flags to be the same as when the archive was made. It checks file, runtime and every byte of the
# archive. If anything is wrong, it continues without the archive, and the user need not know.
flags='-XX:+IgnoreUnrecognizedVMOptions -XX:+VerifySharedSpaces -Xlog:cds*=off'
if [ "$version" -ge 22 ]; then flags="$flags --enable-native-access=ALL-UNNAMED"; fi
if [ "$version" -ge 23 ]; then flags="$flags --sun-misc-unsafe-memory-access=allow"; fi
if [ "$version" -ge 24 ]; then flags="$flags -Xlog:aot*=off"; fi
# shellcheck disable=SC2086 # several flags, separated by blanks; the last of two that contradict each other counts
set -- ${ZEROFS_JAVA_OPTS:-} -jar "$program" "$@"
case $command in
  run)
    archive_flag=$(archive_flag)
    if [ -n "$archive_flag" ]; then set -- "$archive_flag" "$@"; fi
    # The division of MemoryBudget.java, plus the program's own needs: 224 MiB of heap, mainly room for the collector,
    # and 96 MiB of direct memory.
    budget=$(budget_mb "$@")
    requests=$((budget / 8 < 256 ? budget / 8 : 256))
    heap=$((224 + budget * 5 / 8))
    # At most 35 MB and half of the budget are live. Marking begins when a quarter of the rest is taken too. Until then
    # young collections free the large arrays of written data, which G1's own threshold ignores. G1 also ignores them
    # when it sizes the young generation, which must leave room to copy its live objects.
    marking=$(((82 + budget * 17 / 32) * 100 / heap)) young=$((heap / 8))
    # Arrays of 256 KiB, with a header each, waste a quarter of a region of 1 MiB; large heaps have larger ones anyway.
    if [ "$heap" -lt 4096 ]; then set -- -XX:G1HeapRegionSize=2m "$@"; fi
    # Each of glibc's arenas keeps its peak, and RocksDB's threads would fill one each. The compiler's memory is returned.
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
# shellcheck disable=SC2086 # several flags
exec "$java" $flags "$@"
