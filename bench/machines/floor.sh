#!/usr/bin/env bash
# The floor: the steps of a roll and nothing else. No check comes before a step, and a wait is only there where the
# next command would fail without it. Not for a cluster that anybody needs.
set -eu

on() {
  local node=$1 address
  shift
  address=ADDRESS_$node
  ssh -n "root@${!address}" "$@"
}

# step NODE KIND LABEL COMMAND…: runs it, and writes down how long it took.
step() {
  local node=$1 kind=$2 label=$3 from=${EPOCHREALTIME/[.,]/}
  shift 3
  "$@"
  local to=${EPOCHREALTIME/[.,]/}
  printf '{"node":"%s","kind":"%s","label":"%s","fromMs":%s,"toMs":%s}\n' \
    "$node" "$kind" "$label" "${from:0:-3}" "${to:0:-3}" >>"$STEPS"
}

is_manager() { [[ " $MANAGERS " == *" $1 "* ]]; }

another_manager() {
  local manager
  for manager in $MANAGERS; do
    [ "$manager" = "$1" ] || break
  done
  echo "$manager"
}

drain() {
  on "$contact" docker node update --availability drain "$id" >/dev/null
  while on "$contact" "docker node ps --format '{{.CurrentState}}' $id" | grep -q '^Running'; do
    sleep 0.1
  done
}

demote() {
  on "$contact" docker node demote "$id" >/dev/null
  until [ "$(on "$1" "docker info --format '{{.Swarm.ControlAvailable}}'")" = false ]; do
    sleep 0.1
  done
}

# By force, as it has left: unforced, the swarm waits until it counts as down, some 15 s.
remove() {
  until on "$contact" docker node rm --force "$id" >/dev/null 2>&1; do
    sleep 0.1
  done
}

rebuild() { curl --fail --silent --show-error --request POST "$MACHINES/$1?os=$OS" >/dev/null; }

# Engine and keepalived are in the machine's image, and do not start by themselves.
start_engine() { on "$1" systemctl enable --now --quiet docker; }

load_image() {
  local address=ADDRESS_$1
  ssh "root@${!address}" docker load --quiet <"$IMAGE" >/dev/null
}

join() {
  local node=$1 role=$2 address=ADDRESS_$1 remote=ADDRESS_$contact token
  token=$(on "$contact" docker swarm join-token --quiet "$role")
  on "$node" docker swarm join --token "$token" --advertise-addr "${!address}" \
    --listen-addr "${!address}:2377" --data-path-addr "${!address}" "${!remote}:2377" >/dev/null
  until [ "$(on "$contact" "docker node ls --format '{{.Hostname}} {{.Status}}'" | grep -c "^$node Ready")" = 1 ]; do
    sleep 0.1
  done
}

start_keepalived() {
  local address=ADDRESS_$1
  ssh "root@${!address}" 'cat >/etc/keepalived/keepalived.conf' <"$KEEPALIVED/$1.conf"
  on "$1" systemctl enable --now --quiet keepalived
}

for node in $ORDER; do
  contact=$(another_manager "$node")
  id=$(on "$contact" docker node inspect --format '{{.ID}}' "$node")
  if is_manager "$node"; then
    step "$node" 'virtual IP' 'stop keepalived' on "$node" systemctl stop keepalived
  fi
  step "$node" membership drain drain
  if is_manager "$node"; then
    step "$node" membership demote demote "$node"
  fi
  step "$node" membership leave on "$node" docker swarm leave >/dev/null
  step "$node" membership remove remove
  step "$node" machine rebuild rebuild "$node"
  step "$node" engine 'start the engine' start_engine "$node"
  step "$node" engine 'load the image' load_image "$node"
  if is_manager "$node"; then
    step "$node" membership join join "$node" manager
    step "$node" 'virtual IP' 'start keepalived' start_keepalived "$node"
  else
    step "$node" membership join join "$node" worker
  fi
done
