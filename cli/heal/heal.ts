import type { LeaflineOutput, StackOutputs } from "../../contract/outputs";
import { resetConsumer } from "../../jetstream/calls";
import { persist } from "../../jetstream/patience";
import { mendConsumer } from "../../jetstream/put";
import { HUB_CONSUMER } from "../../topology/names";
import { messageOf, UserError } from "../errors";
import { consumerOf } from "../fleet/consumer";
import { openHub } from "../fleet/hub";
import { named } from "../fleet/named";
import { count } from "../format";
import { type Act, diagnose, isPoison, type Seen } from "./diagnose";
import { dropMessage } from "./drop";
import { goesOn, type Place, patience, place, see } from "./see";
import { sourceAnew } from "./source-anew";

/** How long the first message after a repair may take: a hub that lost its consumer tries again after 10 s and more. */
const HEALED_MS = 60_000;
/** A hub that refuses a message asks for it again every 2 s. */
const REFUSED_MS = 10_000;

export interface HealOptions {
	/** Says what it would do, and does nothing. */
	readonly dryRun?: boolean;
	/** Takes messages away that the hub cannot take, each when it is in a file of this folder. @default they stay */
	readonly dropPoison?: string;
}

/**
 * Sets the sources of one device going again, by what can lose or double nothing.
 * @returns exit code: 0 all is well or was healed, 2 something needs a hand (or, in a dry run, would be done)
 * @throws UserError when there is no such device, it is not connected, or the hub does not answer
 */
export async function heal(
	outputs: StackOutputs,
	device: string,
	{ dryRun = false, dropPoison }: HealOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const classes = Object.entries(namedDevice(leafline, device).hubStreams);
	const hub = await openHub(outputs);
	try {
		const connected = await hub.connected();
		if (connected && !connected.includes(device))
			throw new UserError(
				`${device} is not connected: npx leafline status says why. What it holds is sent when it is back`,
			);
		let code = 0;
		for (const [name, hubStream] of classes) {
			const at = place(hub, device, name, hubStream, consumerOf(leafline, device, name));
			const config = { leafline, className: name, dryRun, ...(dropPoison !== undefined && { dropPoison }) };
			code = Math.max(
				code,
				await healClass(at, config, say).catch((error) => {
					say(`${at.stream}: ${messageOf(error)}`);
					return 2;
				}),
			);
		}
		return code;
	} finally {
		await hub.close();
	}
}

function namedDevice({ devices }: LeaflineOutput, device: string): LeaflineOutput["devices"][string] {
	const found = named(devices, device);
	if (found.retired === "lost") throw new UserError(`${device} is lost (retired: lost): it cannot connect`);
	return found;
}

interface Config {
	readonly leafline: LeaflineOutput;
	readonly className: string;
	readonly dryRun: boolean;
	readonly dropPoison?: string;
}

async function healClass(at: Place, config: Config, say: (line: string) => void): Promise<number> {
	const { leafline, dropPoison } = config;
	const done = new Set<Act>();
	const { nodes } = leafline.hub;
	for (;;) {
		const seen = await see(at);
		const finding = diagnose(seen, done, { device: at.device, nodes, drop: dropPoison !== undefined });
		if (finding.state === "well") {
			if (done.size === 0) say(`${at.stream}: well, the hub is at ${count(seen.after)}`);
			return 0;
		}
		if (finding.state === "hand") {
			say(`${at.stream}: ${finding.why}. ${finding.remedy}`);
			return 2;
		}
		const what = WORDS[finding.act](seen, config);
		if (config.dryRun) {
			say(`${at.stream}: ${finding.why}: would ${what}`);
			return 2;
		}
		await carryOut(finding.act, at, config, seen);
		// Another message may stand in the way behind one that is taken away.
		if (finding.act !== "drop") done.add(finding.act);
		const healed = await goesOn(at, seen, isPoison(seen.next) ? REFUSED_MS : HEALED_MS, {
			moves: finding.act === "source-anew",
		});
		say(`${at.stream}: ${finding.why}: ${healed ? "healed" : "not healed"} (${what})`);
	}
}

const WORDS: Readonly<Record<Act, (seen: Seen, config: Config) => string>> = {
	make: (seen) => {
		const make = seen.consumer ? "make it as it was" : "make it anew";
		return isPlaced(seen) ? `${make}, and set it behind ${count(seen.after)}` : make;
	},
	resume: () => "resume it",
	reset: ({ after }) => `set its consumer behind ${count(after)}, where the hub is`,
	"source-anew": ({ after }) => `have the hub source it anew, behind ${count(after)}`,
	"step-down": () => "let the leader of the hub's stream step down",
	drop: ({ next }, { dropPoison }) => `save message ${count(next?.seq ?? 0)} in ${dropPoison}, and take it away`,
};

/** What the hub told of may be of an older stream of that name: a consumer that was set behind that would skip messages. */
const isPlaced = ({ after, proven }: Seen) => proven && after > 0;

async function carryOut(act: Act, at: Place, config: Config, seen: Seen): Promise<void> {
	const { stream } = at;
	const { after } = seen;
	const reset = () => resetConsumer(at.edge, stream, HUB_CONSUMER, after + 1, patience());
	if (act === "make") {
		if (!at.wanted) throw new UserError(`the outputs hold no window of ${config.className}: npm run up`);
		await mendConsumer(at.edge, stream, at.wanted, seen.consumer?.changed ?? [], patience());
		if (isPlaced(seen)) await reset();
	} else if (act === "reset") await reset();
	else if (act === "drop") await dropMessage(at.edge, stream, seen.next?.seq ?? 0, config.dropPoison ?? ".", patience);
	else if (act === "source-anew") await sourceAnew(at, after);
	else if (act === "resume")
		await persist((timeout) => at.edge.ask(`CONSUMER.PAUSE.${stream}.${HUB_CONSUMER}`, {}, timeout), patience());
	else await persist((timeout) => at.hub.ask(`STREAM.LEADER.STEPDOWN.${at.hubStream}`, {}, timeout), patience());
}
