import * as fs from "node:fs";
import * as path from "node:path";

/** A Unix socket's address holds 108 bytes on Linux and 104 on macOS, its end included. */
const LONGEST = 103;

/**
 * Calls `use` with a path by which the socket `name` in `dir` can be reached. A folder too deep for an address of a
 * socket is reached through a descriptor of it. Throws where the system has no such paths.
 */
export async function withSocketPath<T>(
	dir: string,
	name: string,
	use: (socketPath: string) => Promise<T>,
): Promise<T> {
	const direct = path.resolve(dir, name);
	if (Buffer.byteLength(direct) <= LONGEST) return use(direct);
	if (!fs.existsSync("/proc/self/fd"))
		throw new Error(`the path ${direct} is too long for a socket: at most ${LONGEST}`);
	let fd: number;
	try {
		fd = fs.openSync(dir, "r");
	} catch {
		return use(direct);
	}
	try {
		return await use(`/proc/self/fd/${fd}/${name}`);
	} finally {
		fs.closeSync(fd);
	}
}
