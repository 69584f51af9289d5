# What happens in the virtual machine, once for all tests of this folder. It writes what other programs see of it (ip, nft,
# arping, mii-tool) into $JOB/results; what that means, kernel.test.ts says.
#
# Two hosts, `theirs` with keepalived and `ours` with Holdfast, have the same interfaces and the same configuration. A third
# one, `peer`, has another keepalived. Wants $HOLDFAST, the folder of this working copy.
set -u
mkdir /run/scenario; cd /run/scenario
results=$JOB/results

# The far ends of all cables of a host are in a namespace of their own.
make_host() {
  ip netns add "$1"; ip netns add "$1-far"
  local on="ip -n $1" n
  $on link set lo up
  for n in 0 1 2 3 4 6 7; do
    $on link add eth$n type veth peer name eth$n netns "$1-far"
    $on link set eth$n up; ip -n "$1-far" link set eth$n up
  done
  $on link add red type vrf table 100; $on link set red up
  $on link add blue type vrf table 101; $on link set blue up
  $on link set eth2 master red; $on link set eth6 master red; $on link set eth7 master blue
  $on link add eth3.5 link eth3 type vlan id 5; $on link set eth3.5 up
  ip -n "$1-far" link add eth3.5 link eth3 type vlan id 5; ip -n "$1-far" link set eth3.5 up
  $on link add bond0 type bond mode active-backup miimon 100
  $on link set eth4 down; $on link set eth4 master bond0; $on link set bond0 up
  $on link add dummy0 type dummy; $on link set dummy0 up
  for n in eth0:0 eth1:1 eth2:2 eth3.5:3 bond0:4 eth6:6 eth7:7; do
    $on addr add 10.${n#*:}.0.1/24 dev ${n%:*}
  done
  $on addr add 2001:db8:7::1/64 dev eth7 nodad
}

# The card with this MAC address becomes eth9 of the host.
give_card() {
  local name
  name=$(ip -br link | awk -v mac="$2" '$3 == mac { print $1 }')
  # Its name may be taken there.
  ip link set "$name" name card; ip link set card netns "$1"; ip -n "$1" link set card name eth9
  ip -n "$1" link set eth9 up; ip -n "$1" addr add 10.9.0.1/24 dev eth9
}

instance() {
  printf 'vrrp_instance %s {\n virtual_router_id %s\n version 3\n advert_int 0.5\n priority 100\n' "$1" "$2"
  shift 2; printf ' %s\n' "$@"; echo '}'
}
addresses() { printf 'virtual_ipaddress { '; printf '\n %s\n' "$@"; echo ' }'; }

common() {
  cat <<CONF
global_defs {
 router_id machine
}
linkbeat_interfaces {
 eth9 MII
}
static_routes {
 10.50.0.0/16 via 10.2.0.254 dev eth2 vrf red
}
CONF
  instance low 51 'interface eth0' 'use_ipvlan low 10.0.0.5/24 private' "$(addresses 10.0.0.100/24)" \
    "virtual_routes {
  10.51.0.0/16 via 10.0.0.254 dev eth0 table 200
  10.52.0.0/16 via 10.2.0.254 vrf red metric 7
 }
 virtual_rules {
  from 10.70.0.0/16 table 200 priority 900
 }"
  instance six 51 'interface eth0' 'use_ipvlan private' "$(addresses fe80::100/64)"
  instance vepa 52 'interface eth1' 'use_ipvlan vepa 10.1.0.5' "$(addresses 10.1.0.100/24)"
  instance mac 53 'interface eth2' 'use_vmac' "$(addresses 10.2.0.100/24)"
  instance vlan 54 'interface eth3.5' '@holdfast vip_lease 60' '@holdfast fine_lock on' \
    "$(addresses 10.3.0.100/24 '10.5.0.100/32 dev dummy0')"
  instance bond 55 'interface bond0' "$(addresses 10.4.0.100/24)"
  instance inred 56 'interface eth6' 'use_ipvlan inred 10.6.0.5/24' "$(addresses 10.6.0.100/24)"
  instance card 59 'interface eth9' "$(addresses 10.9.0.100/24)"
}

# Instances without an interface, in the VRF blue, which keepalived 2.2.7 does not start with.
blue() {
  instance blue 57 'vrf blue' 'unicast_src_ip 10.7.0.1' 'unicast_peer {' '10.7.0.2' '}' \
    "$(addresses '10.7.0.100/24 dev eth7')"
  instance blue6 58 'vrf blue' 'unicast_src_ip 2001:db8:7::1' 'unicast_peer {' '2001:db8:7::2' '}' \
    "$(addresses '2001:db8:7::100/64 dev eth7')"
}
peer() {
  instance blue 57 'interface eth7' 'priority 50' 'unicast_src_ip 10.7.0.2' 'unicast_peer {' '10.7.0.1' '}' \
    "$(addresses 10.7.0.100/24)"
  instance blue6 58 'interface eth7' 'priority 50' 'unicast_src_ip 2001:db8:7::2' 'unicast_peer {' '2001:db8:7::1' '}' \
    "$(addresses 2001:db8:7::100/64)"
}

start_keepalived() { # HOST CONFIGURATION
  ip netns exec "$1" keepalived -n -l -D -f "$2" -p /run/$1.pid -r /run/$1.vrrp -c /run/$1.check >"$1.log" 2>&1 &
  eval "$1=$!"
}
start_holdfast() {
  ip netns exec ours "$HOLDFAST/bin/holdfast" -n -l -D -f ours.conf \
    --runtime-dir /run/ours --state-dir "$PWD/state" >>ours.log 2>&1 &
  ours=$!
}

