/** Who looks after whom on a device: systemd after the device program, and that after the server. */

/** Seconds that systemd waits for a sign of the device program before it starts it anew (`WatchdogSec=`). */
export const WATCHDOG_SECONDS = 120;

/** How often the device program gives one. */
export const PING_EVERY_MS = 30_000;

/** A look that takes so long never ends: a server that does not answer costs 5 s a stream. */
export const STUCK_MS = 600_000;

/**
 * A server that has listened and answers neither clients nor monitoring for so long is ended. Longer than a disk stands
 * still that has its errors looked at by the kernel (30 s a command, SCSI and NVMe).
 */
export const HUNG_MS = 120_000;

/** And in so many looks: those of a program that was itself stopped meanwhile say nothing of the server. */
export const HUNG_LOOKS = 5;
