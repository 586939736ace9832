#!/bin/busybox sh
# The first program of the guest: loads the modules, lays programs (the host's, read-only over 9p, or those of a disk)
# and fresh /proc, /sys, /dev, /tmp, /run together as /house, runs the job there and switches the machine off.
# What the job prints goes to hvc0, what the kernel prints to the serial console.
/bin/busybox mkdir -p /proc /sys /dev /tmp /lower /house
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
for module in $(cat /modules/order); do
  insmod "/modules/$module.ko" || echo "insmod $module failed"
done
ip link set lo up

. /settings.sh
mount -t tmpfs tmpfs /tmp
share() { mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=262144,ro "$1" "$2"; }
if [ "$HOUSE" = disk ]; then
  mount -t ext4 -o ro,noload /dev/vda /house
else
  mount -t tmpfs tmpfs /house
  share host /lower
  for entry in /lower/*; do
    name=${entry##*/}
    case $name in proc | sys | dev | tmp | run | lost+found) continue ;; esac
    if [ -L "$entry" ]; then
      cp -P "$entry" /house/
    elif [ -d "$entry" ]; then
      mkdir "/house/$name"
      mount --bind "$entry" "/house/$name"
    fi
  done
  for name in proc sys dev tmp run project data; do mkdir -p "/house/$name"; done
  share project /house/project
fi
for name in proc sys dev; do mount --rbind "/$name" "/house/$name"; done
mount -t tmpfs tmpfs /house/tmp
mount -t tmpfs tmpfs /house/run

# house COMMAND …: a program of the host, in its own environment, on this kernel.
house() { chroot /house /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TZ=UTC "$@"; }

exec >/dev/hvc0 2>&1
stty -onlcr </dev/hvc0
echo "@@UP $(cat /proc/uptime)"
. /job.sh
echo "@@END $?"
sync
poweroff -f
