import { sh } from "./sh";

/** The verbs: `boot` at every boot, `apply` after a change. */
export const main = sh`
node() {
	mkdir -p /run/leafline /etc/leafline
	exec 9> /run/leafline/lock
	flock -w "\${LOCK_SECONDS:-1200}" 9 || die "another run of leafline-node does not end"
	trap 'code=$?; rm -rf "$gens/.new"; [ $code = 0 ] || say "leafline-node $verb ended with $code"' EXIT
	service
	user
	package nft nftables
	known=1
	if fetch_expected; then
		volume "$new"
		download
		keep
	elif [ "$verb" = boot ] && [ -e "$conf/.server" ]; then
		known='' gen=$(readlink "$conf")
		gen=\${gen##*/}
		say "goes on with the configuration it has"
		volume "$conf"
	else
		die "there is nothing to run; the hub is left as it is"
	fi
	verify
	sized
	activate
	firewall
	kernel
	units
	[ ! -e "$conf/report.sh" ] || sh "$conf/report.sh" install || say "no report"
	converge
	clean
	# Who comes with a remedy need not wait for its end.
	exec 9>&-
	healthy
	[ -n "$known" ] || die "the newest parameters are not known: tries again"
	sh "$conf/report.sh" first || die "no figure sent"
}

case $verb in
	install)
		service
		systemctl start --no-block leafline-node.service
		;;
	boot | apply) node ;;
	*)
		echo "usage: leafline-node install|boot|apply" >&2
		exit 2
		;;
esac
`;
