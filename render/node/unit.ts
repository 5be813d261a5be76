import { HARDENED } from "../hardened";
import { confPath, NODE, PARAMETER, USER } from "./files";
import { sh } from "./script/sh";

/**
 * The parameter `nats-hub.service`: the unit that runs the server. It is not enabled: the node script starts it at every
 * boot, once it has seen the right volume mounted. Limits of memory are a drop-in that the node writes.
 */
export function renderUnit(): string {
	return sh`
# Written by leafline; changes are overwritten.
[Unit]
Description=NATS server of leafline's hub
Documentation=https://docs.nats.io
Wants=network-online.target
After=network-online.target
RequiresMountsFor=${NODE.mount}
# Where the volume is missing, the root disk is not written to instead.
AssertPathIsMountPoint=${NODE.mount}
StartLimitIntervalSec=0

[Service]
Type=simple
User=${USER}
Group=${USER}
RuntimeDirectory=nats-hub
# Tells the node script what this process has read.
ExecStartPre=/bin/cp -f ${NODE.confDir}/.generation ${NODE.running}
ExecStart=${NODE.bin} -c ${confPath(PARAMETER.conf)}
ExecReload=/bin/kill -HUP $MAINPID
# Lame duck: leaves and clients are asked to go to another node, one after the other.
ExecStop=/bin/sh -c 'kill -USR2 "$MAINPID" && exec tail --pid="$MAINPID" -f /dev/null'
TimeoutStopSec=150
Restart=on-failure
RestartSec=5
LimitNOFILE=800000
OOMScoreAdjust=-900
UMask=0077

ReadWritePaths=${NODE.storeDir}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
MemoryDenyWriteExecute=yes
${HARDENED}
`;
}
