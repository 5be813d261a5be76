import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf } from "../system/message";
import { ANSWER_MS, type Ask, streamInfo } from "./ask";
import { closedStore } from "./closed-server";
import { hasStream, syncFileSystem } from "./disk";
import { DeviceError, type DeviceSpec, type WantedStream } from "./spec";
import { makeConsumer, makeStream } from "./wanted";

/**
 * `streams.json`: the streams in files of a device as its bundle brings them, so that it takes publishers before it ever
 * met the hub. Those in memory are for `keep` to make (`KeptDevice`), once there is a server.
 */
export interface StreamsFile {
	readonly streams: readonly WantedStream[];
}

export const STREAMS_FILE = "streams.json";

/**
 * To be run behind the gate and before the server: makes the streams that the store does not have, behind closed doors,
 * and puts them on disk. Those that are there it leaves as they are, whatever they are like: what becomes of them is for an
 * update to decide, which sees the hub as well.
 *
 * @param dir folder of `device.json`
 * @throws DeviceError when one cannot be made: a program that publishes would lose what it publishes
 */
export async function makeStreams(dir: string, spec: DeviceSpec, say: (line: string) => void): Promise<void> {
	const storeDir = path.resolve(dir, spec.storeDir);
	const wanted = readWanted(path.resolve(dir, STREAMS_FILE));
	const missing = wanted.filter(({ stream }) => !hasStream(storeDir, stream.name));
	if (missing.length === 0) return;
	await closedStore(
		dir,
		spec,
	)(async (ask) => {
		for (const each of missing) await make(ask, each);
	});
	// The server does not sync the description of a stream, and whoever publishes next has it acknowledged.
	syncFileSystem(storeDir);
	say(`${spec.device}: made ${missing.map(({ stream }) => stream.name).join(", ")}`);
}

/** A server that was killed in between has a stream without its consumer. */
async function make({ api }: Ask, wanted: WantedStream): Promise<void> {
	const { stream, consumer } = wanted;
	if (!(await streamInfo(api, stream.name))) await makeStream(api, wanted, ANSWER_MS);
	if (consumer) await makeConsumer(api, stream.name, consumer, ANSWER_MS);
}

function readWanted(file: string): StreamsFile["streams"] {
	try {
		const { streams } = JSON.parse(fs.readFileSync(file, "utf8")) as StreamsFile;
		if (Array.isArray(streams)) return streams;
	} catch (error) {
		throw new DeviceError(`${file} cannot be read: ${messageOf(error)}`);
	}
	throw new DeviceError(`${file} cannot be read: it has no list of streams`);
}
