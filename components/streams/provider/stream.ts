import type { Control } from "../../../control/control";
import type { StreamInfo } from "../../../jetstream/answers";
import type { Api } from "../../../jetstream/api";
import { deleteStream, streamInfo } from "../../../jetstream/calls";
import { same } from "../../../jetstream/compare";
import type { Patience } from "../../../jetstream/patience";
import { UserError } from "../../../system/user-error";
import { some } from "../../../topology/format";
import type { StreamConfig } from "../../../topology/jetstream";
import { HUB_DOMAIN } from "../../../topology/names";
import { movedSources } from "../../../topology/source-change";
import { deviceOf, removedDevices } from "./backlog";
import { type Reporter, reporter } from "./engine";
import { IncompleteError } from "./errors";
import type { Handler, Props } from "./handler";
import { asFound, heldBack, withHeld } from "./held-back";
import { reach } from "./reach";
import { requireConnection } from "./read-connection";
import { atStake, loweredLimits, rejectedByServer } from "./rules";
import { settleStream } from "./settle-stream";
import { observeConsumers, settleConsumers } from "./stream-consumers";
import { counted, foreseen, losing, mayTakeOver, obstacle, refusal } from "./stream-guard";
import { full, observe, observeGone, streamProps as props, type StreamProps } from "./stream-props";

const READ_MS = 60_000;
/** A server that is older than 2.15 was seen to take 14 minutes for one source of a big stream. */
const WRITE_MS = 20 * 60_000;

/** Today's setting, which a destroy must obey: the stored properties are those of the last update. */
let allowsLossToday: boolean | undefined;

export const stream: Handler = {
	configure(read) {
		const value = read("allowDataLoss");
		allowsLossToday = value === undefined ? undefined : value === "true";
	},

	async check(olds, news) {
		const next = props(news);
		if (!next.config?.name) return failed(news, "config.name is missing: a stream needs a name");
		const old = olds.config ? props(olds) : undefined;
		const reason = old ? await refusal(old, next) : await obstacle(next);
		return reason ? failed(news, reason) : { inputs: news };
	},

	async diff(_id, olds, news) {
		const [old, next] = [props(olds), props(news)];
		const fields = ["config", "sources", "consumers", "owner", "connection", "allowDataLoss"] as const;
		const held = next.ignorePending ? waitingSources(old, next) : {};
		const differs = fields.some((field) =>
			field === "sources" ? !same(old.sources, { ...next.sources, ...held }) : !same(old[field], next[field]),
		);
		// Also where what was asked meanwhile became what is there: the state must not say any more that it is not.
		const changes =
			differs ||
			old.gone !== undefined ||
			!isEmpty(old.failed ?? {}) ||
			(!next.ignorePending && !isEmpty(old.pending ?? {}));
		const stays = await foreseen(old, next);
		const moving =
			Object.keys(held).length > 0 ? undefined : movedSources(next.config.name, old.sources ?? {}, next.sources ?? {});
		const say = reporter(next.resourceUrn);
		if (stays) say.warn(stays);
		if (moving) say.info(moving);
		await say.flush();
		const replace = rejectedByServer(old.config, next.config).length > 0;
		return { changes, ...(replace ? { replaces: ["config"], deleteBeforeReplace: true } : {}) };
	},

	async create(inputs) {
		const wanted = props(inputs);
		const { way, api, say } = await open(wanted);
		const existing = await streamInfo(api, wanted.config.name, patient(say, READ_MS));
		if (existing) mayTakeOver(wanted, existing);
		const old = existing ? asFound(wanted, existing) : wanted;
		return { id: wanted.config.name, outs: await settle({ way, say }, wanted, old, existing) };
	},

	async read(id, stored) {
		const known = props(stored);
		const { api, say } = await open(known);
		const patience = patient(say, READ_MS);
		const info = await streamInfo(api, id, patience);
		const { gone: _, ...rest } = stored;
		const observed = info
			? { ...observe(known, info), consumers: await observeConsumers(api, known, patience) }
			: observeGone(known);
		if (!observed) return { id: "", props: {} };
		if (!info) {
			say.warn(`${id} is not on the hub any more: the next update makes it anew, and it gets what its devices hold`);
			await say.flush();
		}
		const read: Props = { ...rest, ...observed };
		const { pending: __, failed: ___, ...inputs } = read;
		return { id, props: read, inputs };
	},

	async update(_id, olds, news) {
		const [old, wanted] = [props(olds), props(news)];
		const { way, api, say } = await open(wanted);
		const existing = await streamInfo(api, wanted.config.name, patient(say, READ_MS));
		if (existing && !wanted.allowDataLoss) {
			const lost = atStake(loweredLimits(existing.config as unknown as StreamConfig, full(wanted)), existing.state);
			if (lost.length > 0) throw new UserError(losing(lost, existing));
		}
		return { outs: await settle({ way, say }, wanted, old, existing) };
	},

	async delete(id, stored) {
		const known = props(stored);
		const { api, say } = await open(known);
		const info = await streamInfo(api, id, patient(say, READ_MS));
		if (!info) return;
		if (info.state.messages > 0 && !(allowsLossToday ?? known.allowDataLoss)) {
			throw new UserError(
				`${id} holds ${counted(info.state.messages, "message")}, and deleting it would lose them. ` +
					"To do that, `pulumi config set leafline:allowDataLoss true` and run again with PULUMI_RUN_PROGRAM=true; " +
					"to keep the stream and only forget it, `pulumi state delete` its URN.",
			);
		}
		await deleteStream(api, id, patient(say, READ_MS));
	},
};

