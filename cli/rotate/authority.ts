import { certificatesIn } from "../../components/identity/authorities";
import type { StackOutputs } from "../../contract/outputs";
import { runUpdate } from "../engine";
import { openFleetFile } from "../fleet-file";
import { plural } from "../format";
import { projectDir } from "../project";
import { askAuthority } from "./authority-status";
import { signedBy } from "./presented";

export interface AuthorityOptions {
	readonly stack?: string | undefined;
	/** Go on although devices are not known to have the new authority. @default false */
	readonly end?: boolean | undefined;
	/** Do it. @default false: say what would be done */
	readonly yes?: boolean | undefined;
}

type Stage = "beside" | "signs" | "alone";

/** What the fleet file comes to say, what that means, and why not. */
interface Plan {
	readonly rotation: number;
	readonly stage: Stage;
	readonly lines: readonly string[];
	/** Devices that would be locked out. */
	readonly out: readonly string[];
}

/**
 * Goes one step on with a new authority of the hub's certificate: it comes beside the old one, then it signs, then the old
 * one goes. An update that was interrupted is brought to its end first.
 * @returns exit code: 0 done, or shown; 1 the update failed, or nothing of it was seen afterwards; 2 devices are waited for
 * @throws UserError when the hub does not answer; ConfigError for a fleet file with mistakes
 */
export async function rotateAuthority(
	outputs: StackOutputs,
	{ stack: wanted, end = false, yes = false }: AuthorityOptions,
	say: (line: string) => void,
): Promise<number> {
	const { leafline } = outputs;
	const stack = wanted ?? leafline.environment;
	const root = projectDir();
	const file = openFleetFile(root, stack);
	const { rotation, stage } = file.fleet.authority ?? { rotation: 0, stage: "alone" };
	const plan = await planStep(outputs, rotation, stage);
	file.set(["authority", "rotation"], plan.rotation);
	file.set(["authority", "stage"], plan.stage);
	say(`${file.name}: authority: rotation ${plan.rotation}, stage ${plan.stage}`);
	for (const line of plan.lines) say(line);
	if (plan.out.length > 0) {
		say(`not known to have the new authority: ${[...plan.out].sort().join(", ")}`);
		if (!end) {
			say("nothing was done; those would be locked out. --end goes on without them");
			return 2;
		}
	}
	if (!yes) {
		say("nothing was done; --yes does it");
		return 0;
	}
	file.save();
	const { good, why } = await runUpdate(root, stack);
	if (!good) {
		say(`the update failed: ${why}`);
		return 1;
	}
	return verify(outputs, plan.stage, stack, say);
}

async function planStep(outputs: StackOutputs, rotation: number, stage: Stage): Promise<Plan> {
	const { leafline } = outputs;
	const known = certificatesIn(leafline.ca);
	const newest = known.at(-1) ?? "";
	if (stage === "alone" && known.length === 1) {
		const what = plural(Object.values(leafline.devices).filter(({ retired }) => retired !== "lost").length, "device");
		const lines = [`another authority comes into ca.pem beside the one that signs; ${what} need a new bundle`];
		return { rotation: rotation + 1, stage: "beside", lines, out: [] };
	}
	const again = ["the last update did not come to its end: the same again"];
	if (stage === "beside" && known.length === 1) return { rotation, stage, lines: again, out: [] };
	if (stage === "alone") return { rotation, stage, lines: again, out: [] };
	const signs = await signedBy(leafline.hub.urls, newest);
	if (stage === "signs" && signs.every(({ good }) => good)) {
		const lines = ["the old authority goes: a new bundle has the new one alone, and devices need it at no time"];
		return { rotation, stage: "alone", lines, out: [] };
	}
	const { waiting } = await askAuthority(outputs);
	const lines = [
		"the new authority signs the hub's certificate; links that are up stay, and who connects anew must know it",
		...(stage === "signs" ? again : []),
	];
	return { rotation, stage: "signs", lines, out: waiting };
}

async function verify(
	{ leafline }: StackOutputs,
	stage: Stage,
	stack: string,
	say: (line: string) => void,
): Promise<number> {
	if (stage === "beside") {
		if (!leafline.local) {
			say("now write the outputs anew, make bundles of them (leafline bundle --all), and bring them to the devices");
		}
		say("npx leafline rotate says who has it; when all have, the same command again has it sign");
		return 0;
	}
	if (stage === "alone") {
		say("ca.pem holds the new authority alone");
		return 0;
	}
	const nodes = await signedBy(leafline.hub.urls, certificatesIn(leafline.ca).at(-1) ?? "");
	const others = nodes.filter(({ good }) => !good);
	for (const { url, why } of others) say(`${url}: ${why}`);
	if (others.length > 0) {
		say(`not every node shows a certificate of the new authority: npm run up -- --stack ${stack}, and the same again`);
		return 1;
	}
	say("every node shows a certificate that the new authority signed; the same command again takes the old one out");
	return 0;
}
