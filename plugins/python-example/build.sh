#!/bin/sh
# Packs the example into one file that can be run: build.sh FILE, where FILE is .../acquit-gateway-till. Needs protoc and, to run,
# Debian's python3-grpcio, python3-protobuf and python3-cryptography.
set -eu
out=$1
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
protoc --python_out="$work" -I . -I ../gatewaypb/v1 status.proto gateway.proto
cp till.py "$work/__main__.py"
/usr/bin/python3 -m zipapp -p /usr/bin/python3 -o "$out" "$work"
chmod +x "$out"
