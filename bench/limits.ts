/**
 * What somebody can take of a hub with one device's credentials, or with none: memory and files of its server. About
 * 3 minutes.
 */

import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { startBench } from "../tests/support/bench";
import { openRawLeaf } from "../tests/support/raw-leaf";
import { NO_LIMITS } from "../topology/limits-by-role";
import { runBench, seconds } from "./report";

const LINKS = 600;
const SUBSCRIPTIONS = 200_000;
const STRANGERS = 1_000;
/** One record of TLS that announces more than ever comes. */
const HALF_HELLO = Buffer.from("16030102000100", "hex");

runBench(async () => {
	console.log("a thief of one device's credentials, without limits of its account");
	await thief({ rules: { limits: NO_LIMITS } });
	console.log("with them (a fleet of 9 devices)");
	await thief({});
	console.log("a stranger");
	await stranger();
});

type Bench = Awaited<ReturnType<typeof startBench>>;

async function thief(options: { rules?: object }): Promise<void> {
	const bench = await startBench({ downlinks: ["hub_commands"], ...options });
	try {
		const before = use(bench);
		const links = [];
		let refused = 0;
		for (let i = 0; i < LINKS; i++) {
			const link = await openLink(bench, `thief-${i}`).catch(() => undefined);
			if (link) links.push(link);
			else refused++;
		}
		report(`${LINKS} links, ${refused} refused`, before, use(bench));
		for (const link of links) link.close();
		await drained(bench, before.files);
		const idle = use(bench);
		const link = await openLink(bench, "thief");
		const pad = "x".repeat(200);
		for (let i = 0; i < SUBSCRIPTIONS; i++) {
			link.subscribe(`dl.edge1.${pad}.${i}`);
			if (i % 2_000 === 1_999) await link.flush();
		}
		const errors = link.lines.filter((line) => line.startsWith("-ERR")).length;
		report(`${SUBSCRIPTIONS} subscriptions on one link, ${errors} refused`, idle, use(bench));
	} finally {
		await bench.close();
	}
}

async function stranger(): Promise<void> {
	const bench = await startBench();
	try {
		const ways: [string, () => Promise<Socket>][] = [
			["connections without a word", () => tcp(bench)],
			[
				"half handshakes",
				async () => {
					const socket = await tcp(bench);
					socket.write(HALF_HELLO);
					return socket;
				},
			],
			["whole handshakes without a login", () => tls(bench)],
		];
		for (const [what, open] of ways) {
			const before = use(bench);
			const began = performance.now();
			const sockets = await Promise.all(Array.from({ length: STRANGERS }, open));
			report(`${STRANGERS} ${what}`, before, use(bench));
			await Promise.all(sockets.map((socket) => new Promise((done) => socket.once("close", done).resume())));
			console.log(`  ${"all closed by the hub after".padEnd(56)} ${seconds(performance.now() - began)}`);
			await drained(bench, before.files);
		}
	} finally {
		await bench.close();
	}
}

function openLink(bench: Bench, name: string) {
	return openRawLeaf({ port: leafPort(bench), ca: bench.ca, credentials: bench.credentials("edge1"), name });
}

function tcp(bench: Bench): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(leafPort(bench), "127.0.0.1", () => resolve(socket));
		socket.once("error", reject);
	});
}

function tls(bench: Bench): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ port: leafPort(bench), host: "127.0.0.1", ca: bench.ca }, () => resolve(socket));
		socket.once("error", reject);
	});
}

const leafPort = (bench: Bench) => bench.hubs[0]?.ports.leaf ?? 0;

interface Use {
	readonly megabytes: number;
	readonly files: number;
}

/** Resident memory and open files of the hub's server. */
function use(bench: Bench): Use {
	const pid = bench.hubs[0]?.pid() ?? 0;
	const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
	return { megabytes: Math.round(Number(kib) / 1024), files: readdirSync(`/proc/${pid}/fd`).length };
}

function report(what: string, before: Use, after: Use): void {
	const change = (from: number, to: number) => `${from} to ${to}`;
	const memory = `${change(before.megabytes, after.megabytes)} MiB`;
	console.log(`  ${what.padEnd(56)} ${memory.padEnd(16)} ${change(before.files, after.files)} files`);
}

async function drained(bench: Bench, files: number): Promise<void> {
	while (use(bench).files > files + 5) await new Promise((resolve) => setTimeout(resolve, 100));
}
