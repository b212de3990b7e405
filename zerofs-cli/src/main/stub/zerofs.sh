#!/bin/sh
# SPDX-License-Identifier: AGPL-3.0-only
# ZeroFS: this shell script, followed by the program as a jar. The script finds a Java runtime and starts
# it on this same file, with flags for the command. ZEROFS_JAVA names the java to use; without it the
# script takes the newest of JAVA_HOME, /usr/lib/jvm and PATH. ZEROFS_JAVA_OPTS adds your own flags.
# zerofs-java in the user's cache directory has class archives and flags for faster starts; you may delete it.
set -u

JAVA_OLDEST=17
IDLE_SECONDS_MAX=30     # Azure forgets idle connections after 4 minutes, Java 17 only after 20
ARCHIVES_MAX=4          # of some 57 MB each
FLAGS_MAX=100           # files with the flags for one configuration each

# What the program itself would print, without the start of Java. The build sets the version.
case "$#:$*" in
  1:--version | 1:-V | 2:run\ --version | 2:run\ -V) echo 'zerofs @VERSION@' && exit ;;
  1:--help | 1:-h)
    cat <<'HELP' && exit ;;
Usage: zerofs [-hV] COMMAND
A file system and block devices on an object store.
  -h, --help      Show this help message and exit.
  -V, --version   Print version information and exit.
Commands:
  init             Write a commented configuration file.
  run              Serve a volume; SIGTERM or SIGINT stops it in order.
  change-password  Change the password of a volume; the new one comes on
                     standard input.
  fsck             Check a volume. Its daemon may run meanwhile. Only --repair
                     changes the volume.
  status           Show the state of a running daemon.
  flush            Return when everything that the daemon has acknowledged is
                     in the store.
  log              Change the log of a running daemon.
  nbd              Make, resize, list and delete block devices of a running
                     daemon.
  trace            Show the work of a running daemon while it is done.
  snapshot         Create, list and delete snapshots of a volume.
  doctor           Check configuration, store, machine and clients, and print
                     mount commands.
  bench            Measure the store and mounted directories, and print a table.

Exit codes: see docs/operations.md.
HELP
  2:run\ --help | 2:run\ -h)
    cat <<'HELP' && exit ;;
Usage: zerofs run [-hV] [--create] [--follow] [--read-only] -c=FILE
                  [--snapshot=NAME]
Serve a volume; SIGTERM or SIGINT stops it in order.
  -c, --config=FILE     Configuration file; `zerofs init` writes one.
      --create          Create the volume if there is none at the URL.
      --follow          Serve for reading only, and show what another daemon
                          writes seconds later.
  -h, --help            Show this help message and exit.
      --read-only       Serve the newest state for reading only. Another daemon
                          may write the volume meanwhile.
      --snapshot=NAME   Serve this snapshot for reading only.
  -V, --version         Print version information and exit.
HELP
  2:init\ --help | 2:init\ -h)
    cat <<'HELP' && exit ;;
Usage: zerofs init [-hV] [--force] [PATH]
Write a commented configuration file.
      [PATH]      File to write; - for standard output. Default: zerofs.toml
      --force     Overwrite an existing file.
  -h, --help      Show this help message and exit.
  -V, --version   Print version information and exit.
HELP
  2:change-password\ --help | 2:change-password\ -h)
    cat <<'HELP' && exit ;;
Usage: zerofs change-password [-hV] -c=FILE
Change the password of a volume; the new one comes on standard input.
  -c, --config=FILE   Configuration file; `zerofs init` writes one.
  -h, --help          Show this help message and exit.
  -V, --version       Print version information and exit.
HELP
esac

fail() { echo "zerofs: $*" >&2; exit 1; }

# Ends with signal $1, or with status $2 as process 1 of a container, which no signal ends without a trap.
end_by() { trap - "$1"; kill -s "$1" $$; exit "$2"; }

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

