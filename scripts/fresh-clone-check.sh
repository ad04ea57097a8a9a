#!/usr/bin/env bash
# Does what a newcomer does: clones the repository into an empty folder and runs the README's commands. What is not
# committed is not there.
#
# usage: scripts/fresh-clone-check.sh [--test] [--cold]
#   --test  also `make test`
#   --cold  with empty Go caches, as on a machine that never built anything
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
patience=900 # seconds until the server must answer: a cold build on a slow machine

with_tests='' cold=''
for argument in "$@"; do
	case $argument in
	--test) with_tests=1 ;;
	--cold) cold=1 ;;
	*)
		sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done

folder=$(mktemp -d)
server=''
finish() {
	status=$?
	if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
		kill -TERM -- "-$server" # make leads a process group of its own, see setsid below
		wait "$server" || true
	fi
	if [ "$status" -ne 0 ] && [ -f "$folder/log" ]; then
		echo "--- the end of make run's output:" >&2
		tail -n 40 "$folder/log" >&2
	fi
	chmod -R u+w "$folder" # Go's module cache is read-only
	rm -rf "$folder"
	exit "$status"
}
trap finish EXIT

git clone --quiet "$repository" "$folder/acquit"
cd "$folder/acquit"
echo "fresh clone: $(git log -1 --format='%h %s')"
if [ -n "$cold" ]; then
	export GOCACHE=$folder/cache GOMODCACHE=$folder/modules
fi

# A port that nobody listens on.
port=18080
while (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done

began=$SECONDS
setsid make run LISTEN="127.0.0.1:$port" SIMULATORS=127.0.0.1:0 >"$folder/log" 2>&1 </dev/null &
server=$!
until curl --silent --fail --location --output "$folder/page" "http://127.0.0.1:$port/"; do
	if ! kill -0 "$server" 2>/dev/null; then
		server=''
		echo 'fresh clone: make run ended before it served' >&2
		exit 1
	fi
	if [ $((SECONDS - began)) -ge "$patience" ]; then
		echo "fresh clone: make run did not serve within $patience s" >&2
		exit 1
	fi
	sleep 0.5
done
if ! grep -qi '<html' "$folder/page"; then
	echo 'fresh clone: the first page is no page' >&2
	exit 1
fi
echo "fresh clone: make run serves after $((SECONDS - began)) s"

kill -TERM -- "-$server"
wait "$server" || true
server=''
if (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
	echo 'fresh clone: something still listens after make run was stopped' >&2
	exit 1
fi
if [ -n "$(git status --porcelain)" ]; then
	echo 'fresh clone: make run left files that are not ignored:' >&2
	git status --short >&2
	exit 1
fi

if [ -n "$with_tests" ]; then
	make test
	echo "fresh clone: make test passes after $((SECONDS - began)) s in all"
fi
