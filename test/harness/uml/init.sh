#!/bin/sh
# First process of a user-mode Linux: makes a writable world around the read-only root of the host, runs one command,
# and powers off. JOB (folder of the command, writable), PROJECT and NODE come from the kernel's command line.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/tmp NODE_COMPILE_CACHE=/tmp/compile-cache
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=1777 t /run
mkdir -p /run/netns /run/job /run/project /run/kernel/lib/modules
mount -t hostfs -o "$JOB" none /run/job
mount -t hostfs -o "$PROJECT" none /run/project
mount -t tmpfs -o mode=1777 t /tmp
mount -t devtmpfs d /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts p /dev/pts
mount -t tmpfs t /dev/shm
# The host need not have a folder for modules: modprobe is told where they are, by hand and for what loads by itself.
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/kernel/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec modprobe -d /run/kernel "$@"\n' >/run/kernel/modprobe
chmod 755 /run/kernel/modprobe
echo /run/kernel/modprobe >/proc/sys/kernel/modprobe
export MODPROBE=/run/kernel/modprobe
ip link set lo up
cd /run/job || exit
sh ./command >output 2>&1 </dev/null
echo $? >status
sync
# reboot(2) with LINUX_REBOOT_CMD_POWER_OFF; the first process must not end.
exec perl -e 'syscall(169, 0xfee1dead, 672274793, 0x4321fedc, 0)'
