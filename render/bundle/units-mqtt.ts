import { HARDENED } from "../hardened";
import { INSTALLED } from "./layout";
import { NODE } from "./units";

/**
 * The bridge of MQTT, as a process of its own: the memory of `keep` is counted. It is the same on every device and does
 * nothing on one that takes no MQTT. Whoever is on the other side may say anything, so it runs as a user that owns nothing
 * but its list of sessions, and can do at the device's server what any program on the device can. The server's unit wants
 * it, and takes it along when it is restarted, for a new release say.
 */
export function renderMqttUnit(): string {
	return `# Written by leafline; changes are overwritten.
[Unit]
Description=MQTT for programs on this device
ConditionPathExists=${INSTALLED.conf}/mqtt.json
PartOf=leafline-server.service
After=leafline-server.service
StartLimitIntervalSec=0

[Service]
Type=simple
DynamicUser=yes
StateDirectory=leafline-mqtt
WorkingDirectory=%S/leafline-mqtt
Environment=PATH=/usr/local/bin:/usr/bin:/bin
ExecStartPre=/bin/ln -sf ${INSTALLED.conf}/mqtt.json mqtt.json
ExecStart=${NODE} mqtt
Restart=always
RestartSec=1
LimitNOFILE=4096
MemoryMax=256M
CPUQuota=100%
TasksMax=64
UMask=0077
RestrictAddressFamilies=AF_INET AF_UNIX
# It speaks to programs on this device and to its server.
IPAddressDeny=any
IPAddressAllow=localhost
${HARDENED}

[Install]
WantedBy=multi-user.target
`;
}
