# Holds one throw-away PostgreSQL cluster for the program that started this script, and removes it when that program
# ends. The program keeps the other end of standard input open and never writes: end of file means that it stopped the
# server or is gone, even by SIGKILL.
#
# usage: sh supervise.sh BIN DIR [server argument]...
bin=$1 dir=$2
shift 2
exec 3<&0 </dev/null

fail() {
	rm -rf "$dir"
	exit 1
}

"$bin/initdb" --pgdata="$dir/data" --username=postgres --auth-local=trust --auth-host=scram-sha-256 \
	--encoding=UTF8 --locale=C.UTF-8 --lc-messages=C --no-sync --no-instructions 3<&- || fail

"$bin/postgres" -D "$dir/data" "$@" 3<&- &
server=$!

# A shell starts background programs with SIGINT and SIGQUIT ignored, so a server that has not set its own handlers yet
# hears SIGTERM only; one that has takes the SIGQUIT, which does not wait for clients.
{
	read -r _ <&3
	kill -TERM "$server"
	kill -QUIT "$server"
} 2>/dev/null &
watch=$!

wait "$server"
status=$?
kill "$watch" 2>/dev/null
rm -rf "$dir"
exit "$status"