# Returns whether $1 is a directory, not a link, where only we can put files. Java executes what its files say.
is_private() {
  case $(ls -ldn "$1" 2>/dev/null) in
    drwx--[S-]---*) [ -O "$1" ] && [ -w "$1" ] ;;
    *) false ;;
  esac
}

# Returns whether no other user can exchange what is in directory $1, which may be absent. If root has the HOME of another
# user, that user can.
is_closed() {
  case $(ls -ldnL "$1" 2>/dev/null) in
    '' | d????-??-*) [ -O "$1" ] || [ ! -w "$1" ] ;;
    *) false ;;
  esac
}

# Sets cache, the directory for later starts, archive, the path without suffix of the archive for this file and runtime,
# and mapped, the flag that lets Java map the archive. An empty word means that there is none.
find_cache() {
  place=${XDG_CACHE_HOME:-${HOME:-}} archive='' mapped='' release=${java%/bin/java}/release
  cache=${XDG_CACHE_HOME:-$place/.cache}/zerofs-java
  if [ -z "$place" ] || ! is_closed "$place" || ! is_closed "${cache%/*}" ||
    ! { [ -d "$cache" ] || (umask 077 && mkdir -p "$cache") 2>/dev/null; } || ! is_private "$cache"; then
    cache=''
  elif [ -r "$release" ]; then
    sum=$({ ls -lnL "$program"; cat "$release"; } | cksum)
    archive=$cache/${sum%% *}-${sum##* }
    if [ -O "$archive.jsa" ] && [ -r "$archive.jsa" ]; then mapped=-XX:SharedArchiveFile=$archive.jsa; fi
  fi
}

# Removes all but the $1 newest files with suffix $2 that are kept for later starts.
keep_newest() {
  # shellcheck disable=SC2012 # the newest first; names without line breaks, unlike perhaps the path
  (CDPATH='' cd "$cache" && ls -t -- *"$2" | tail -n "+$(($1 + 1))" | while read -r old; do rm -f "$old"; done)
}

# Prints the file of -c or --config, if the arguments are as usual.
config_file() {
  config=''
  while [ $# -gt 0 ]; do
    case $1 in
      -c | --config) config=${2:-} ;;
      -c=* | --config=*) config=${1#*=} ;;
      -c?*) config=${1#-c} ;;
    esac
    shift
  done
  printf '%s' "$config"
}

# Requires the file of random bytes that the checksum of a configuration begins with.
need_salt() {
  salt=$cache/salt new=$cache/salt.$$
  if [ -O "$salt" ] && [ -s "$salt" ]; then return; fi
  { (umask 077 && head -c 16 /dev/urandom >"$new") && mv "$new" "$salt"; } 2>/dev/null || { rm -f "$new" && false; }
}

# Prints the file for the flags of this program and the present content of the configuration; nothing if they cannot be
# kept. Commands get the name as an argument, which every user can see. So the checksum in it is salted: it must not help
# to guess a password in the configuration. Without sha256sum it has 16 bits only, because the bits of cksum are linear.
# If two contents have the same name, the program notices it.
flags_file() {
  [ -n "$cache" ] && [ -f "$config" ] && [ -r "$config" ] && need_salt || return
  if command -v sha256sum >/dev/null; then
    sum=$(cat "$salt" "$config" | sha256sum) sum=${sum%% *}
  else
    sum=$(cat "$salt" "$config" | cksum) sum=$((${sum%% *} % 65536))
  fi
  # shellcheck disable=SC2012 # one name, to be compared only
  entry=$(ls -lnL "$program" | cksum)
  echo "$cache/${entry%% *}-${entry##* }.$sum.flags"
}

# Sets memory_flags, which depend on the configuration. Only the program understands it, so the program is asked, once for
# each content of the file. If the program reports a mistake instead, or prints its help, that is all.
find_memory_flags() {
  config=$(config_file "$@")
  kept=$(flags_file) memory_flags=''
  if [ -O "$kept" ] && [ -r "$kept" ]; then read -r memory_flags <"$kept"; fi
  case $memory_flags in
    -X*) return ;;
  esac
  shift
  # shellcheck disable=SC2086 # several flags
  answer=$("$java" $flags ${mapped:+"$mapped"} -Xms16m -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -jar "$program" run --java-flags "$@") || exit
  # Java or an agent may print lines of their own.
  memory_flags=$(echo "$answer" | grep '^-Xmx') || { echo "$answer"; exit; }
  # The file may have changed meanwhile.
  if [ -n "$kept" ] && [ "$kept" = "$(flags_file)" ]; then
    new=$cache/$$.flags
    if { (umask 077 && echo "$memory_flags" >"$new") && mv "$new" "$kept"; } 2>/dev/null; then
      keep_newest "$FLAGS_MAX" .flags
    else
      rm -f "$new"
    fi
  fi
}

