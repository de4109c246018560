#!/bin/sh
# controller.sh IMAGE DIRECTORY FILES COMMAND…: runs a command as root of a Debian system of its own, which is IMAGE with
# what is kept in DIRECTORY over it, and FILES at /bench. Its mounts are in a namespace of its own and end with it.
set -eu
image=$1 directory=$2 files=$3
shift 3
root=$directory/root
mkdir -p "$directory/upper" "$directory/work" "$root"
mount --make-rprivate /
mount -t overlay -o "lowerdir=$image,upperdir=$directory/upper,workdir=$directory/work" overlay "$root"
mkdir -p "$root/bench"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mount --bind "$files" "$root/bench"
for file in resolv.conf hosts; do
  rm -f "$root/etc/$file"
  cp "/etc/$file" "$root/etc/$file"
done
exec chroot "$root" sh -c 'cd /bench && exec "$@"' sh "$@"