# Waits for a line of a log.
await() { # LOG PATTERN
  timeout 120 grep -qm1 -E "$2" <(exec tail -n +1 -f "$1") && return
  echo "waited in vain for \"$2\" in $1:"; cat "$1"; exit 1
}
await_masters() { # LOG
  local name
  for name in low six vepa mac vlan bond inred card; do await "$1" "\($name\) Entering MASTER STATE"; done
  await "$1" "gratuitous ARPs on eth9 for 10.9.0.100"
}

look() { # HOST NAME
  ip -n "$1" -j -d link >"$results/$2-links"
  ip -n "$1" -j addr >"$results/$2-addresses"
}

# Of the interfaces that adverts leave from, whether IPv6 is off.
read_settings() { # HOST
  ip netns exec "$1" sysctl net/ipv6/conf/{low,vrrp.51,vrrp.52,inred}/disable_ipv6 >"$results/$1-settings"
}

read_routing() { # HOST
  { ip -n "$1" route show vrf red; ip -n "$1" route show table 200; ip -n "$1" rule; } >"$results/$1-routing"
}

# Waits for something that announces itself to nobody here.
until_it() { # FUNCTION [ARGUMENT...]
  local last=$((SECONDS + 120))
  until "$@"; do
    [ $SECONDS -lt $last ] || { echo "waited in vain until $*"; exit 1; }
    sleep 0.1
  done
}
has_followed() { ip -n "$1" link show vrrp.53 | grep -q 'master blue'; }
is_locked() { ! ip netns exec ours nft list set ip holdfast_vrrp alive | grep -q 10.3.0.100; }

# The kernel tells of a link (IFF_RUNNING) up to a second after the card knows.
is_in_state() { ip -n ours link show eth9 | grep -q "state $1 "; }

ask_card() { # NAME
  ip netns exec ours mii-tool eth9 >"$results/$1-mii" 2>&1
  ip netns exec ours node --input-type=module -e "
    const { openLinuxLinkProbe } = await import('$HOLDFAST/dist/src/linux/link-probe.js');
    const probe = openLinuxLinkProbe();
    console.log(JSON.stringify(['MII', 'ETHTOOL', 'IOCTL'].map((way) => probe.ask('eth9', way))));
  " >"$results/$1-probe"
}

who_has() { # ADDRESS SECONDS: asks once a second from the far end of the VLAN
  ip netns exec ours-far arping -f -c "$2" -w "$2" -I eth3.5 "$1" >/dev/null && echo answered || echo silent
}

make_host theirs; make_host ours
give_card theirs "${CARDS% *}"; give_card ours "${CARDS#* }"
ip netns add peer
ip -n ours-far addr add 10.3.0.9/24 dev eth3.5
ip -n ours-far link set eth7 netns peer; ip -n peer link set lo up; ip -n peer link set eth7 up
ip -n peer addr add 10.7.0.2/24 dev eth7; ip -n peer addr add 2001:db8:7::2/64 dev eth7 nodad
look ours before
common >theirs.conf; { common; blue; } >ours.conf; peer >peer.conf

start_keepalived peer peer.conf
start_keepalived theirs theirs.conf
await_masters theirs.log
look theirs theirs; read_routing theirs; read_settings theirs
await peer.log '\(blue6\) Entering MASTER STATE'
start_holdfast
await_masters ours.log
await ours.log '\(blue\) Entering MASTER STATE'; await ours.log '\(blue6\) Entering MASTER STATE'
await peer.log '\(blue\) Entering BACKUP STATE$'; await peer.log '\(blue6\) Entering BACKUP STATE$'
look ours ours; read_routing ours; read_settings ours
grep -E '(blue|blue6)\) (Master received|Entering)' peer.log >"$results/peer"
"$HOLDFAST/bin/holdfast" status --json --runtime-dir /run/ours >"$results/status"
ip netns exec ours ss -H -l -n -A raw >"$results/sockets"
until_it is_in_state UP; ask_card plugged

# The interface below a macvlan moves to another VRF, and the macvlan follows it.
for host in theirs ours; do ip -n $host link set eth2 master blue; until_it has_followed $host; done
look ours moved; look theirs theirs-moved

touch "$JOB/pull-cables"
await theirs.log '\(card\) Entering FAULT STATE'; await ours.log '\(card\) Entering FAULT STATE'
until_it is_in_state DOWN; ask_card pulled
touch "$JOB/plug-cables"
await ours.log '\(card\) Entering BACKUP STATE$'

{
  who_has 10.3.0.100 30
  # Its processes die at once; one that sees another die would hand over. The lease is far longer than the lock.
  all=$(ip netns pids ours); kill -STOP $all; kill -9 $all
  until_it is_locked
  who_has 10.3.0.100 2
  ip -n ours -j addr show to 10.3.0.100 | grep -q eth3.5 && echo there
} >"$results/lock"

ip -n ours -j link show low >"$results/low-left"
cp ours.log "$results/log"; : >ours.log
start_holdfast
await_masters ours.log
ip -n ours -j link show low >"$results/low-taken-over"
kill $ours $theirs $peer; wait $ours $theirs $peer
look theirs theirs-after; look ours ours-after
