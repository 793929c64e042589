#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# netns.sh COMMAND… – runs it in network, mount and process namespaces of its own: loopback, and a veth pair with
# 192.0.2.2 here and nothing behind it (ICE ignores loopback). All that COMMAND started ends with it. Root or not.
set -eu
if [ "${VIA_NETNS:-}" != 1 ]; then
  user=; [ "$(id -u)" = 0 ] || user=--map-root-user
  exec env VIA_NETNS=1 unshare $user --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
# A link's own IPv6 address is there at once: a browser that sees it come later says ERR_NETWORK_CHANGED.
dad=/proc/sys/net/ipv6/conf/default/accept_dad
[ ! -w "$dad" ] || echo 0 >"$dad"
ip link set lo up
ip link add via0 type veth peer name via1
ip addr add 192.0.2.2/24 dev via0
ip link set via0 up
ip link set via1 up
ip route add default dev via0
# "up" is true a moment later; ICE passes over an interface that is not running.
for _ in $(seq 100); do ip link show via0 | grep -q LOWER_UP && break; sleep 0.1; done
exec "$@"
