#!/bin/sh
# Makes services of this tree: users, units, the commands `meter` and `gateway`. Run as root, again after an update; data,
# keys and configurations are never touched. It needs no network.
#
# usage: install.sh [gateway] [--seed FOLDER]
#   gateway        the gateway's unit instead of the meter's
#   --seed FOLDER  takes join.json and meter.json from there (the boot partition, say), makes the meter's key and puts
#                  the request for its enrolment back there as wattproof-request.jws
set -eu
root=$(dirname "$(dirname "$(readlink -f "$0")")")
part=meter
seed=
while [ $# -gt 0 ]; do
  case $1 in
    gateway) part=gateway ;;
    --seed) seed=$2; shift ;;
    *) echo "install.sh: what is $1?" >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || { echo "install.sh: run it as root (sudo)" >&2; exit 1; }
if [ "$root" != /opt/wattproof ]; then
  echo "install.sh: the units look for the tree in /opt/wattproof, this one is $root" >&2
  exit 1
fi
systemd-sysusers "$root/deploy/systemd/wattproof.sysusers"
install -d /usr/local/bin
for name in meter gateway; do ln -sf "$root/deploy/bin/$name" "/usr/local/bin/$name"; done
install -m 644 -t /etc/systemd/system "$root/deploy/systemd/wattproof-$part"*.service
if [ "$part" = gateway ]; then
  install -d -o wattproof-gateway -g wattproof-gateway -m 700 /var/lib/wattproof-gateway
  systemctl daemon-reload
  systemctl enable --now wattproof-gateway.service
  exit 0
fi
data=/var/lib/wattproof/meter
install -d -o wattproof -g wattproof -m 700 /var/lib/wattproof "$data"
if [ -e /dev/watchdog ]; then
  install -D -m 644 "$root/deploy/systemd/wattproof-watchdog.conf" /etc/systemd/system.conf.d/wattproof.conf
fi
if [ -n "$seed" ]; then
  for name in join.json meter.json; do
    [ -e "$seed/$name" ] && [ ! -e "$data/$name" ] || continue
    install -o wattproof -g wattproof -m 600 "$seed/$name" "$data/$name"
  done
fi
systemctl daemon-reload
if [ ! -e "$data/join.json" ] || [ ! -e "$data/meter.json" ]; then
  echo "install.sh: put join.json and meter.json into $data, then run it again" >&2
  systemctl enable wattproof-meter.service
  exit 0
fi
setpriv --reuid wattproof --regid wattproof --init-groups \
  "$root/deploy/bin/meter" keygen --join "$data/join.json" --data "$data"
if [ -n "$seed" ]; then cp "$data/request.jws" "$seed/wattproof-request.jws"; fi
systemctl enable wattproof-meter.service
systemctl restart wattproof-meter.service
