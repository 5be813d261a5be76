/**
 * What the units of nats-server have in common, on hubs and on devices, and the device program as well: systemd takes from
 * them what they do not use. Each states for itself where it writes, which addresses it speaks to, and, where nothing is
 * compiled while it runs, `MemoryDenyWriteExecute`.
 */
export const HARDENED = `ProtectSystem=strict
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM`;
