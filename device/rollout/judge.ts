import * as fs from "node:fs";
import * as path from "node:path";
import type { ConsumerInfo, StreamInfo } from "../../jetstream/answers";
import { type Api, localApi } from "../../jetstream/api";
import { messageOf } from "../../system/message";
import { sleep } from "../../system/wait";
import { connectTo, KEEP_NAME } from "../connect";
import { clientNames, jetStreamFault, linkIsUp, writeFaults } from "../health";
import { findServer, type ServerProcess } from "../server-process";
import type { KeptDevice } from "../spec";
import { acknowledged } from "../trim";
import type { Installed } from "./places";

const LOOK_EVERY_MS = 1_000;
const ANSWER_MS = 5_000;
/** For how long everything must have been well: a program that falls again and again is well in between. */
const STEADY_MS = 15_000;

/** How far the hub has come with each stream, when the trial began to be looked at. */
type Positions = Map<string, number>;

/**
 * Says of the release on trial whether it is good, again and again, until that has been decided: `good ID`, or `not-yet ID` with
 * what is missing, in a file that `switch` reads. Good is: its server runs and writes, its streams are there, `keep` looks after
 * them, and, where the link was up before, it is up and the hub's position moves, or has nothing to move for.
 *
 * @param dir folder of `device.json`
 */
export async function judge(installed: Installed, dir: string, device: KeptDevice, verdictFile: string): Promise<void> {
	const trial = installed.trial();
	if (!trial) return;
	const write = (line: string) => {
		const draft = `${verdictFile}.new`;
		fs.writeFileSync(draft, `${line}\n`);
		fs.renameSync(draft, verdictFile);
	};
	const positions: Positions = new Map();
	let wellSince: { readonly pid: number; readonly at: number } | undefined;
	while (installed.trial()?.state === "trial") {
		const now = performance.now();
		try {
			const { pid } = await look(dir, device, trial.linkWasUp, positions);
			if (wellSince?.pid !== pid) wellSince = { pid, at: now };
			if (now - wellSince.at >= STEADY_MS) write(`good ${trial.id}`);
			else write(`not-yet ${trial.id} it was well for less than ${STEADY_MS / 1_000} s`);
		} catch (error) {
			wellSince = undefined;
			write(`not-yet ${trial.id} ${messageOf(error)}`);
		}
		await sleep(LOOK_EVERY_MS);
	}
}

/** @throws Error with what is missing */
async function look(dir: string, device: KeptDevice, linkWasUp: boolean, positions: Positions): Promise<ServerProcess> {
	const server = findServer(path.resolve(dir, device.portsDir ?? "."), device.url);
	if (!server) throw new Error("its server does not run");
	const off = await jetStreamFault(server.monitor);
	if (off !== undefined) throw new Error(off);
	if (!(await clientNames(server.monitor)).includes(KEEP_NAME)) throw new Error("its device program does not run");
	const connection = await connectTo(device.url, path.resolve(dir, device.spec.key), {
		name: "leafline-rollout",
		maxReconnectAttempts: 0,
		timeout: ANSWER_MS,
	});
	try {
		const api = localApi(connection, device.spec.device);
		const streams = await lookAtStreams(api, device);
		if (linkWasUp) {
			if (!(await linkIsUp(server.monitor))) throw new Error("its link to the hub is not up");
			await lookAtHub(api, streams, positions);
		}
		return server;
	} finally {
		await connection.close();
	}
}

async function lookAtStreams(api: Api, { spec, memory = [] }: KeptDevice): Promise<readonly StreamInfo[]> {
	type Page = { readonly streams: readonly StreamInfo[] | null };
	const { streams } = await api.ask<Page>("STREAM.LIST", { subject: `${spec.device}.>` }, ANSWER_MS);
	const there = new Map((streams ?? []).map((info) => [info.config.name, info]));
	const wanted = [...spec.streams.map(({ name }) => name), ...memory.map(({ stream }) => stream.name)];
	const missing = wanted.filter((name) => !there.has(name));
	if (missing.length > 0) throw new Error(`${missing.join(", ")} is not there`);
	const [fault] = await writeFaults(api, spec.device);
	if (fault !== undefined) throw new Error(fault);
	return spec.streams.flatMap(({ name }) => there.get(name) ?? []);
}

/** Of a stream that the hub has whole there is nothing to be seen moving. */
async function lookAtHub(api: Api, streams: readonly StreamInfo[], positions: Positions): Promise<void> {
	for (const info of streams) {
		const consumer: ConsumerInfo = await acknowledged(api, info, ANSWER_MS);
		const at = consumer.ack_floor.stream_seq;
		const from = positions.get(info.config.name) ?? at;
		positions.set(info.config.name, from);
		const whole = consumer.num_pending === 0 && consumer.num_ack_pending === 0;
		if (!whole && at <= from) throw new Error(`the hub does not come on with ${info.config.name}, and stands at ${at}`);
	}
}