/**
 * Makes the stream as asked, but for devices that must not be let go yet: of those it keeps what it has.
 * @param old what it was asked to be before
 */
async function settle(
	{ way, say }: { way: Control; say: Reporter },
	wanted: StreamProps,
	old: StreamProps,
	existing: StreamInfo | undefined,
): Promise<Props> {
	const patience = patient(say, WRITE_MS);
	const held = await heldBack(way, old, wanted, patient(say, READ_MS));
	const next = withHeld(wanted, old, held, existing);
	const { sources, pending } = await settleStream(way, next, existing, patience, say);
	const { devices, others } = await settleConsumers(way, next, old.consumers ?? {}, patience);
	const gone = removedDevices(old, next);
	if (gone.length > 0)
		say.warn(`not sourced any more, their streams stay on them and nobody manages them: ${some(gone)}`);
	await say.flush();
	const { pending: _, failed: __, ...asked } = next;
	const failed = { ...devices, ...held };
	const outs = { ...asked, sources, ...(!isEmpty(pending) && { pending }), ...(!isEmpty(failed) && { failed }) };
	if (others.length === 0) return outs;
	const { name } = wanted.config;
	throw new IncompleteError(`${name}: ${others.slice(0, 5).join("; ")}`, name, outs, others);
}

function isEmpty(map: object): boolean {
	return Object.keys(map).length === 0;
}

/** The sources that could not be moved yet, as they are. */
function waitingSources(old: StreamProps, next: StreamProps): StreamProps["sources"] {
	const waiting = Object.entries(old.sources ?? {}).filter(
		([name, source]) => next.sources?.[name] && Object.keys(old.pending ?? {}).includes(deviceOf(source) ?? name),
	);
	return Object.fromEntries(waiting);
}

function failed(inputs: Props, reason: string) {
	// No property: the engine would print its value, and a value may be secret.
	return { inputs, failures: [{ property: "", reason }] };
}

async function open({ connection, resourceUrn }: StreamProps): Promise<{ way: Control; api: Api; say: Reporter }> {
	const say = reporter(resourceUrn);
	const way = await reach(requireConnection(connection), say);
	return { way, api: way.api(HUB_DOMAIN), say };
}

function patient(say: Reporter, ms: number): Patience {
	const started = Date.now();
	return {
		deadline: started + ms,
		timeoutsMs: [2_000, 5_000, 15_000, 60_000],
		waiting: (error) => say.progress(`waiting for ${Math.round((Date.now() - started) / 1000)} s: ${error.message}`),
	};
}
