#!/usr/bin/env bash
# Boot the test guest, under TCG, from the NBD server that started us:
#   nbdgen -U - linuxdisk root --run 'export unixsocket; scripts/guest/qemu.sh'
# The guest's serial console is our standard output.
#
# environment:
#   unixsocket, uri   where the server is (unixsocket is looked at first)
#   GUEST_TIMEOUT     seconds after which the guest is killed (default 120;
#                     the exit status is then 124)
#   GUEST_MEMORY      MiB of memory (default 256)
#   GUEST_READONLY    off: the guest may write to the disk (default on)
#   GUEST_DRIVES      paths of raw disks that the guest may write to, one on each
#                     line, which it has as /dev/vdb, /dev/vdc and so on
#   GUEST_APPEND      more words for the kernel command line (see prepare)
#   GUEST_DIR         where vmlinuz and initramfs are, made if missing
#                     (default .build/guest below the top of the repository)
set -euo pipefail

me=guest/qemu.sh

die() {
  echo "$me: $*" >&2
  exit 1
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
top=$(cd "$here/../.." && pwd)
guest=${GUEST_DIR:-$top/.build/guest}

# In qemu's options a comma is written twice.
if [ -n "${unixsocket:-}" ]; then
  nbd="file.driver=nbd,file.server.type=unix,file.server.path=${unixsocket//,/,,}"
elif [ -n "${uri:-}" ]; then
  nbd="file=${uri//,/,,}"
else
  die "neither unixsocket nor uri is set (start it with --run 'export unixsocket; ...')"
fi

command -v qemu-system-x86_64 >/dev/null ||
  die "no qemu-system-x86_64 (Debian package qemu-system-x86)"
[ -e "$guest/vmlinuz" ] && [ -e "$guest/initramfs" ] ||
  "$here/prepare" "$guest" >&2 ||
  die "cannot make the guest's kernel"

drives=()
while read -r drive; do
  [ -n "$drive" ] || continue
  drives+=(-drive "file=${drive//,/,,},format=raw,if=virtio,cache=unsafe")
done <<<"${GUEST_DRIVES:-}"

# What -nographic does, but for the BIOS: that would clear the terminal and
# leave its escape codes in front of the guest's first line.
#
# exec, so that whoever ends us ends timeout, which ends qemu.
exec timeout --foreground --verbose --kill-after=5 "${GUEST_TIMEOUT:-120}" \
  qemu-system-x86_64 -accel tcg -m "${GUEST_MEMORY:-256}" -no-reboot -net none \
  -display none -vga none -monitor none -serial stdio \
  -kernel "$guest/vmlinuz" -initrd "$guest/initramfs" \
  -append "console=ttyS0 panic=-1 quiet no_timer_check tsc=reliable ${GUEST_APPEND:-}" \
  -drive "$nbd,format=raw,if=virtio,readonly=${GUEST_READONLY:-on}" \
  ${drives[@]+"${drives[@]}"} \
  </dev/null
