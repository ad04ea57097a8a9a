#!/bin/sh
# Writes the generated code: templ's pages and the gateway protocol. With --check it writes into a copy instead and
# fails if the copy differs from what is here.
#
# Environment: TOOLS, the folder in which generators are kept (default .tools).
set -eu
cd "$(dirname "$0")/.."
tools=${TOOLS:-$PWD/.tools}

pages=adapters/fiberweb        # *.templ below become *_templ.go
protocol=plugins/gatewaypb/v1  # has a generate.sh of its own

# The generator must be of the version that the code is compiled against.
templ_version=$(go list -m -f '{{.Version}}' github.com/a-h/templ)
templ=$tools/templ-$templ_version/templ
if [ ! -x "$templ" ]; then
	echo "generate: building templ $templ_version"
	GOBIN=$(dirname "$templ") go install "github.com/a-h/templ/cmd/templ@$templ_version"
fi
if ! command -v protoc >/dev/null; then
	echo 'generate: protoc is missing: run `make deps`' >&2
	exit 1
fi

into=.
if [ "${1:-}" = --check ]; then
	into=$(mktemp -d)
	trap 'rm -rf "$into"' EXIT
	mkdir -p "$into/$protocol"
	find "$pages" -name '*.templ' | while IFS= read -r file; do
		mkdir -p "$into/$(dirname "$file")"
		cp "$file" "$into/$file"
	done
	cp "$protocol"/*.proto "$protocol"/generate.sh "$into/$protocol/"
fi

"$templ" generate -path "$into/$pages" -log-level error
sh "$into/$protocol/generate.sh"
[ "$into" = . ] && exit 0

# Both lists, so that a file left behind by a page that is gone is found too.
generated() { (cd "$1" && find "$pages" -name '*_templ.go' && find "$protocol" -name '*.pb.go') | sort; }
# The one line that depends on the machine: which protoc it has. Its output does not.
plain() { sed '/^\/\/.*[ \t]protoc  *v[0-9.]*$/d' "$1"; }

stale=0
{ generated . ; generated "$into"; } | sort -u > "$into/list"
while IFS= read -r file; do
	if [ ! -f "$file" ] || [ ! -f "$into/$file" ] || [ "$(plain "$file")" != "$(plain "$into/$file")" ]; then
		echo "generate: $file is not what would be generated: run \`make generate\` and commit it" >&2
		stale=1
	fi
done < "$into/list"
exit "$stale"
