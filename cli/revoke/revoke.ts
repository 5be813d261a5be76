import { devicePublicKey } from "../../components/identity/credentials";
import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { runUpdate } from "../engine";
import { messageOf, UserError } from "../errors";
import { secret, throughLeaf } from "../fleet/hub";
import { named } from "../fleet/named";
import { awaitShut, CLOSED_WITHIN_MS, linkedDevices } from "../fleet/shut";
import { type FleetFile, openFleetFile } from "../fleet-file";
import { plural } from "../format";
import { projectDir } from "../project";

/** What revokes: who has which key, and the hub's accounts. Nothing else of the stack is touched, or waited for. */
const TARGETS = ["**Roster::roster", "**Accounts::accounts"];

export interface RevokeOptions {
	readonly stack?: string | undefined;
	/** Do it. @default false: say what would be done */
	readonly yes?: boolean | undefined;
}

/**
 * Revokes devices: says so in the fleet file, brings that part of the stack up, and looks at every node of the hub.
 * @returns exit code: 0 done, or shown; 1 the update failed; 2 it is not seen at every node
 * @throws UserError when there is no such device, or the outputs do not belong to a project here; ConfigError for its files
 */
export async function revoke(
	outputs: StackOutputs,
	devices: readonly string[],
	{ stack: chosen, yes = false }: RevokeOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const stack = chosen ?? leafline.environment;
	for (const device of devices) named(leafline.devices, device);
	const root = projectDir();
	const file = openFleetFile(root, stack);
	const keys = keysOf(outputs, file, devices);
	const way = await throughLeaf(outputs);
	try {
		const linked = await linkedDevices(way);
		for (const device of devices) {
			say(plan(device, { linked: linked.has(device), lost: file.fleet.devices[device]?.retired === "lost" }));
		}
		if (!yes) {
			say(
				`nothing was done; --yes writes retired: lost into ${file.name} and revokes ${plural(devices.length, "device")}`,
			);
			return 0;
		}
		for (const device of devices) file.set(["devices", device, "retired"], "lost");
		file.save();
		const began = Date.now();
		const { good, why } = await runUpdate(root, stack, TARGETS);
		// Also after an update that failed: of three nodes, one that is down must not hide that the others took it.
		const shut = await awaitShut(way, keys.account, keys.users, leafline.hub.nodes).catch((error) => messageOf(error));
		if (!good) say(`the update failed: ${why}`);
		if (typeof shut === "string") say(`whether every node has taken it is not known: ${shut}`);
		else if (shut.open.length > 0) say(`not every node of the hub revokes ${some(shut.open)}: run the same again`);
		else if (shut.linked.length > 0) {
			say(
				`${some(shut.linked)} still has a link ${CLOSED_WITHIN_MS / 1000} s after every node revokes it: run the same again`,
			);
		} else {
			const took = ((Date.now() - began) / 1000).toFixed(1);
			say(
				`revoked for ever: ${some(devices)}; every node of the hub says so and has no link of it, ${took} s after the command`,
			);
			say(`npm run up -- --stack ${stack} does the rest: the hub's streams let go of it; what they hold stays`);
			return good ? 0 : 1;
		}
		return good ? 2 : 1;
	} finally {
		await way.close();
	}
}

/** Of devices in service; what was lost before has no key that these outputs know. */
function keysOf(
	{ leafline, signing }: StackOutputs,
	{ fleet, name }: FleetFile,
	devices: readonly string[],
): { readonly account: string; readonly users: ReadonlyMap<string, string> } {
	const keys = secret(signing);
	const users = new Map<string, string>();
	for (const device of devices) {
		if (!Object.hasOwn(fleet.devices, device)) {
			throw new UserError(
				`${name} has no device ${device} any more: npm run up revokes it, once the hub has all it holds`,
			);
		}
		if (leafline.devices[device]?.retired === "lost") continue;
		users.set(device, devicePublicKey(keys, device, fleet.devices[device]?.publicKey));
	}
	return { account: keys.devicesAccount, users };
}

function plan(device: string, { linked, lost }: { readonly linked: boolean; readonly lost: boolean }): string {
	const now = linked ? "connected" : "not connected";
	if (lost) return `${device}  ${now}; the fleet file calls it lost already`;
	return `${device}  ${now}; its credentials will never open again, what the hub has of it stays, what it still holds stays on it`;
}
