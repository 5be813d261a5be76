import { spawn } from "node:child_process";
import { resolve } from "node:path";

/** The single file of the device program. It must be compiled. */
export const PROGRAM = resolve("bin/device/leafline-device.js");

/** `keep`, as a process. */
export interface KeepProcess {
	/** Its journal so far. */
	said(): string;
	stop(): Promise<void>;
}

/** Ends with its standard input, at the latest with this process. */
const KEEP = `
exec 3<&0 </dev/null
"$0" "$1" keep 2>&1 3<&- & keep=$!
( read -r _ <&3; kill -9 $keep ) 2>/dev/null & watch=$!
wait $keep
kill $watch 2>/dev/null
`;

/** @param folder that of `spec.json` */
export function startKeep(folder: string): KeepProcess {
	const child = spawn("sh", ["-c", KEEP, process.execPath, PROGRAM], {
		cwd: folder,
		stdio: ["pipe", "pipe", "inherit"],
	});
	let said = "";
	child.stdout.on("data", (text) => {
		said += text;
	});
	const ended = new Promise((done) => child.once("close", done));
	return {
		said: () => said,
		async stop() {
			child.stdin.end();
			await ended;
		},
	};
}
