# SPDX-License-Identifier: AGPL-3.0-only
# shellcheck shell=bash
# For scripts that need an object store and ci/stores/StoreProxy.java in front of it. Source it after ci/lib.sh and
# work_directory. Everything that it starts ends with the script.
STORES=$ROOT/ci/stores
BUCKET=zerofs-system

may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# Prints why a kind of store cannot run here; empty if it can.
store_obstacle() {
  if [ "$1" = ceph ] && ! command -v radosgw >/dev/null && ! may_install; then
    echo "Ceph is not installed, and only root may install it"
  fi
}

# store_start KIND: starts a store and a proxy in front of it. Sets STORE_ENDPOINT, STORE_KEY, STORE_SECRET as
# ci/stores/start-store does, PROXY_PORT, PROXY_ADMIN and PROXIED_ENDPOINT.
store_start() {
  local started upstream file
  STORE_KIND=$1
  started=$("$STORES/start-store" "$1" "$WORK/server" "$(free_port)") || die "no store"
  eval "$started"
  for file in "$WORK"/server/*.pid; do cp "$file" "$WORK/server-${file##*/}"; done
  upstream=${STORE_ENDPOINT#http://127.0.0.1:}
  PROXY_PORT=$(free_port) PROXY_ADMIN=$(free_port)
  java -Xmx256m "$STORES/StoreProxy.java" "$PROXY_PORT" "${upstream%%/*}" "$PROXY_ADMIN" >"$WORK/proxy.log" 2>&1 &
  echo $! >"$WORK/proxy.pid"
  await_success 60 "the proxy does not answer" "$(cat "$WORK/proxy.pid")" proxy stats
  PROXIED_ENDPOINT=${STORE_ENDPOINT/:${upstream%%/*}/:$PROXY_PORT}
}

# proxy COMMAND: as the class comment of StoreProxy lists them, without the leading slash.
proxy() { curl -sSf "http://127.0.0.1:$PROXY_ADMIN/$1"; }

# counted NAME: what the proxy counted under that name since `proxy reset`; 0 if nothing.
counted() {
  local count
  count=$(proxy stats | sed -nE "s/.*\"$1\": ([0-9]+).*/\1/p")
  echo "${count:-0}"
}

# store_for_daemons: makes a bucket and lets daemon_config write configurations for it; each test that is run from here
# has a volume of its own below STORE_URL.
store_for_daemons() {
  "$STORES/make-bucket" "$STORE_KIND" "$STORE_ENDPOINT" "$STORE_KEY" "$STORE_SECRET" $BUCKET
  if [ "$STORE_KIND" = azurite ]; then
    export STORE_URL=azure://$BUCKET
    export STORE_TOML="[azure]
storage_account_name = \"$STORE_KEY\"
storage_account_key = \"$STORE_SECRET\"
endpoint = \"$PROXIED_ENDPOINT\""
  else
    export STORE_URL=s3://$BUCKET
    export STORE_TOML="[aws]
access_key_id = \"$STORE_KEY\"
secret_access_key = \"$STORE_SECRET\"
endpoint = \"$PROXIED_ENDPOINT\"
allow_http = true"
  fi
}
