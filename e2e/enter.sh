#!/bin/sh
# enter.sh ROOT TASK OPT [FROM:TO]... -- COMMAND...
# Inside a mount namespace of its own: puts the function's disk together, and runs the command in
# it as nobody in particular. Everything is read-only but /tmp, as on Lambda.
set -eu
root=$1 task=$2 opt=$3
shift 3
readonly_bind() { mount --bind "$1" "$2"; mount -o remount,bind,ro,nosuid "$2"; }

readonly_bind "$root" "$root"
readonly_bind "$task" "$root/var/task"
readonly_bind "$opt" "$root/opt"
while [ "$1" != -- ]; do
    readonly_bind "${1%%:*}" "$root${1#*:}"
    shift
done
shift
mount -t tmpfs -o size=512m,mode=1777,nosuid,nodev tmpfs "$root/tmp"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o size=64k,mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,bind,ro "$root/dev"

read -r _ _ users </proc/self/uid_map
if [ "$users" = 1 ]; then # a user namespace has but one: give it the other number
    exec /usr/bin/unshare --user --map-user=993 --map-group=990 --root="$root" -- "$@"
fi
exec /usr/sbin/chroot --userspec=993:990 --groups= "$root" "$@"
