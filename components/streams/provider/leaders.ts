import { isDeepStrictEqual } from "node:util";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { sleep } from "../../../system/wait";
import { type Led, leaderCounts, leaderMoves } from "../../../topology/leaders";
import { HUB_DOMAIN } from "../../../topology/names";
import { reporter } from "./engine";
import { type Handler, type Props, UNKNOWN } from "./handler";
import { reach } from "./reach";
import { requireConnection } from "./read-connection";

/** What the program asks for. */
interface LeadersInputs {
	readonly connection: unknown;
	readonly streams: readonly string[];
	readonly restarts: string;
	readonly resourceUrn?: string;
}

const ANSWER_MS = 5_000;
/** An election takes some 100 ms; a node that was just restarted may need longer to be current. */
const SETTLED_MS = 15_000;
const ROUNDS = 3;

/** Spreads the leaders of replicated streams. It is a convenience: what it cannot do is a warning, never a failure. */
export const leaders: Handler = {
	async diff(_id, olds, news) {
		if (JSON.stringify(news).includes(UNKNOWN)) return { changes: true };
		return {
			changes: (["streams", "restarts"] as const).some((field) => !isDeepStrictEqual(olds[field], news[field])),
		};
	},

	async create(inputs) {
		return { id: "leaders", outs: await spread(inputs as unknown as LeadersInputs) };
	},

	/** Leaders change by themselves whenever a server ends: that is no drift. */
	async read(id, props) {
		const { spread: _spread, ...inputs } = props;
		return { id, props, inputs };
	},

	async update(_id, _olds, news) {
		return { outs: await spread(news as unknown as LeadersInputs) };
	},

	async delete() {},
};

async function spread(inputs: LeadersInputs): Promise<Props> {
	const say = reporter(inputs.resourceUrn);
	let counts: Record<string, number> = {};
	try {
		const api = (await reach(requireConnection(inputs.connection), say)).api(HUB_DOMAIN);
		for (let round = 0; round < ROUNDS; round++) {
			const led = await settled(api, inputs.streams);
			counts = leaderCounts(led);
			const moves = leaderMoves(led);
			if (moves.length === 0) break;
			for (const { stream, to } of moves) {
				say.progress(`${stream} to ${to}`);
				await api.ask(`STREAM.LEADER.STEPDOWN.${stream}`, { placement: { preferred: to } }, ANSWER_MS);
			}
		}
	} catch (error) {
		say.warn(`the leaders of streams were not spread over the nodes: ${(error as Error).message}`);
	}
	await say.flush();
	return { ...inputs, spread: counts };
}

/** Waits until every stream has a leader and current replicas, and takes what there is when that takes too long. */
async function settled(api: Api, streams: readonly string[]): Promise<Led[]> {
	const deadline = Date.now() + SETTLED_MS;
	for (;;) {
		const infos = await Promise.all(
			streams.map((stream) =>
				api.ask<StreamInfo>(`STREAM.INFO.${stream}`, undefined, ANSWER_MS).catch(() => undefined),
			),
		);
		const late = Date.now() >= deadline;
		const led = infos.flatMap((info, index): Led[] => {
			const { leader = "", replicas = [] } = info?.cluster ?? {};
			const current = replicas.filter((replica) => replica.current && !replica.offline);
			if (leader === "" || (current.length < replicas.length && !late)) return [];
			return [{ stream: streams[index] ?? "", leader, members: [leader, ...current.map(({ name }) => name)] }];
		});
		if (led.length === streams.length || late) return led;
		await sleep(200);
	}
}
