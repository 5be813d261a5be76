import type { ProcessId } from "../system/process";
import { HUNG_LOOKS, HUNG_MS } from "../topology/watchdog";
import { answers } from "./health";
import type { ServerProcess } from "./server-process";

/** How long a server that runs has answered nobody. */
export class Silence {
	private silent: (ProcessId & { readonly since: number }) | undefined;
	private looks = 0;

	/** @param now milliseconds by a clock that nobody sets: a device's may leap by years */
	constructor(private readonly now = () => performance.now()) {}

	/**
	 * To be asked at each look.
	 * @param answered whether it has answered as a client's server just now
	 * @returns whether it is to be ended
	 */
	async isHung(server: ServerProcess, answered: boolean): Promise<boolean> {
		const { pid, started, monitor } = server;
		if (answered || (await answers(monitor))) {
			this.silent = undefined;
			return false;
		}
		if (this.silent?.pid !== pid || this.silent.started !== started) {
			this.silent = { pid, started, since: this.now() };
			this.looks = 0;
		}
		this.looks++;
		const hung = this.now() - this.silent.since >= HUNG_MS && this.looks >= HUNG_LOOKS;
		if (hung) this.silent = undefined;
		return hung;
	}
}
