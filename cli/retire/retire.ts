import { devicePublicKey } from "../../components/identity/credentials";
import type { StackOutputs } from "../../contract/outputs";
import type { RetireOutput } from "../../contract/retire";
import { sleep } from "../../system/wait";
import { edgeStreamName } from "../../topology/names";
import { runUpdate } from "../engine";
import { UserError } from "../errors";
import { HUB_ANSWER_MS, secret, throughLeaf } from "../fleet/hub";
import { isDrained, type Left, leftLine, leftOn } from "../fleet/left";
import { named } from "../fleet/named";
import { awaitShut } from "../fleet/shut";
import { openFleetFile } from "../fleet-file";
import { projectDir } from "../project";

/** How long a device that is connected may take to send the rest, before somebody has to come back for it. */
const DRAINS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

export interface RetireOptions {
	readonly stack?: string | undefined;
	/** Do it, as far as it goes now. @default false: say what would be done */
	readonly yes?: boolean | undefined;
	/** Print what is left on it as JSON, and do nothing. @default false */
	readonly json?: boolean | undefined;
}

/**
 * Takes a device out of the fleet: has it drain, takes it out of its group when the hub has everything that it holds, and
 * sees that the hub has let go of it. Where it stands follows from the fleet file and what is seen, so that one that was
 * interrupted goes on.
 * @returns exit code: 0 it is out, or was shown; 1 an update failed; 2 something waits on it, or it is away
 * @throws UserError when there is no such device, or it is lost; ConfigError for a fleet file with mistakes
 */
export async function retire(
	outputs: StackOutputs,
	device: string,
	{ stack: wanted, yes = false, json = false }: RetireOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const file = openFleetFile(root, stack);
	named(leafline.devices, device);
	const entry = Object.hasOwn(file.fleet.devices, device) ? file.fleet.devices[device] : undefined;
	if (entry?.retired === "lost") {
		throw new UserError(
			`${device} is lost (retired: lost), and drains no more: take it out of its group, and npm run up`,
		);
	}
	let left = await leftOn(outputs, device);
	if (json) {
		const draining = entry?.retired === "drain";
		const told: RetireOutput = { schemaVersion: 1, device, draining, ...left, drained: isDrained(left) };
		say(JSON.stringify(told));
		return isDrained(left) ? 0 : 2;
	}
	say(leftLine(device, left));
	const update = async () => {
		const { good, why } = await runUpdate(root, stack);
		if (!good) say(`the update failed: ${why}`);
		return good;
	};
	if (entry !== undefined) {
		const drains = leafline.devices[device]?.retired === "drain";
		if (entry.retired === undefined) {
			file.set(["devices", device, "retired"], "drain");
			say(`${file.name}: devices.${device}.retired: drain`);
		}
		say(`when the hub has everything that it holds: ${file.name}: ${device} out of group ${entry.group}`);
		if (!yes) return shown(say);
		if (entry.retired === undefined) file.save();
		if (!drains && !(await update())) return 1;
		left = await drained(outputs, device, left);
		if (!isDrained(left)) {
			say(leftLine(device, left));
			say("it stays until the hub has all of that: run the same again, or leafline revoke gives it up");
			return 2;
		}
		const out = openFleetFile(root, stack);
		out.takeOut(device);
		out.save();
	} else {
		say(`${file.name} has it no more, and the stack still does: the last update did not come to its end`);
		if (!yes) return shown(say);
	}
	if (!(await update())) return 1;
	return verify(outputs, device, entry?.publicKey, say);
}

function shown(say: (line: string) => void): number {
	say("nothing was done; --yes does it");
	return 0;
}

async function drained(outputs: StackOutputs, device: string, first: Left): Promise<Left> {
	const deadline = Date.now() + DRAINS_WITHIN_MS;
	let left = first;
	while (!isDrained(left) && Date.now() < deadline) {
		await sleep(LOOK_EVERY_MS);
		left = await leftOn(outputs, device);
		if (left.link !== "up") break;
	}
	return left;
}

/** That the hub sources nothing of it, and takes its credentials no more. */
async function verify(
	outputs: StackOutputs,
	device: string,
	ownKey: string | undefined,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const keys = secret(outputs.signing);
	const way = await throughLeaf(outputs);
	try {
		const streams = leafline.devices[device]?.hubStreams ?? {};
		const still: string[] = [];
		for (const [name, stream] of Object.entries(streams)) {
			type Info = { readonly config: { readonly sources?: readonly { readonly name: string }[] } };
			const { config } = await way
				.api(leafline.hub.domain)
				.ask<Info>(`STREAM.INFO.${stream}`, undefined, HUB_ANSWER_MS);
			if (config.sources?.some((source) => source.name === edgeStreamName(device, name))) still.push(stream);
		}
		const users = new Map([[device, devicePublicKey(keys, device, ownKey)]]);
		const { open, linked } = await awaitShut(way, keys.devicesAccount, users, leafline.hub.nodes);
		if (still.length > 0) say(`${still.join(", ")} still sources it: npm run up`);
		if (open.length > 0) say("not every node of the hub revokes its key: npm run up");
		if (linked.length > 0) say("it still has a link");
		if (still.length + open.length + linked.length > 0) return 2;
		say(
			`${device} is out: the hub has everything of it, keeps it as long as all else, and takes its credentials no more`,
		);
		return 0;
	} finally {
		await way.close();
	}
}
