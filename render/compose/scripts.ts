import { sh } from "../node/script/sh";

/**
 * What systemd does for a device's server, for a container: the gate and the streams before each start, the seal behind
 * each end. The container stays while the server is started anew, for others are in its network.
 */
export const serverScript = sh`
#!/bin/sh
# Written by leafline; changes are overwritten. server.sh PROGRAM: runs in the folder of the server's configuration.
set -u
umask 077
program=$1
child='' over=''
end() {
	over=yes
	[ -z "$child" ] || kill -TERM "$child" 2> /dev/null
}
trap end TERM INT

# A signal ends a wait and not what is waited for.
run() {
	"$@" &
	child=$!
	while :; do
		wait "$child"
		status=$?
		kill -0 "$child" 2> /dev/null || break
	done
	child=''
	return "$status"
}

while [ -z "$over" ]; do
	if run node "$program" gate && run node "$program" streams && [ -z "$over" ]; then
		run nats-server -c leaf.conf
		code=exited
		[ "$status" -le 128 ] || code=killed
		run env EXIT_CODE="$code" EXIT_STATUS="$status" node "$program" seal
	fi
	[ -n "$over" ] || run sleep 5
done
`;

/**
 * Gives the hub of a try its streams, once it is there. What is there already stays.
 */
export const setupScript = sh`
#!/bin/sh
# Written by leafline. setup.sh: in a folder with admin.creds, and requests as NUMBER.subject and NUMBER.json.
set -eu
cd "$(dirname "$0")"
for subject in *.subject; do
	number=\${subject%.subject}
	answer=$(nats --server nats://127.0.0.1:4222 --creds admin.creds --timeout 30s request --raw "$(cat "$subject")" "$(cat "$number.json")")
	case $answer in
	*'"error"'*) printf '%s: %s\n' "$(cat "$subject")" "$answer" >&2 && exit 1 ;;
	esac
	printf 'made by %s\n' "$(cat "$subject")"
done
`;

/** Says every few seconds how many messages are at the hub of a try. */
export const reportScript = sh`
#!/bin/sh
# Written by leafline. report.sh API STREAM…
set -u
cd "$(dirname "$0")" || exit 1
api=$1
shift
while :; do
	for stream in "$@"; do
		answer=$(nats --server nats://127.0.0.1:4222 --creds admin.creds --timeout 5s request --raw "$api.STREAM.INFO.$stream" '' 2> /dev/null)
		messages=$(printf '%s' "$answer" | sed -n 's/.*"messages":\([0-9]*\).*/\1/p')
		printf '%s: %s messages\n' "$stream" "\${messages:-?}"
	done
	sleep 5
done
`;
