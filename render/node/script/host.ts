import { NODE, USER } from "../files";
import { sh } from "./sh";

/**
 * Security groups drop the ICMP that says how long a packet may be on its way, so TCP has to find out by itself. And
 * nats-server 2.15.2 does not sync what describes a stream: where a power cut came 14 s after a stream was made, its
 * `meta.inf` was empty on the disk and the hub had no streams. The kernel now writes what is a second old, in place of 30.
 */
const KERNEL = ["net.ipv4.tcp_mtu_probing=1", "vm.dirty_expire_centisecs=100", "vm.dirty_writeback_centisecs=100"];

/** What the machine itself needs: user, firewall, units, memory limits. */
export const host = sh`
user() {
	getent passwd ${USER} > /dev/null ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${USER}
}

firewall() {
	nft -f "$conf/firewall.nft" || die "nft refuses $conf/firewall.nft"
}

kernel() {
	printf '%s\n' ${KERNEL.join(" ")} | install_file ${NODE.kernel} 644 || return 0
	sysctl -q -p ${NODE.kernel} || :
}

# units: the server's, with limits by the size of this machine
units() {
	total=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
	rest=$((total / 10))
	[ $rest -ge 256 ] || rest=256
	max=$((total - rest))
	[ $max -ge 256 ] || max=256
	changed=
	install_file ${NODE.unit} 644 < "$conf/nats-hub.service" && changed=1
	printf '[Service]\nMemoryMax=%sM\nEnvironment=GOMEMLIMIT=%sMiB\n' $max $((max * 9 / 10)) |
		install_file ${NODE.unit}.d/memory.conf 644 && changed=1
	[ -z "$changed" ] || systemctl daemon-reload
}

# service: this script at every boot
service() {
	install_file ${NODE.bootUnit} 644 << 'END' || return 0
[Unit]
Description=leafline: volume, firewall and server of this node of the hub
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${NODE.script} boot
TimeoutStartSec=infinity
Restart=on-failure
RestartSec=30

[Install]
WantedBy=multi-user.target
END
	systemctl daemon-reload
	systemctl -q enable leafline-node.service
}
`;
