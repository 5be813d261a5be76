import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./eventually";

/** Stops a process until `SIGCONT`, and waits until it stands: its threads stop one by one, and the signal is only sent. */
export async function halt(pid: number): Promise<void> {
	process.kill(pid, "SIGSTOP");
	if (process.platform !== "linux") return;
	const tasks = `/proc/${pid}/task`;
	const stopped = (thread: string) => readFileSync(`${tasks}/${thread}/stat`, "utf8").includes(") T ");
	await eventually(() => readdirSync(tasks).every(stopped), { what: `process ${pid} stands still` });
}
