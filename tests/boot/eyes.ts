import { connect, type Socket } from "node:net";
import { eventually } from "../support/eventually";

export interface Result {
	readonly code: number;
	/** Both streams, without the blank lines at their end. */
	readonly output: string;
}

/** A root shell inside the machine that no network reaches: a virtio port, on this side a socket. */
export interface Eyes {
	/** Runs a command. Waits for the machine to boot, if need be. @param within milliseconds, default 10 min */
	run(command: string, within?: number): Promise<Result>;
	close(): void;
}

export async function openEyes(path: string): Promise<Eyes> {
	const socket = await eventually(() => dial(path), { what: "the emulator runs", within: 60_000 });
	const waiting = new Map<string, (text: string | undefined) => void>();
	let sent = 0;
	let rest = "";
	socket.setEncoding("latin1").on("data", (chunk: string) => {
		const lines = (rest + chunk).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) {
			const [number = "", text = ""] = line.split(" ");
			waiting.get(number)?.(text);
		}
	});
	const gone = () => {
		for (const settle of waiting.values()) settle(undefined);
	};
	socket.on("close", gone).on("error", gone);
	return {
		async run(command, within = 600_000) {
			const number = String(++sent);
			const answer = new Promise<Result>((resolve, reject) => {
				const timer = setTimeout(() => {
					waiting.delete(number);
					reject(new Error(`not within ${within} ms in the machine: ${command}`));
				}, within);
				waiting.set(number, (text) => {
					clearTimeout(timer);
					waiting.delete(number);
					if (text === undefined) return reject(new Error(`the machine went off during: ${command}`));
					const [code = "", ...lines] = Buffer.from(text, "base64").toString().split("\n");
					resolve({ code: Number(code), output: lines.join("\n").trimEnd() });
				});
			});
			if (socket.destroyed) gone();
			else socket.write(`${number} ${Buffer.from(command).toString("base64")}\n`);
			return answer;
		},
		close: () => socket.destroy(),
	};
}

function dial(path: string): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(path);
		socket.once("error", reject);
		socket.once("connect", () => {
			socket.off("error", reject);
			resolve(socket);
		});
	});
}
