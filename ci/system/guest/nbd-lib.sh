# SPDX-License-Identifier: AGPL-3.0-only
# shellcheck shell=bash
# For scripts in the guest that use block devices: /dev/nbd0 is the device "disk".
. /host/lib.sh
NBD_PORT=${NBD_PORT:-10809}
DEVICE=/dev/nbd0

# nbd_create NAME SIZE: a sparse file in /.nbd, made over NFS.
nbd_create() {
  mkdir -p /mnt/files
  mount_share nfs /mnt/files
  truncate -s "$2" "/mnt/files/.nbd/$1"
  umount /mnt/files
}

# nbd_attach NAME: with four connections.
nbd_attach() {
  nbd-client "$HOST_IP" "$NBD_PORT" "$DEVICE" -N "$1" -C 4 >/tmp/nbd-client 2>&1 ||
    { cat /tmp/nbd-client; die "nbd-client"; }
}

nbd_detach() { nbd-client -d "$DEVICE" >/dev/null; }

# Checks the file system on the device, which is not mounted; it must be without any fault.
check_filesystem() {
  case $1 in
    ext4) e2fsck -fn "$DEVICE" ;;
    xfs) xfs_repair -n "$DEVICE" ;;
    btrfs) btrfs check --readonly "$DEVICE" ;;
  esac >/tmp/check 2>&1 || { cat /tmp/check; die "$1 is damaged"; }
}
