import { spawn } from "node:child_process";
import { PING_EVERY_MS, STUCK_MS } from "../topology/watchdog";

/**
 * Tells systemd that this program is alive, where its unit has a watchdog (`WatchdogSec=`). Node has no datagram sockets of
 * the kind that sd_notify(3) takes, so `systemd-notify` says it, which every systemd brings.
 */
export class Watchdog {
	private wentRoundAt = performance.now();

	/** @param env in which systemd says where it listens: `NOTIFY_SOCKET`, and `WATCHDOG_USEC` where it waits for it */
	constructor(
		private readonly env: NodeJS.ProcessEnv,
		private readonly say: (line: string) => void,
	) {
		if (env.NOTIFY_SOCKET === undefined || env.WATCHDOG_USEC === undefined) return;
		this.ping();
		setInterval(() => this.ping(), PING_EVERY_MS);
	}

	/** What the program does again and again was done once more. */
	wentRound(): void {
		this.wentRoundAt = performance.now();
	}

	/** Nothing more is said of one whose work does not come round, however well its timers do. */
	private ping(): void {
		if (performance.now() - this.wentRoundAt > STUCK_MS) return;
		const child = spawn("systemd-notify", ["WATCHDOG=1"], { env: this.env, stdio: "ignore" });
		child.once("error", (error) => this.say(`systemd-notify cannot be run: ${error.message}`));
	}
}
