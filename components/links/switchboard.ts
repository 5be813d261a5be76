import * as fs from "node:fs";
import { isDeepStrictEqual } from "node:util";
import type { LinkChange, LinkEnds, LinkMode, LinkSpec, LinkState, LinksSpec } from "./model";
import { createLink, type Link } from "./shaper";

/** All links of a process, by device. */
export interface Switchboard {
	/** Opens and closes links so that they are those of the spec. Links that stay as they are keep their connections. */
	readonly apply: (spec: LinksSpec) => Promise<void>;
	/** Throws when there is no such device. */
	readonly set: (device: string, change: LinkChange) => LinkState;
	readonly states: () => Record<string, LinkState>;
	readonly close: () => Promise<void>;
}

type Modes = Record<string, { readonly mode: LinkMode; readonly since: number }>;

/** `modesFile` keeps the modes over a restart: a link that was cut stays cut. */
export function createSwitchboard(modesFile: string): Switchboard {
	const open = new Map<string, { readonly link: Link; readonly spec: LinkSpec }>();
	const saved = readModes(modesFile);

	const apply = async ({ links }: LinksSpec) => {
		// A device that is taken out and put in again later starts with a link that is up.
		for (const device of Object.keys(saved)) if (!links[device]) delete saved[device];
		for (const [device, { link, spec }] of open) {
			const next = links[device];
			if (next && sameEnds(spec, next)) continue;
			await link.close();
			open.delete(device);
		}
		for (const [device, spec] of Object.entries(links)) {
			const present = open.get(device);
			if (!present) {
				open.set(device, { spec, link: await createLink({ ...spec, ...saved[device] }) });
			} else if (JSON.stringify(present.spec.shape) !== JSON.stringify(spec.shape)) {
				present.link.set({ shape: spec.shape ?? {} });
				open.set(device, { spec, link: present.link });
			}
		}
	};
	const states = () => Object.fromEntries([...open].map(([device, { link }]) => [device, link.state()]));
	return {
		apply,
		states,
		set: (device, change) => {
			const link = open.get(device)?.link;
			if (!link) throw new Error(`there is no link of ${device}; there are ${[...open.keys()].join(", ") || "none"}`);
			const state = link.set(change);
			saved[device] = { mode: state.mode, since: state.since };
			writeModes(modesFile, saved);
			return state;
		},
		close: async () => {
			await Promise.all([...open.values()].map(({ link }) => link.close()));
			open.clear();
		},
	};
}

function sameEnds(a: LinkSpec, b: LinkSpec): boolean {
	return isDeepStrictEqual(ends(a), ends(b));
}

function ends({ listen, target, others = [] }: LinkSpec): LinkEnds[] {
	return [{ listen, target }, ...others];
}

function readModes(file: string): Modes {
	try {
		return JSON.parse(fs.readFileSync(file, "utf8")) as Modes;
	} catch {
		return {};
	}
}

function writeModes(file: string, modes: Modes): void {
	fs.writeFileSync(`${file}.new`, JSON.stringify(modes), { mode: 0o600 });
	fs.renameSync(`${file}.new`, file);
}
