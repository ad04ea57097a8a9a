#!/bin/sh
# Finds what the tests need beyond Go, and installs from Debian's packages what is missing. Nothing here is needed to
# build or to run Acquit.
#
# Environment: PG_BIN and ACQUIT_CHROMIUM, as the tests read them.
set -eu

PG_MAJOR=15 # the oldest PostgreSQL that Acquit supports

have() { command -v "$1" >/dev/null 2>&1; }

major() { # FOLDER: the major version of the PostgreSQL server there, nothing if there is none
	[ -x "$1/initdb" ] && "$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p'
}

have_postgresql() {
	if [ -n "${PG_BIN:-}" ]; then
		set -- "$PG_BIN"
	else
		set -- /usr/lib/postgresql/*/bin
		if have initdb; then set -- "$@" "$(dirname "$(command -v initdb)")"; fi
	fi
	for bin in "$@"; do
		version=$(major "$bin") || continue
		if [ "${version:-0}" -ge "$PG_MAJOR" ]; then return 0; fi
	done
	return 1
}

have_chromium() {
	if [ -n "${ACQUIT_CHROMIUM:-}" ]; then have "$ACQUIT_CHROMIUM"; return; fi
	have chromium || have chromium-browser || have google-chrome || have google-chrome-stable
}

# protoc without the types that come with it cannot read the protocol.
have_protoc() {
	have protoc && printf 'syntax = "proto3"; import "google/protobuf/timestamp.proto";' | protoc -o /dev/null -I /dev /dev/stdin 2>/dev/null
}

# Debian's own Python, which is what the packages below are for.
have_python_grpc() {
	[ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import grpc, google.protobuf, cryptography' 2>/dev/null
}

# look fills `missing` with the packages that are wanted: package, what for, how to see that it is there.
look() {
	missing=''
	want postgresql      "PostgreSQL $PG_MAJOR or later, for the store's tests"    have_postgresql
	want chromium        'Chromium, for the tests of pages'                        have_chromium
	want poppler-utils   'pdftotext and pdfinfo, to read the documents drawn'      have pdfinfo
	want qpdf            'qpdf, to check that those are sound'                     have qpdf
	want hledger         'hledger, to check exports with a program by others'      have hledger
	want 'protobuf-compiler libprotobuf-dev' 'protoc and its types, to check the generated code of the gateway protocol' have_protoc
	want 'python3 python3-grpcio python3-protobuf python3-cryptography' 'Python with gRPC, for the example gateway in Python' have_python_grpc
}

want() {
	package=$1 purpose=$2
	shift 2
	if ! "$@"; then
		missing="$missing $package"
		echo "deps: not found: $purpose"
	fi
}

look
if [ -z "$missing" ]; then
	echo "deps: all that the tests need is installed"
	exit 0
fi

install="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends$missing"
if ! have apt-get; then
	echo "deps: there is no apt-get here; please install the programs named above yourself" >&2
	exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
	as_root='sh -c'
elif have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
	as_root='sudo sh -c'
else
	echo "deps: installing needs root; please run:" >&2
	echo "    sudo sh -c '$install'" >&2
	exit 1
fi
echo "deps: installing:$missing"
$as_root "$install"

look
if [ -n "$missing" ]; then
	echo "deps: still missing after installing:$missing (an older version? or are PG_BIN and ACQUIT_CHROMIUM wrong?)" >&2
	exit 1
fi
