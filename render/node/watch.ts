import { CANNOT_WRITE, RESTART_BYTES, RESTART_FILES, RESTART_PAUSES_MS, WELL_MS } from "../../topology/disk-room";
import { confPath, MONITOR, PARAMETER } from "./files";
import { sh } from "./script/sh";

const KIB = String(RESTART_BYTES / 1024);
const FILES = String(RESTART_FILES);
const PAUSES = RESTART_PAUSES_MS.map((pause) => pause / 1000).join(" ");
const FAULTS = CANNOT_WRITE.join("|");
const WELL = String(WELL_MS / 1000);

/** Service and timer of the watch, without their endings. */
const UNIT = "/etc/systemd/system/leafline-watch";

/**
 * Part of the parameter `report.sh`: restarts the hub's server when it could not write and there is room on its volume
 * again, by the rule by which a device does (`topology/disk-room.ts`). One write that fails ends all writing to that
 * stream, or of a node of several all of JetStream, until the server is restarted (nats-server 2.15.2).
 */
export const watch = sh`
install_watch() {
	cat > ${UNIT}.service << 'END'
[Unit]
Description=leafline: restarts the hub's server when there is room again on its volume

[Service]
Type=oneshot
ExecStart=/bin/sh ${confPath(PARAMETER.report)} watch
TimeoutStartSec=10min
StateDirectory=leafline-watch
MemoryMax=100M
NoNewPrivileges=yes
ProtectSystem=full
LogLevelMax=warning
END
	cat > ${UNIT}.timer << 'END'
[Unit]
Description=leafline: looks at the hub's health every 10 seconds

[Timer]
OnActiveSec=30s
OnUnitInactiveSec=10s
AccuracySec=1s

[Install]
WantedBy=timers.target
END
	chmod 644 ${UNIT}.service ${UNIT}.timer
}

# tell KIND LINE: once for each kind, until another
tell() {
	[ "$(cat "$kept/told" 2> /dev/null)" != "$1" ] || return 0
	echo "$1" > "$kept/told"
	echo "<4>$2" >&2
}

# once: one look. What was done stands in $kept/restarts, on the root disk, before it is done.
once() {
	kept=\${STATE_DIRECTORY:-/var/lib/leafline-watch}
	mkdir -p "$kept" /run/leafline
	# Not while the node is being changed.
	exec 9> /run/leafline/lock
	flock -n 9 || return 0
	answer=$(curl -sS --max-time 5 "http://${MONITOR}/healthz?details=true" 2> /dev/null) || return 0
	fault=$(printf '%s' "$answer" | grep -oE '"error":"[^"]*(${FAULTS})[^"]*"' | head -n 1) || :
	tries=0 at=0 now=$(date +%s)
	[ ! -s "$kept/restarts" ] || read -r tries at < "$kept/restarts"
	if [ -z "$fault" ]; then
		rm -f "$kept/told"
		[ $((now - at)) -lt ${WELL} ] || rm -f "$kept/restarts"
		return 0
	fi
	if [ "$(df -Pk $mount | awk 'NR == 2 { print $4 }')" -lt ${KIB} ] ||
		[ "$(df -Pi $mount | awk 'NR == 2 { print $4 }')" -lt ${FILES} ]; then
		tell full "the hub's server cannot write ($fault); it is restarted when $mount has ${KIB} KiB and ${FILES} inodes free"
		return 0
	fi
	if ! : > $mount/.leafline-writable; then
		tell read-only "the hub's server cannot write ($fault); it is not restarted, for nobody can write to $mount"
		return 0
	fi
	rm -f $mount/.leafline-writable
	left=$tries wait=0
	for pause in ${PAUSES}; do
		wait=$pause
		[ $left -gt 0 ] || break
		left=$((left - 1))
	done
	if [ $((now - at)) -ge 0 ] && [ $((now - at)) -lt "$wait" ]; then
		tell "tried $tries" "the hub's server was restarted $tries times and still cannot write ($fault); again in $((at + wait - now)) s"
		return 0
	fi
	echo "$((tries + 1)) $now" > "$kept/restarts"
	sync "$kept/restarts"
	tell "try $tries" "there is room again on $mount: restarting the hub's server, which could not write ($fault)"
	# Not by lame duck: that asks every device to leave first, which takes half a minute and has nobody to take over.
	systemctl kill -s TERM nats-hub.service
	systemctl restart nats-hub.service
}
`.trimEnd();

/** Names what `install` has to switch on beside its own timer. */
export const WATCH_TIMER = `${UNIT.slice(UNIT.lastIndexOf("/") + 1)}.timer`;
