import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** First line of every report: figures mean nothing without the machine. */
export function printMachine(): void {
	const server = execFileSync("nats-server", ["--version"], { encoding: "utf8" }).trim();
	const [{ model } = { model: "unknown processor" }] = cpus();
	const memory = Math.round(totalmem() / 1024 ** 3);
	const date = new Date().toISOString().slice(0, 10);
	console.log(
		`${date} · ${cpus().length} cores (${model.trim()}), ${memory} GiB · ${server} · node ${process.version}`,
	);
}

/** `min 0.31 s · median 0.62 s · p99 1.20 s · max 1.31 s of 120` */
export function spread(milliseconds: readonly number[]): string {
	const sorted = [...milliseconds].sort((a, b) => a - b);
	const at = (part: number) => seconds(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0);
	return `min ${at(0)} · median ${at(0.5)} · p99 ${at(0.99)} · max ${at(1)} of ${sorted.length}`;
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
}

export function seconds(milliseconds: number): string {
	return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function perSecond(count: number, milliseconds: number): string {
	return `${Math.round(count / (milliseconds / 1000)).toLocaleString("en-US")}/s`;
}

/** User and system time that a process has had, in milliseconds. Linux only. */
export function processorMs(pid: number): number {
	// The program's name stands in brackets and may hold anything; 11 fields later come the two times.
	const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ").map(Number) ?? [];
	const [user = 0, system = 0] = fields.slice(11);
	return ((user + system) * 1000) / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
}

/** Runs a benchmark to its end, whatever it leaves open. */
export function runBench(main: () => Promise<void>): void {
	printMachine();
	main().then(
		() => process.exit(0),
		(error: unknown) => {
			console.error(error);
			process.exit(1);
		},
	);
}
