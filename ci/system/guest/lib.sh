# SPDX-License-Identifier: AGPL-3.0-only
# shellcheck shell=bash
# For scripts that run in the guest: mounting, and sizes. PROTOCOL is nfs or 9p; SCALE is 1 in the
# ordinary run and larger for a thorough one.
set -euo pipefail
SCALE=${SCALE:-1}
MNT=/mnt/a
NFS_PORT=${NFS_PORT:-2049}
NINEP_PORT=${NINEP_PORT:-5564}
# NINEP_CACHE: how Linux caches over 9P: mmap, or loose where nobody else changes the files.
# EXPORT: the path to mount, for comparisons with other servers.

die() { echo "$*" >&2; exit 1; }

# mount_share [PROTOCOL [DIRECTORY]]
mount_share() {
  local protocol=${1:-$PROTOCOL} directory=${2:-$MNT}
  case $protocol in
    nfs)
      mount -t nfs -o "vers=3,nolock,tcp,hard,retry=0,mountproto=tcp,port=$NFS_PORT,mountport=${MOUNT_PORT:-$NFS_PORT}" \
        "$HOST_IP:${EXPORT:-/}" "$directory" ;;
    9p)
      mount -t 9p -o "trans=tcp,version=9p2000.L,msize=1048576,cache=${NINEP_CACHE:-mmap},access=client,port=$NINEP_PORT" \
        "$HOST_IP" "$directory" ;;
  esac
}

# Drops what the client has cached: what is read next comes from the daemon.
remount() {
  umount "$MNT"
  mount_share
}

# Names, kinds, modes, owners, sizes, times and link targets of a tree, sorted.
describe() { (cd "$1" && find . -printf '%p %y %m %U %G %l ' \( -type d -printf '\n' -o -printf '%s %T@\n' \) | sort); }

same_trees() {
  diff -r --no-dereference "$1" "$2" || die "contents differ"
  diff <(describe "$1") <(describe "$2") || die "attributes differ"
}
