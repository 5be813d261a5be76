import { type WaveSize, waveSizes } from "../../topology/rollout/plan";
import type { Extra } from "../bundle/common";
import { bundleOptions } from "../bundle/options";
import { UserError } from "../errors";
import type { Common } from "../options";
import type { ReleaseOptions } from "./release";

/** As they are said. */
export interface StartFlags extends Common {
	readonly release: string;
	readonly from?: string;
	readonly devices?: readonly string[];
	readonly group?: readonly string[];
	readonly all?: boolean;
	readonly waves: string;
	readonly threshold: string;
	readonly pause: string;
	readonly within: string;
	readonly perSite?: string;
	readonly approve?: boolean;
	readonly detach?: boolean;
	readonly yes?: boolean;
	readonly with?: string;
	readonly arch?: string;
	readonly mount?: string;
}

export interface StartOptions {
	readonly release: ReleaseOptions;
	/** Folder of bundles. @default they are made from the outputs */
	readonly from?: string;
	readonly sizes: readonly WaveSize[];
	readonly threshold: number;
	readonly pauseMs: number;
	readonly withinMs: number;
	readonly perSite?: number;
	readonly approve: boolean;
}

/** @throws UserError that names the option, the value and what it may be */
export function startOptions(flags: StartFlags): StartOptions {
	const sizes = waveSizes(flags.waves);
	if (!sizes) {
		throw new UserError(
			`--waves ${flags.waves} is no list of sizes: numbers of devices or percents, such as 1,10%,100%`,
		);
	}
	const { release, extras, arch, mount } = bundleOptions({ ...flags, out: "", format: "dir", credentials: "none" });
	const perSite = flags.perSite === undefined ? undefined : whole("per-site", flags.perSite, 1);
	return {
		release: {
			release,
			extras: extras as readonly Extra[],
			...(arch !== undefined && { arch }),
			...(mount !== undefined && { mount }),
		},
		...(flags.from !== undefined && { from: flags.from }),
		sizes,
		threshold: whole("threshold", flags.threshold, 0),
		pauseMs: duration("pause", flags.pause),
		withinMs: duration("within", flags.within),
		...(perSite !== undefined && { perSite }),
		approve: flags.approve ?? false,
	};
}

function whole(option: string, value: string, least: number): number {
	if (/^\d{1,9}$/.test(value) && Number(value) >= least) return Number(value);
	throw new UserError(`--${option} ${value} is no whole number from ${least}`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(option: string, value: string): number {
	const [, number = "", unit = ""] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(value) ?? [];
	if (number !== "") return Number(number) * (UNITS[unit] ?? 0);
	throw new UserError(`--${option} ${value} is no time: a number and ms, s, m, h or d, such as 10m`);
}
