import * as path from "node:path";
import { linksDir } from "../../components/daemon/layout";
import { linkStates, setLink } from "../../components/links/control";
import type { LinkMode } from "../../components/links/model";
import type { LeaflineOutput } from "../../contract/outputs";
import { messageOf, UserError } from "../errors";
import { projectDir } from "../project";

/** Links of this machine that are not up, and since when (milliseconds since 1970); empty if none run here. */
export async function readCuts(outputs: LeaflineOutput): Promise<Record<string, number>> {
	if (!outputs.local) return {};
	try {
		const states = await linkStates(folder(outputs.local));
		const cut = Object.entries(states).filter(([, { mode }]) => mode !== "up");
		return Object.fromEntries(cut.map(([device, { since }]) => [device, since]));
	} catch {
		return {};
	}
}

/** Sets the link of a local device. Throws a `UserError` for a stack or a device that is not on this machine. */
export async function switchLink(outputs: LeaflineOutput, device: string, mode: LinkMode): Promise<void> {
	const { local, environment } = outputs;
	if (!local) throw new UserError(`stack ${environment} does not run on this machine; only local links can be cut`);
	if (local.links[device] === undefined)
		throw new UserError(`no local device "${device}"; there are ${Object.keys(local.links).join(", ")}`);
	try {
		await setLink(folder(local), device, { mode });
	} catch (error) {
		throw new UserError(messageOf(error));
	}
}

function folder(local: NonNullable<LeaflineOutput["local"]>): string {
	return linksDir(path.resolve(projectDir(), local.root));
}
