import * as http from "node:http";
import * as z from "zod";
import { shownText } from "../jetstream/answers";
import type { Api } from "../jetstream/api";
import { leafz } from "../jetstream/monitoring";
import { readOther } from "../jetstream/read-answer";
import { DEVICE_BOUNDS } from "../jetstream/read-json";
import { writeFault } from "../jetstream/write-fault";
import { CANNOT_WRITE, type StoreUse } from "../topology/disk-room";

/**
 * Whether a device's server can write. `STREAM.INFO` of a stream that takes nothing any more is as that of any other, and
 * `/healthz` looks for a device's streams in an account that has none (`EDGE_ACCOUNT`; nats-server 2.15.2, `healthz`).
 */

const ANSWER_MS = 2_000;
/**
 * Why streams of a device take nothing any more, a reason for each that does not.
 * @throws JetStreamError when the device does not answer
 */
export async function writeFaults(api: Api, device: string): Promise<string[]> {
	type Names = { readonly streams: readonly string[] | null };
	const { streams } = await api.ask<Names>("STREAM.NAMES", {}, ANSWER_MS);
	// Of programs there may be hundreds.
	const own = (streams ?? []).filter((name) => name.startsWith(`${device}_`));
	const faults = await Promise.all(own.map((name) => writeFault(api, name, ANSWER_MS)));
	return faults.filter((fault) => fault !== undefined);
}

const healthz = z.object({ error: shownText.default("") });
const jsz = z.object({
	config: z.object({ max_storage: z.number().default(0) }).default({ max_storage: 0 }),
	storage: z.number().default(0),
});

/** Why none of JetStream runs, of a server that has switched it off. @throws Error when it does not answer */
export async function jetStreamFault(monitor: string): Promise<string | undefined> {
	const { error } = await ask(monitor, "healthz?js-enabled-only=true", healthz);
	return error === "" ? undefined : `its JetStream does not run (${error})`;
}

/** Whether its monitoring answers anything at all. */
export async function answers(monitor: string): Promise<boolean> {
	return get(`${monitor}/healthz?js-enabled-only=true`).then(
		() => true,
		() => false,
	);
}

/** Whether its link to the hub is up: it takes none itself. @throws Error when it does not answer */
export async function linkIsUp(monitor: string): Promise<boolean> {
	return ((await ask(monitor, "leafz", leafz)).leafs ?? []).length > 0;
}

const connz = z.object({
	connections: z
		.array(z.object({ name: shownText.default("") }))
		.nullable()
		.default([]),
});

/** Names of the clients that are connected. @throws Error when it does not answer */
export async function clientNames(monitor: string): Promise<string[]> {
	return ((await ask(monitor, "connz", connz)).connections ?? []).map(({ name }) => name);
}

const details = z.object({ errors: z.array(healthz).nullable().default([]) });

/** Why a server of the hub cannot write, by its own check. @throws Error when it does not answer */
export async function hubFaults(monitor: string): Promise<string[]> {
	const { errors } = await ask(monitor, "healthz?details=true", details);
	return (errors ?? []).map(({ error }) => error).filter((error) => CANNOT_WRITE.some((part) => error.includes(part)));
}

/** How much its store holds, and may. @throws Error when it does not answer */
export async function storeUse(monitor: string): Promise<StoreUse> {
	const { config, storage } = await ask(monitor, "jsz", jsz);
	return { maxBytes: config.max_storage, storedBytes: storage };
}

async function ask<T extends z.ZodType>(monitor: string, page: string, schema: T): Promise<z.output<T>> {
	const asked = { who: "the server", call: page, bounds: DEVICE_BOUNDS };
	return readOther(schema, await get(`${monitor}/${page}`), asked);
}

/** By `http`, not `fetch`, which costs the program megabytes. */
function get(url: string): Promise<Uint8Array> {
	return new Promise((resolve, reject) => {
		const request = http.get(url, { agent: false, timeout: ANSWER_MS }, (response) => {
			const parts: Buffer[] = [];
			let size = 0;
			response.on("data", (part: Buffer) => {
				parts.push(part);
				size += part.length;
				if (size > DEVICE_BOUNDS.bytes) request.destroy(new Error("its answer is too long"));
			});
			response.once("end", () => resolve(Buffer.concat(parts)));
			response.once("error", reject);
		});
		request.once("timeout", () => request.destroy(new Error("its monitoring does not answer")));
		request.once("error", reject);
	});
}
