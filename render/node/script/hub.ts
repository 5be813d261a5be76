import { sh } from "./sh";

/** The server: started, reloaded where that is enough, else restarted in lame duck, and waited for. */
export const hub = sh`
routes() { monitor routez | sed -n 's/.*"remote_name": "\(.*\)".*/\1/p' | sort -u | grep -c .; }
others() { monitor varz | sed -n '/"cluster": {/,/}/p' | sed -n '/"urls": \[/,/\]/p' | grep -c ':[0-9]*"' || :; }
# has_streams: whether anything is stored here besides the server's own
has_streams() {
	[ -n "$(find $store/jetstream -mindepth 3 -maxdepth 3 -path '*/streams/*' 2>/dev/null | head -n 1)" ]
}

# sized: a cluster deletes after 30 s the streams of a server that was alone, which in turn loads none of a cluster
sized() {
	has_streams || return 0
	was=1 is=1
	[ -z "$(find $store/jetstream -mindepth 3 -maxdepth 3 -path '*/_js_/_meta_')" ] || was=3
	! grep -q '^cluster:' "$gens/$gen/hub.conf" || is=3
	[ $was = $is ] || die "the streams in $store are those of a hub of $was, and do not move to one of $is: the hub is left as it is"
}

# guard: never two nodes down at once
guard() {
	others=$(($(others) - 1))
	[ $others -gt 0 ] && has_streams && [ "\${FORCE:-0}" != 1 ] || return 0
	up=$(routes) || :
	[ "$up" -gt $((others / 2)) ] ||
		die "only $up of the $others other nodes are connected: not restarted, for two nodes would be down. FORCE=1 restarts nevertheless"
}

reload() {
	before=$(loaded config_load_time)
	systemctl reload $hub || return 1
	# The server says only in its log that it refused: what it has loaded tells.
	end=$(($(now) + 5))
	while [ "$(now)" -lt "$end" ]; do
		sleep 0.5
		[ "$(loaded config_load_time)" != "$before" ] || continue
		[ "$(loaded config_digest)" = "$digest" ] || continue
		echo "$gen" > $running.new
		mv $running.new $running
		say "reloaded"
		return 0
	done
	return 1
}
loaded() { monitor varz | sed -n "s/^ *\"$1\": \"\(.*\)\".*/\1/p"; }

restart() {
	guard
	say "restarting: $1"
	systemctl restart $hub || die "cannot restart $hub"
}

# converge: from what runs to generation $gen
converge() {
	if [ "$(pid)" = 0 ]; then
		say "starting $hub"
		systemctl start $hub || die "cannot start $hub"
	else
		old=$(cat $running 2>/dev/null) || old=
		if [ "$old" = "$gen" ]; then
			say "nothing to do: $gen runs"
		elif ! cmp -s "$gens/$old/release" "$gens/$gen/release"; then
			restart "another server"
		elif ! cmp -s "$gens/$old/nats-hub.service" "$gens/$gen/nats-hub.service"; then
			restart "another unit"
		elif ! reload; then
			restart "the change cannot be reloaded"
		fi
	fi
}

restarts() { systemctl show -p NRestarts --value $hub; }
healthy() {
	end=$(($(now) + \${HEALTH_SECONDS:-600})) alone=0 first=$(restarts)
	while :; do
		answer=$(curl -sS --max-time 5 -w ' %{http_code}' http://127.0.0.1:8222/healthz 2>&1) || :
		case $answer in
			*' 200')
				say "healthy"
				return
				;;
			*' 503')
				others=$(($(others) - 1)) up=$(routes) || :
				# Servers that have stored nothing elect no leader before all of them are there, and the last one is made
				# only when this one has ended.
				if [ $others -gt 0 ] && [ "$up" -lt "$others" ] && ! has_streams; then
					alone=$((alone + 1))
					[ $alone -lt 5 ] || { say "started; waits for the other nodes"; return; }
				else
					alone=0
				fi
				;;
		esac
		[ "$(now)" -lt "$end" ] || break
		[ $(($(restarts) - first)) -lt 5 ] || break
		sleep 1
	done
	say "last lines of $hub: $(journalctl -q -o cat -n 5 -u $hub)"
	die "the hub is not healthy: $answer"
}

# clean: what no longer runs
clean() {
	for old in "$gens"/*; do
		[ "$old" = "$gens/$gen" ] || rm -rf "$old"
	done
	for old in "$bin"/*/; do
		readlink "$gens/$gen/.server" | grep -qF "$old" || rm -rf "$old"
	done
}
`;
