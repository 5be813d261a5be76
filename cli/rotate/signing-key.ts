import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { runUpdate } from "../engine";
import { UserError } from "../errors";
import { secret, throughLeaf } from "../fleet/hub";
import { type FleetFile, openFleetFile } from "../fleet-file";
import { plural } from "../format";
import { projectDir } from "../project";
import { signerStatus } from "./signer-status";
import { askKnown, inService } from "./status";

/** Which keys sign, and the hub's accounts. Nothing else of the stack is touched, or waited for. */
const TARGETS = ["**Roster::roster", "**Accounts::accounts"];

const ROTATION = ["signingKey", "rotation"];
const END = ["signingKey", "end"];

export interface SigningKeyOptions {
	readonly stack?: string | undefined;
	/** End the old keys now, whoever was not seen with the newest. @default false: put a new one beside them */
	readonly end?: boolean | undefined;
	/** Do it. @default false: say what would be done */
	readonly yes?: boolean | undefined;
}

/**
 * Puts a new signing key beside the account's old one, or ends the old ones.
 * @returns exit code: 0 done, or shown; 1 the update failed; 2 it is not seen at every node
 * @throws UserError when there is nothing to end, or the hub does not answer; ConfigError for a fleet file with mistakes
 */
export async function rotateSigningKey(
	outputs: StackOutputs,
	{ stack: wanted, end = false, yes = false }: SigningKeyOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const file = openFleetFile(root, stack);
	const plan = end ? await planEnd(outputs, file) : planNew(outputs, file);
	for (const [path, value] of plan.fields) {
		file.set(path, value);
		say(`${file.name}: ${path.join(".")}: ${value}`);
	}
	for (const line of plan.lines) say(line);
	if (!yes) {
		say("nothing was done; --yes does it");
		return 0;
	}
	file.save();
	// On this machine an update brings new credentials to the devices as well.
	const { good, why } = await runUpdate(root, stack, leafline.local && !end ? [] : TARGETS);
	if (!good) {
		say(`the update failed: ${why}`);
		return 1;
	}
	return end ? verifyEnd(outputs, say) : sayNext(outputs, stack, say);
}

interface Plan {
	readonly fields: readonly (readonly [readonly string[], number])[];
	readonly lines: readonly string[];
}

function planNew({ leafline }: StackOutputs, file: FleetFile): Plan {
	const next = file.number(ROTATION) + 1;
	const own = Object.values(file.fleet.devices).filter((it) => it.publicKey && it.retired !== "lost");
	const what = plural(inService(leafline.devices).length, "device");
	return {
		fields: [[ROTATION, next]],
		lines: [
			`a new key signs the credentials of ${what}; their own keys stay. What the old one signed opens as well, until every device came in with the new`,
			...(own.length > 0
				? [
						`${some(own.map(({ name }) => name))} made its key itself: leafline enrol with its request makes its new token`,
					]
				: []),
		],
	};
}

/** @throws UserError */
async function planEnd(outputs: StackOutputs, file: FleetFile): Promise<Plan> {
	const rotation = file.number(ROTATION);
	if (rotation === 0)
		throw new UserError(`the signing key was never replaced: ${file.name} has no signingKey.rotation`);
	const status = await askSigner(outputs);
	if (status.alone) {
		const why = "the old ones have ended, or the stack was not brought up yet (npm run up)";
		throw new UserError(`the hub takes one signing key alone: ${why}`);
	}
	const out = status.waiting;
	const whom = out.length === 0 ? "nobody: every device came in with the new key" : [...out].sort().join(", ");
	return {
		fields: [[END, rotation]],
		lines: [
			`would be locked out until they have new credentials: ${whom}`,
			...(out.length > 0 ? ["what they hold stays on them, and follows when they are back"] : []),
		],
	};
}

async function verifyEnd(outputs: StackOutputs, say: (line: string) => void): Promise<number> {
	const status = await askSigner(outputs);
	if (status.alone) {
		say("every node of the hub takes credentials of the newest signing key alone");
		return 0;
	}
	say("not every node of the hub has let the old signing keys go: run the same again");
	return 2;
}

function sayNext({ leafline }: StackOutputs, stack: string, say: (line: string) => void): number {
	if (!leafline.local) {
		say("now write the outputs anew, make bundles of them (leafline bundle --all), and bring them to the devices");
	}
	say(
		`npx leafline rotate says who came in with the new; when all have, the next npm run up -- --stack ${stack} ends the old key`,
	);
	return 0;
}

async function askSigner(outputs: StackOutputs) {
	const { leafline } = outputs;
	const signing = secret(outputs.signing);
	const way = await throughLeaf(outputs);
	try {
		const known = await askKnown(way, signing.devicesAccount, leafline.hub.nodes);
		return signerStatus(signing, inService(leafline.devices), known);
	} finally {
		await way.close();
	}
}
