import { NODE, REQUIRED_PARAMETERS, USER } from "../files";
import { sh } from "./sh";

/** From the parameter store to a generation on disk, and the server it names. Nothing that runs is touched. */
export const parameters = sh`
# fetch: all parameters into $gens/.new, one file each; secrets appear in no argument and no line
fetch() {
	new=$gens/.new
	rm -rf "$new"
	mkdir -p "$new"
	if ! aws ssm get-parameters-by-path --path "$PARAMETERS" --with-decryption --output text \
		--cli-connect-timeout 5 --cli-read-timeout 20 \
		--query "Parameters[].[join('', ['@@file ', Name, '
', Value, '
@@end'])]" > "$new/.answer" 2> "$new/.error"; then
		say "cannot read the parameters below $PARAMETERS: $(tail -n 1 "$new/.error")"
		return 1
	fi
	awk -v dir="$new" '
		!file && /^@@file / {
			n = split($2, part, "/"); name = part[n]
			if (name !~ /^[A-Za-z0-9][A-Za-z0-9._-]*$/) exit 1
			file = dir "/" name; blank = 0; printf "" > file; next
		}
		$0 == "@@end" { close(file); file = ""; next }
		$0 == "" { blank++; next }
		file { while (blank) { print "" > file; blank-- } print > file }
		END { if (file) exit 1 }' "$new/.answer" || { say "the answer for $PARAMETERS is not whole"; return 1; }
	rm -f "$new/.answer" "$new/.error"
	for name in ${REQUIRED_PARAMETERS.join(" ")}; do
		[ -s "$new/$name" ] || { say "parameter $PARAMETERS/$name is missing or empty"; return 1; }
	done
	gen=$(generation "$new")
}
generation() { (cd "$1" && sha256sum -- * | sha256sum | cut -c 1-64); }

# fetch_expected: again while the store still answers with older values than $GENERATION
fetch_expected() {
	end=$(($(now) + \${FETCH_SECONDS:-60}))
	while :; do
		if fetch; then
			[ -z "\${GENERATION:-}" ] || [ "$gen" = "$GENERATION" ] || say "the parameters read are not the newest"
			[ "$gen" != "\${GENERATION:-$gen}" ] || return 0
		fi
		[ "$(now)" -lt "$end" ] || return 1
		sleep 5
	done
}

# download: the server by its hash, unless it is there
download() {
	sha256=$(field sha256 < "$new/release") url=$(field url < "$new/release") version=$(field version < "$new/release")
	case $sha256 in *[!0-9a-f]* | '') die "parameter $PARAMETERS/release names no sha256" ;; esac
	if ! [ -x "$bin/$sha256/nats-server" ]; then
		say "fetching nats-server $version from $url"
		mkdir -p "$bin"
		chmod 755 "$bin"
		rm -rf "$bin"/.new*
		part=$(mktemp -d "$bin/.newXXXXXX")
		aws s3 cp --only-show-errors "$url" "$part/nats-server" || die "cannot fetch $url"
		have=$(sha256sum "$part/nats-server" | cut -c 1-64)
		[ "$have" = "$sha256" ] || die "$url has sha256 $have, not $sha256: not used"
		chmod 755 "$part" "$part/nats-server"
		sync "$part/nats-server"
		rm -rf "\${bin:?}/$sha256"
		mv "$part" "$bin/$sha256"
	fi
	ln -sfn "$bin/$sha256/nats-server" "$new/.server"
}

# keep: the new generation gets its final place; one that is there and whole stays
keep() {
	echo "$gen" > "$new/.generation"
	chown -R root:${USER} "$new"
	chmod 711 "\${gens%/*}" "$gens"
	chmod 750 "$new"
	chmod 640 "$new"/* "$new/.generation"
	if [ -d "$gens/$gen" ] && [ "$(generation "$gens/$gen")" = "$gen" ] && [ -e "$gens/$gen/.server" ]; then
		rm -rf "$new"
		return
	fi
	rm -rf "\${gens:?}/$gen"
	sync -f "$new"
	mv "$new" "$gens/$gen"
}

# verify: the server itself judges its configuration, under the paths and in the account it will run with
verify() {
	[ -e "$conf" ] || { mkdir -p "$gens/none"; link "$gens/none" "$conf"; }
	nft -c -f "$gens/$gen/firewall.nft" || die "nft refuses parameter $PARAMETERS/firewall.nft"
	answer=$(unshare -m sh -c 'mount --bind "$1" "$2" && exec setpriv --reuid ${USER} --regid ${USER} --clear-groups \
		"$2/.server" -t -c "$2/hub.conf" 2>&1' sh "$gens/$gen" "$conf") ||
		die "nats-server refuses parameter $PARAMETERS/hub.conf: $(echo "$answer" | grep . | tail -n 1)"
	digest=$(echo "$answer" | sed -n 's/.*(\(sha256:.*\))$/\1/p')
}

# link TARGET NAME: a link, replaced at once
link() {
	ln -sfn "$1" "$2.new"
	mv -fT "$2.new" "$2"
}
activate() {
	link ${NODE.confDir}/.server ${NODE.bin}
	[ "$(readlink "$conf")" = "$gens/$gen" ] || { link "$gens/$gen" "$conf"; sync "\${conf%/*}"; say "configuration $gen"; }
}
`;
