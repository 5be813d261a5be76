import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Hour } from "./batch.js";

export interface Settings {
	readonly urls: string[];
	readonly credentials: string;
	/** PEM of the authority of the hub's certificate. */
	readonly ca: string | undefined;
	readonly consumer: string;
	/** Streams of the hub that the reader reads. */
	readonly streams: string[];
	readonly target: string;
	readonly hour: Hour;
	readonly rows: number;
	readonly bytes: number;
	readonly every: number;
}

/** What is used of a stack's outputs. */
interface Outputs {
	readonly leafline: {
		readonly ca: string;
		readonly hub: { readonly clientUrl?: string };
		readonly streams: Readonly<Record<string, { readonly consumers: readonly string[] }>>;
	};
	readonly access?: { readonly readerCreds: Readonly<Record<string, string>> };
}

const USAGE = `usage: npm start -- --to FOLDER|s3://BUCKET/PREFIX
  --consumer NAME    reader of the fleet file (lake)
  --outputs FILE     what \`pulumi stack output --json --show-secrets\` prints; asks this checkout's stack without it
  --url URL          of the hub's client port; the outputs have a local hub's
  --hour origin|arrival   whose clock says into which hour a message goes (origin, where it says one)
  --rows N --bytes N --every MS   a batch is written when it has so many messages, bytes, or is so old
                     (50000, 67108864, 60000)`;

/** @throws Error with one line that says what to do */
export function readSettings(args: string[]): Settings {
	const { values } = parseArgs({
		args,
		options: Object.fromEntries(
			["to", "consumer", "outputs", "url", "hour", "rows", "bytes", "every"].map((name) => [name, { type: "string" }]),
		) as Record<string, { type: "string" }>,
	});
	const { to, consumer = "lake", hour = "origin" } = values as Record<string, string | undefined>;
	if (to === undefined) throw new Error(USAGE);
	if (hour !== "origin" && hour !== "arrival") throw new Error(`--hour is ${hour}; it is origin or arrival`);
	const { leafline, access } = readOutputs(values.outputs as string | undefined);
	const url = (values.url as string | undefined) ?? leafline.hub.clientUrl;
	if (url === undefined) throw new Error("the outputs name no client port of the hub; say --url tls://…:4222");
	const credentials = access?.readerCreds[consumer];
	const streams = Object.keys(leafline.streams).filter((name) => leafline.streams[name]?.consumers.includes(consumer));
	if (credentials === undefined || streams.length === 0) {
		throw new Error(
			`the stack has no reader ${consumer}; add "consumers: { ${consumer}: { class: …, deliver: all } }"`,
		);
	}
	const number = (name: string, otherwise: number) => positive(name, values[name] as string | undefined, otherwise);
	return {
		urls: url.split(","),
		credentials,
		ca: url.startsWith("tls:") ? leafline.ca : undefined,
		consumer,
		streams,
		target: to,
		hour,
		rows: number("rows", 50_000),
		bytes: number("bytes", 64 << 20),
		every: number("every", 60_000),
	};
}

function positive(name: string, text: string | undefined, otherwise: number): number {
	const number = text === undefined ? otherwise : Number(text);
	if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} is ${text}; a whole number from 1 on`);
	return number;
}

function readOutputs(file: string | undefined): Outputs {
	// From dist/ of examples/lake.
	const root = resolve(import.meta.dirname, "../../..");
	const ask = ["run", "--silent", "pulumi", "--", "stack", "output", "--json", "--show-secrets", "--stack", "local"];
	const text =
		file === undefined ? execFileSync("npm", ask, { cwd: root, encoding: "utf8" }) : readFileSync(file, "utf8");
	const outputs = JSON.parse(text) as Partial<Outputs>;
	if (outputs.leafline === undefined) throw new Error("no outputs of a leafline stack: bring one up (npm start)");
	return outputs as Outputs;
}