# Prints the flag that lets Java map the classes from an archive instead of parsing and checking them again. The first
# daemon lists the classes that it loads, and the next start makes the archive from this list.
archive_flag() {
  [ -n "$archive" ] || return
  if [ -n "$mapped" ]; then
    touch -c "$archive.jsa"
    echo "$mapped"
    return
  fi
  for list in "$archive".*.classes; do
    pid=${list%.classes} pid=${pid##*.}
    if [ -O "$list" ] && grep -Eq '^io/zerofs/server/net/MessageHandler( |$)' "$list" 2>/dev/null; then # it has served a client
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
      keep_newest "$ARCHIVES_MAX" .jsa
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
# A reflective call is cheaper without a class of its own, which pays after some thousand calls.
flags='-XX:+IgnoreUnrecognizedVMOptions -XX:+VerifySharedSpaces -Xlog:cds*=off -Djdk.reflect.useNativeAccessorOnly=true'
if [ "$version" -ge 22 ]; then flags="$flags --enable-native-access=ALL-UNNAMED"; fi
if [ "$version" -ge 23 ]; then flags="$flags --sun-misc-unsafe-memory-access=allow"; fi
if [ "$version" -ge 24 ]; then flags="$flags -Xlog:aot*=off"; fi
if [ "$command" = run ]; then
  trap 'end_by TERM 143' TERM
  trap 'end_by INT 130' INT
  find_cache
  find_memory_flags "$@"
fi
# shellcheck disable=SC2086 # several flags, separated by blanks; the last of two that contradict each other counts
set -- ${ZEROFS_JAVA_OPTS:-} -jar "$program" "$@"
case $command in
  run)
    archive_flag=$(archive_flag)
    if [ -n "$archive_flag" ]; then set -- "$archive_flag" "$@"; fi
    # Each of glibc's arenas keeps its peak, and RocksDB's threads would fill one each. The compiler's memory is returned.
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
    # Not as an argument, which every user can see.
    export ZEROFS_KEPT_JAVA_FLAGS="$kept"
    # shellcheck disable=SC2086 # several flags
    set -- -Xms64m $memory_flags -XX:TrimNativeHeapInterval=10000 -Djdk.nio.maxCachedBufferSize=262144 \
      "-Djdk.httpclient.keepalive.timeout=$IDLE_SECONDS_MAX" \
      -Dio.netty.jfr.enabled=false \
      -XX:+UseG1GC -XX:-G1UseAdaptiveIHOP -XX:+ExitOnOutOfMemoryError "-Djava.io.tmpdir=$(native_dir)" "$@" ;;
  change-password | doctor | bench)
    set -- -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Djava.io.tmpdir=$(native_dir)" "$@" ;;
  fsck | snapshot)
    # Enough for a volume of any size, because the check sorts on the disk.
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
    set -- -Xmx512m -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djdk.nio.maxCachedBufferSize=262144 \
      "-Djava.io.tmpdir=$(native_dir)" "$@" ;;
  *)
    set -- -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$@" ;;
esac
# shellcheck disable=SC2086 # several flags
exec "$java" $flags "$@"
