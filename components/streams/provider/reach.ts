import type { Connection } from "../../../control/connection";
import { type Control, control } from "../../../control/control";
import type { Reporter } from "./engine";

const SLOW_MS = 1_500;

/**
 * As `control()` and `ready()`, and says so on the resource if it takes a while.
 * @throws UserError
 */
export async function reach(connection: Connection, say: Reporter): Promise<Control> {
	const slow = setTimeout(() => say.progress("reaching the hub"), SLOW_MS);
	try {
		const way = await control(connection);
		await way.ready();
		return way;
	} finally {
		clearTimeout(slow);
	}
}
