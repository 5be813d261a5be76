import type { StackOutputs } from "../../contract/outputs";
import { type Finding, fault, good, unknown, warning } from "../../device/doctor/finding";
import { probeHub } from "../../device/doctor/hub";
import {
	type Credentials,
	clockFinding,
	credentialsFinding,
	readCredentials,
} from "../../device/doctor/judge-identity";
import { some } from "../../topology/format";
import { messageOf } from "../errors";
import { HUB_ANSWER_MS, type Hub, openHub } from "../fleet/hub";

/** Looks from where the outputs are at the way that every device goes, and at what the hub says of the devices. */
export async function examineOutside(outputs: StackOutputs): Promise<Finding[]> {
	const { leafline, access } = outputs;
	const now = Date.now();
	const identity = access ? staff(access, now) : [masked()];
	const admin = identity.find((each): each is Credentials => !("check" in each));
	const probes = await Promise.all(leafline.hub.urls.map((url) => probeHub(url, leafline.ca, admin)));
	return [
		clockFinding(now, admin?.issuedAt),
		...identity.map((each) => ("check" in each ? each : credentialsFinding(each.name, each, now))),
		...probes.flatMap(({ findings }) => findings),
		...(access ? await asAdministrator(outputs) : []),
	];
}

function staff(access: NonNullable<StackOutputs["access"]>, now: number): (Finding | Credentials)[] {
	const all = { "the administrator's": access.adminCreds, "the system user's": access.systemCreds };
	return Object.entries(all).map(([who, text]) => readCredentials(text, who, now));
}

function masked(): Finding {
	const remedy = "write the outputs with: pulumi stack output --json --show-secrets";
	return unknown("credentials", "these outputs hold none, so nobody can log in", remedy);
}

async function asAdministrator(outputs: StackOutputs): Promise<Finding[]> {
	let hub: Hub;
	try {
		hub = await openHub(outputs);
	} catch (error) {
		return [
			fault("permissions", `the hub's API does not answer: ${messageOf(error)}`, "what stands above comes first"),
		];
	}
	try {
		return [await mayAdminister(hub, outputs), ...domainFindings(outputs, await hub.connected())];
	} finally {
		await hub.close();
	}
}

async function mayAdminister(hub: Hub, { leafline }: StackOutputs): Promise<Finding> {
	try {
		await hub.api(leafline.hub.domain).ask("INFO", undefined, HUB_ANSWER_MS);
		return good("permissions", "the administrator may ask the hub's JetStream");
	} catch (error) {
		const remedy = "npm run pulumi -- refresh --yes, then npm run up, states the accounts anew";
		return fault("permissions", `the administrator may not ask the hub's JetStream: ${messageOf(error)}`, remedy);
	}
}

/**
 * Two servers of one name are two devices with one identity, as a copied card makes them: each takes the other's place again
 * and again, and their messages get one device's name.
 * @param connected names of the leaves, one for each connection
 */
export function domainFindings(
	{ leafline }: Pick<StackOutputs, "leafline">,
	connected: readonly string[] | undefined,
): Finding[] {
	if (!connected) return [unknown("domain", "the hub does not say who is connected", "look at its monitoring")];
	const known = connected.filter((name) => Object.hasOwn(leafline.devices, name));
	const twice = [...new Set(known.filter((name, at) => known.indexOf(name) !== at))];
	if (twice.length > 0) {
		const remedy = "find the second one (a copied card or image), and give it the bundle of a device of its own";
		return [fault("domain", `connected more than once: ${some(twice)}`, remedy)];
	}
	const lost = known.filter((name) => leafline.devices[name]?.retired === "lost");
	if (lost.length > 0) {
		return [warning("domain", `retired as lost, and connected: ${some(lost)}`, "npm run up revokes them")];
	}
	return [good("domain", `${known.length} of ${Object.keys(leafline.devices).length} devices connected, each once`)];
}
