import { foreign } from "../../../config/printable";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { listStreams } from "../../../jetstream/calls";
import { ApiError, NoAnswer } from "../../../jetstream/errors";
import type { Patience } from "../../../jetstream/patience";
import { putStream } from "../../../jetstream/put";
import { UserError } from "../../../system/user-error";
import type { StreamConfig, SubjectTransform } from "../../../topology/jetstream";
import { type Captured, type Overlap, orderSubjects, type SubjectStep } from "../../../topology/subject-order";
import { overlaps } from "../../../topology/subjects";
import { ownedBy } from "./stream-props";

type Streams = ReadonlyMap<string, StreamInfo>;

const ROUNDS = 5;
const STEP_MS = 15_000;

/**
 * Moves subjects between the streams of one device, so that afterwards each stream can be given all that it wants. The
 * updates of a move are sent one behind the other without waiting: the server takes them in that order, and a subject
 * is without a stream for no longer than the server needs for one of them, however slow the link is.
 *
 * A stream of this stack that no class wants any more lets go what a class wants, and keeps the rest with its messages.
 * @param live every stream of the device
 * @param mayChange throws for a stream that is not to be touched
 * @throws UserError when a subject belongs to a stream that is none of ours; ApiError, after everything was put back
 */
export async function moveSubjects(
	api: Api,
	live: Streams,
	wanted: readonly StreamConfig[],
	{ owner, mayChange }: { owner: string; mayChange: (wanted: StreamConfig, info: StreamInfo) => void },
	patience: Patience,
): Promise<void> {
	let streams = live;
	const before = captured(streams);
	if (!wanted.some((stream) => crosses(stream, before))) return;
	for (const stream of wanted) {
		const info = streams.get(stream.name);
		if (info) mayChange(stream, info);
	}
	const goal = { ...lettingGo(streams, wanted, owner), ...goals(wanted) };
	refuseForeign(orderSubjects({ ...nothing(wanted), ...before }, goal), api.domain);
	// A stream that cannot be made, for want of room, must not have cost another one its subject.
	for (const stream of wanted.filter(({ name }) => !streams.has(name))) {
		await putStream(api, withSubjects(stream, undefined, free(stream, before)), undefined, patience);
	}
	for (let round = 1; ; round++) {
		streams = await listStreams(api, patience);
		const failed = await send(api, streams, wanted, refuseForeign(orderSubjects(captured(streams), goal), api.domain));
		if (failed === undefined) return;
		if (round < ROUNDS) continue;
		await putBack(api, wanted, before, patience);
		throw failed;
	}
}

/** Whether a stream wants a subject that another one has now. */
function crosses({ name, subjects = [] }: StreamConfig, live: Captured): boolean {
	return free({ name, subjects }, live).length < subjects.length;
}

/** Those of a stream's subjects that no other stream has now. */
function free({ name, subjects = [] }: Pick<StreamConfig, "name" | "subjects">, live: Captured): string[] {
	const taken = Object.entries(live).flatMap(([other, theirs]) => (other === name ? [] : theirs));
	return subjects.filter((subject) => !taken.some((other) => overlaps(other, subject)));
}

/** What streams of this stack that no class wants any more keep. */
function lettingGo(streams: Streams, wanted: readonly StreamConfig[], owner: string): Captured {
	const names = new Set(wanted.map(({ name }) => name));
	const asked = wanted.flatMap(({ subjects = [] }) => subjects);
	const left = [...streams].filter(([name, info]) => !names.has(name) && ownedBy(info, owner));
	return Object.fromEntries(
		left.map(([name, info]) => [
			name,
			subjectsOf(info).filter((subject) => !asked.some((other) => overlaps(other, subject))),
		]),
	);
}

function goals(wanted: readonly StreamConfig[]): Captured {
	return Object.fromEntries(wanted.map(({ name, subjects = [] }) => [name, subjects]));
}

function nothing(wanted: readonly StreamConfig[]): Captured {
	return Object.fromEntries(wanted.map(({ name }) => [name, []]));
}

function captured(streams: Streams): Captured {
	return Object.fromEntries([...streams].map(([name, info]) => [name, subjectsOf(info)]));
}

function subjectsOf({ config }: StreamInfo): readonly string[] {
	return (config.subjects ?? []) as string[];
}

function refuseForeign(order: readonly SubjectStep[] | Overlap, device: string): readonly SubjectStep[] {
	if (!("by" in order)) return order;
	const { stream, subject, by } = order;
	throw new UserError(
		`${stream} is to capture ${subject}, and the stream ${foreign(by.stream, 100)}, which leafline does not manage, captures ` +
			`${foreign(by.subject, 100)} on ${device}. Change that stream or delete it, or let the class accept something else.`,
	);
}

/** @returns the first error, if any; what the others did stands */
async function send(
	api: Api,
	streams: Streams,
	wanted: readonly StreamConfig[],
	steps: readonly SubjectStep[],
): Promise<Error | undefined> {
	const sent = steps.map(({ stream, subjects }) => {
		const live = streams.get(stream)?.config as unknown as StreamConfig;
		const body = withSubjects(
			live,
			wanted.find(({ name }) => name === stream),
			subjects,
		);
		return api.ask(`STREAM.UPDATE.${stream}`, body, STEP_MS);
	});
	const failed = (await Promise.allSettled(sent)).find((result) => result.status === "rejected");
	if (failed && !(failed.reason instanceof ApiError || failed.reason instanceof NoAnswer)) throw failed.reason;
	return failed?.reason;
}

/** What moved and could not arrive goes back to where it was, as far as the server takes it. */
async function putBack(api: Api, wanted: readonly StreamConfig[], before: Captured, patience: Patience): Promise<void> {
	const streams = await listStreams(api, patience);
	const known = Object.fromEntries(Object.entries(before).filter(([name]) => streams.has(name)));
	const order = orderSubjects(captured(streams), known);
	if (!("by" in order)) await send(api, streams, wanted, order);
}

/** A stream that captures other subjects, with that one of its transforms that applies to them. */
function withSubjects(
	stream: StreamConfig,
	wanted: StreamConfig | undefined,
	subjects: readonly string[],
): StreamConfig {
	const { subject_transform: own, ...rest } = stream;
	const fitting = [wanted?.subject_transform, own].find(
		(each?: SubjectTransform) => each && subjects.includes(each.src),
	);
	return { ...rest, subjects: [...subjects], ...(fitting && { subject_transform: fitting }) };
}
