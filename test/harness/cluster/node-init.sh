#!/bin/bash
# First process of a node: gives it a root of its own over that of this machine, so that nothing it writes stays, then
# runs containerd, kubelet and kube-proxy. Called inside new namespaces (cgroup, mount, PID, UTS, IPC).
#
#   node-init.sh NAME FOLDER IMAGES TOOLS ADDRESSES CGROUP-HIERARCHY…
#
# FOLDER/etc holds the configuration and receives the logs, and is /run/node inside; IMAGES is /run/images there.
# A hierarchy is the mount options of one of version 1, such as `memory`, `cpu,cpuacct` or `name=systemd`.
set -euo pipefail
name=$1 folder=$2 images=$3 tools=$4 addresses=$5
shift 5
root=$folder/root
hostname "$name"

mount --make-rprivate /
mkdir -p "$root" "$folder"/{changes,containerd,kubelet,log}
mount -t tmpfs changes "$folder/changes"
mkdir "$folder/changes/upper" "$folder/changes/work"
mount -t overlay -o "lowerdir=/,upperdir=$folder/changes/upper,workdir=$folder/changes/work" root "$root"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 run "$root/run"
mkdir -p "$root"/run/{node,images,lock,netns} "$root"/{opt/cni/bin,etc/cni/net.d} "$root"/var/lib/{containerd,kubelet}
mount --bind "$folder/etc" "$root/run/node"
mount --bind "$images" "$root/run/images"
# what containers' own overlays and volumes lie on must not be an overlay
mount --bind "$folder/containerd" "$root/var/lib/containerd"
mount --bind "$folder/kubelet" "$root/var/lib/kubelet"
mount --bind "$folder/log" "$root/var/log"

mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
for options in "$@"; do
  hierarchy=$root/sys/fs/cgroup/${options#name=}
  mkdir "$hierarchy"
  case $options in name=*) options=none,$options ;; esac
  mount -t cgroup -o "$options" cgroup "$hierarchy"
  for controller in ${options//,/ }; do
    case $controller in none | name=*) ;; *)
      [ -e "$root/sys/fs/cgroup/$controller" ] || ln -s "${hierarchy##*/}" "$root/sys/fs/cgroup/$controller" ;;
    esac
  done
done

# The kubelet sets these for the whole machine: here it finds the values that it wants, in files.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=$folder/changes/${setting//\//.}
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "$root/proc/sys/${setting%=*}"
done

mkdir "$root/machine"
cd "$root"
pivot_root . machine
umount -l /machine
mount --make-rshared /
export PATH=$tools:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

cd /run/node
containerd --config containerd.toml >containerd.log 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
kubelet --config kubelet.json --kubeconfig kubelet.kubeconfig --hostname-override "$name" --node-ip "$addresses" \
  --cert-dir /var/lib/kubelet/pki >kubelet.log 2>&1 &
kube-proxy --config kube-proxy.json --hostname-override "$name" >kube-proxy.log 2>&1 &
echo 'node is running'
# also takes the exit statuses of processes that lost their parents
while :; do wait; sleep 1; done
