import { basename } from "node:path";
import { KEEP_ENVIRONMENT, KEEP_MEMORY_MAX_MIB, KEEP_NODE_FLAGS } from "../../topology/program-memory";
import { WATCHDOG_SECONDS } from "../../topology/watchdog";
import { HARDENED } from "../hardened";
import { BUNDLE, DEVICE_USER, INSTALLED } from "./layout";

/** What a device's units follow from. */
export interface UnitOptions {
	/** `store_dir` of the server. */
	readonly storeDir: string;
	/** What JetStream may use of memory, in bytes. */
	readonly memoryBytes: number;
	/** Mount point without which nothing is started: else the root disk would be written to in its place. @default none */
	readonly mount?: string;
}

const MIB = 1024 ** 2;
/** What a nats-server on a device takes beside the messages in memory: 60 to 150 MiB were seen while a backlog drained. */
const SERVER_MIB = 512;
/** The gate looks through a store whose index is lost from end to end before the server starts: hours, on a slow card. */
const GATE_SECONDS = 4 * 3600;

/** What a device's server may take. @param memoryBytes what JetStream may use of it */
export function serverMemoryMiB(memoryBytes: number): number {
	return SERVER_MIB + Math.ceil(memoryBytes / MIB);
}

/** What `GOMEMLIMIT` of a server is, that has so much: Go collects its garbage before the system takes the server away. */
export function goMemoryLimit(memoryMiB: number): string {
	return `${Math.floor(memoryMiB * 0.8)}MiB`;
}

/** `PATH` of what runs of a release: what it brings comes first. */
export const PATH = `${INSTALLED.current}/bin:/usr/local/bin:/usr/bin:/bin`;
const RUNTIME = `${INSTALLED.current}/${BUNDLE.node}`;
/** The device program of the release in force. */
export const PROGRAM = `${INSTALLED.current}/${BUNDLE.program}`;
/** How it is started; the command comes behind. */
export const NODE = `${RUNTIME} ${PROGRAM}`;

/**
 * The device's nats-server, with the device program before and after it. It runs in an account that owns nothing but the
 * store. No `MemoryDenyWriteExecute=`: Node compiles while it runs, and what is before and after a server is under its rules.
 */
export function renderServerUnit({ storeDir, memoryBytes, mount }: UnitOptions): string {
	const memory = serverMemoryMiB(memoryBytes);
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=NATS server of this device
Documentation=https://docs.nats.io
# Does nothing on a device that takes no MQTT.
Wants=leafline-mqtt.service
After=network.target local-fs.target
RequiresMountsFor=${mount ?? storeDir}
${mount === undefined ? "" : `# Where the disk is missing, nothing is written to the root disk instead.\nAssertPathIsMountPoint=${mount}\n`}StartLimitIntervalSec=0

[Service]
Type=simple
User=${DEVICE_USER}
Group=${DEVICE_USER}
RuntimeDirectory=${basename(INSTALLED.ports)}
# What this boot of the machine knows of the store stays until the next one.
RuntimeDirectoryPreserve=yes
WorkingDirectory=${INSTALLED.conf}
Environment=PATH=${PATH}
Environment=GOMEMLIMIT=${goMemoryLimit(memory)}
# Nothing takes a publisher before these two have come to their end.
ExecStartPre=${NODE} gate
ExecStartPre=${NODE} streams
ExecStart=${INSTALLED.current}/${BUNDLE.server} -c ${INSTALLED.conf}/leaf.conf
ExecReload=/bin/kill -HUP $MAINPID
ExecStopPost=${NODE} seal
TimeoutStartSec=${GATE_SECONDS}
TimeoutStopSec=90
# The device program ends a server that could not write, when there is room again.
Restart=always
RestartSec=5
LimitNOFILE=65536
MemoryMax=${memory}M
CPUQuota=200%
TasksMax=512
OOMScoreAdjust=-500
UMask=0077
ReadWritePaths=${storeDir}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
${HARDENED}

[Install]
WantedBy=multi-user.target
`;
}

/** The device program beside the server. If it dies the data path goes on, so it is no part of the server's unit. */
export function renderKeepUnit({ storeDir }: UnitOptions): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Device program of leafline: reserves sequences, makes room
After=leafline-server.service
RequiresMountsFor=${storeDir}
StartLimitIntervalSec=0

[Service]
Type=simple
User=${DEVICE_USER}
Group=${DEVICE_USER}
RuntimeDirectory=leafline
WorkingDirectory=${INSTALLED.runtime}
Environment=PATH=${PATH}
${Object.entries(KEEP_ENVIRONMENT)
	.map(([name, value]) => `Environment=${name}=${value}`)
	.join("\n")}
ExecStartPre=/bin/ln -sf ${INSTALLED.conf}/keep.json ${INSTALLED.runtime}/spec.json
ExecStart=${RUNTIME} ${KEEP_NODE_FLAGS.join(" ")} ${PROGRAM} keep
ExecReload=/bin/kill -HUP $MAINPID
# It says that it is alive by systemd-notify, a process of its own. It looks after the server, which says nothing.
NotifyAccess=all
WatchdogSec=${WATCHDOG_SECONDS}
WatchdogSignal=SIGKILL
Restart=always
RestartSec=5
MemoryMax=${KEEP_MEMORY_MAX_MIB}M
CPUQuota=50%
TasksMax=64
UMask=0077
ReadWritePaths=${storeDir}
RestrictAddressFamilies=AF_INET AF_UNIX
# It speaks to its own server and to nobody else.
IPAddressDeny=any
IPAddressAllow=localhost
${HARDENED}
# The server runs in a namespace of users of its own, and would be hidden: it could not be found, and never be restarted.
ProtectProc=default

[Install]
WantedBy=multi-user.target
`;
}
