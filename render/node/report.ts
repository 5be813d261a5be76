import { confPath, NODE, PARAMETER, VOLUME_METRIC } from "./files";
import { sh } from "./script/sh";
import { WATCH_TIMER, watch } from "./watch";

/**
 * The parameter `report.sh`: what ships the journal to CloudWatch Logs and the volume's fill level to CloudWatch, every
 * minute, with nothing but the AWS command line. Nothing that serves the hub waits for it: what cannot be sent is sent
 * at a later run, from where the last one ended. The same script watches the server (`watch.ts`): a parameter of its own
 * would be one more that every older node script has to know.
 */
export function renderReport(): string {
	return sh`
#!/bin/sh
# Journal and volume space to CloudWatch. Written by leafline; changes are overwritten.
set -eu
umask 077
. ${NODE.env}
LC_ALL=C HOME=\${HOME:-/root} AWS_DEFAULT_REGION=$REGION AWS_PAGER=
PATH="$PATH:/usr/local/bin:/usr/sbin:/usr/bin"
export LC_ALL HOME AWS_DEFAULT_REGION AWS_PAGER PATH
unit=${NODE.reportUnit} mount=${NODE.mount}
state=\${STATE_DIRECTORY:-/var/lib/leafline-report} work=\${RUNTIME_DIRECTORY:-/run/leafline-report}
group=\${PARAMETERS%/*} node=\${PARAMETERS##*/}

install() {
	cat > $unit.service << 'END'
[Unit]
Description=leafline: journal and volume space to CloudWatch

[Service]
Type=oneshot
ExecStart=/bin/sh ${confPath(PARAMETER.report)}
TimeoutStartSec=5min
RuntimeDirectory=leafline-report
StateDirectory=leafline-report
Nice=19
MemoryMax=300M
NoNewPrivileges=yes
ProtectSystem=strict
# The AWS command line keeps its session there.
ReadWritePaths=-%h/.aws
# Nothing about a run that went well: it would be shipped by the next one.
LogLevelMax=warning
END
	cat > $unit.timer << 'END'
[Unit]
Description=leafline: journal and volume space to CloudWatch, every minute

[Timer]
OnActiveSec=30s
OnUnitInactiveSec=1min
AccuracySec=10s

[Install]
WantedBy=timers.target
END
	chmod 644 $unit.service $unit.timer
	install_watch
	systemctl daemon-reload
	systemctl -q enable --now "\${unit##*/}.timer" ${WATCH_TIMER}
}

warn() { echo "<4>$(grep . "$work/error" | head -n 1)" >&2; }

# ship: one batch of the journal; fails when there is no more, or when it could not be sent
ship() {
	set -- -o json --output-fields=MESSAGE,SYSLOG_IDENTIFIER
	[ ! -s "$state/cursor" ] || set -- "$@" --after-cursor="$(cat "$state/cursor")"
	journalctl -q "$@" 2> "$work/error" | head -n 2000 > "$work/lines"
	if ! [ -s "$work/lines" ]; then
		# Where the place in the journal is not understood, from the beginning: twice is better than never.
		[ ! -s "$work/error" ] || { warn; rm -f "$state/cursor"; }
		return 1
	fi
	# At most 1 MB and 24 hours a batch, in the order of time.
	awk -v cursor="$work/cursor" '
		function text(name, at) {
			if (!match($0, "\"" name "\":\"([^\"\\\\]|\\\\.)*\"")) return ""
			at = RSTART + length(name) + 4
			return substr($0, at, RSTART + RLENGTH - 1 - at)
		}
		{
			time = substr(text("__REALTIME_TIMESTAMP"), 1, 13); message = text("MESSAGE")
			if (message == "") message = "(no text)"
			line = "{\"timestamp\":" time ",\"message\":\"" text("SYSLOG_IDENTIFIER") ": " message "\"}"
			size += length(line) + 26
			if (NR == 1) first = time
			if (NR > 1 && (size > 900000 || time - first > 72000000 || first - time > 72000000)) exit
			last = text("__CURSOR"); print time "\t" line
		}
		END { print last > cursor }' "$work/lines" | sort -sn |
		awk -F '\t' '{ printf "%s%s", (NR > 1 ? ",\n" : "["), $2 } END { print "]" }' > "$work/events"
	if ! put; then
		aws logs create-log-stream --log-group-name "$group" --log-stream-name "$node" 2> /dev/null || :
		put || { warn; return 1; }
	fi
	mv "$work/cursor" "$state/cursor"
}
put() {
	aws logs put-log-events --log-group-name "$group" --log-stream-name "$node" --log-events "file://$work/events" \
		> /dev/null 2> "$work/error"
}

metric() {
	environment=\${group#/leafline/}
	aws cloudwatch put-metric-data --namespace ${VOLUME_METRIC.namespace} --metric-name ${VOLUME_METRIC.name} \
		--unit Percent --dimensions "Environment=\${environment%/hub},Node=$node" \
		--value "$(df -P $mount | awk 'NR == 2 { print $5 + 0 }')" 2> "$work/error" || { warn; return 1; }
	: > "$state/metric"
}

${watch}

[ "\${1:-}" != install ] || { install; exit; }
[ "\${1:-}" != watch ] || { once; exit; }
mkdir -p "$state" "$work"
# The alarm tells of a node that falls silent, and cannot of one that never said anything.
if [ "\${1:-}" = first ]; then
	[ -e "$state/metric" ] || metric || { echo "the hub runs, but CloudWatch has no figure of its volume" >&2; exit 1; }
	exit
fi
left=20
while [ $left -gt 0 ] && ship; do left=$((left - 1)); done
# Nothing is told where nothing is mounted: the alarm tells of missing figures.
if [ -z "$(find "$state/metric" -mmin -5 2>/dev/null)" ] && mountpoint -q $mount; then metric || :; fi
`;
}
