import { basename, dirname } from "node:path";
import { HARDENED } from "../../hardened";
import { DEVICE_USER, INSTALLED } from "../layout";
import { NODE, PATH } from "../units";
import { PULLED, pulledFolder } from "./units";

/** Asks the hub what this device is to run, fetches it, and judges it when it is on trial; ends when there is nothing to do. */
export function renderRolloutUnit(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Releases of leafline: asks the hub, fetches, judges
After=leafline-server.service leafline-keep.service
RequiresMountsFor=${storeDir}
StartLimitIntervalSec=0

[Service]
Type=oneshot
User=${DEVICE_USER}
Group=${DEVICE_USER}
RuntimeDirectory=${basename(dirname(INSTALLED.verdict))}
WorkingDirectory=${INSTALLED.conf}
Environment=PATH=${PATH}
ExecStart=${NODE} rollout
# Without a way to the hub, or in the middle of a file: it goes on where it was.
Restart=on-failure
RestartSec=60
TimeoutStartSec=infinity
Nice=10
MemoryMax=160M
CPUQuota=25%
TasksMax=64
UMask=0077
ReadWritePaths=${storeDir}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
${HARDENED}
# As leafline-keep.service: it has to see the server.
ProtectProc=default
`;
}

export function renderRolloutPath(storeDir: string): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=Watches for something to be asked of the hub, or to be judged
RequiresMountsFor=${storeDir}

[Path]
PathExists=${pulledFolder(storeDir)}/${PULLED.ask}
PathExists=${INSTALLED.trial}
Unit=leafline-rollout.service

[Install]
WantedBy=multi-user.target
`;
}
