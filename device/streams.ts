import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf } from "../system/message";
import { ANSWER_MS, type Ask, streamInfo } from "./ask";
import { closedStore } from "./closed-server";
import { hasStream, isRemoved, replaceSynced, syncFileSystem } from "./disk";
import { ownFile } from "./own-file";
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

/** Which streams of which `streams.json` the store has had. */
interface Had {
	/** SHA-256 of the file. */
	readonly of: string;
	readonly streams: readonly string[];
}

/**
 * To be run behind the gate and before the server: makes the streams that the store does not have, behind closed doors,
 * and puts them on disk. Those that are there it leaves as they are, whatever they are like: what becomes of them is for an
 * update to decide, which sees the hub as well. So it leaves away what an update has taken away since this `streams.json`
 * came: the store notes which streams it has had. A power cut that takes a stream leaves its folder, and a new disk has no
 * such note: what was lost is made anew.
 *
 * @param dir folder of `device.json`
 * @throws DeviceError when one cannot be made: a program that publishes would lose what it publishes
 */
export async function makeStreams(dir: string, spec: DeviceSpec, say: (line: string) => void): Promise<void> {
	const storeDir = path.resolve(dir, spec.storeDir);
	const { text, streams: wanted } = readWanted(path.resolve(dir, STREAMS_FILE));
	const of = createHash("sha256").update(text).digest("hex");
	const note = ownFile(storeDir, "streams.json");
	const had = readHad(note, of);
	const absent = wanted.filter(({ stream }) => !hasStream(storeDir, stream.name));
	const missing = absent.filter(({ stream }) => !had.has(stream.name) || !isRemoved(storeDir, stream.name));
	if (missing.length > 0) {
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
	const streams = wanted.map(({ stream }) => stream.name);
	if (streams.some((name) => !had.has(name))) writeHad(note, { of, streams });
}

/** A note that cannot be read is none: a stream too many loses nothing. */
function readHad(file: string, of: string): ReadonlySet<string> {
	try {
		const had = JSON.parse(fs.readFileSync(file, "utf8")) as Had;
		return new Set(had.of === of && Array.isArray(had.streams) ? had.streams : []);
	} catch {
		return new Set();
	}
}

function writeHad(file: string, had: Had): void {
	try {
		fs.mkdirSync(path.dirname(file), { recursive: true });
		replaceSynced(file, `${JSON.stringify(had)}\n`, "streams");
	} catch (error) {
		throw new DeviceError(`${file} cannot be written: ${messageOf(error)}`);
	}
}

/** A server that was killed in between has a stream without its consumer. */
async function make({ api }: Ask, wanted: WantedStream): Promise<void> {
	const { stream, consumer } = wanted;
	if (!(await streamInfo(api, stream.name))) await makeStream(api, wanted, ANSWER_MS);
	if (consumer) await makeConsumer(api, stream.name, consumer, ANSWER_MS);
}

function readWanted(file: string): StreamsFile & { readonly text: string } {
	try {
		const text = fs.readFileSync(file, "utf8");
		const { streams } = JSON.parse(text) as StreamsFile;
		if (Array.isArray(streams)) return { text, streams };
	} catch (error) {
		throw new DeviceError(`${file} cannot be read: ${messageOf(error)}`);
	}
	throw new DeviceError(`${file} cannot be read: it has no list of streams`);
}
