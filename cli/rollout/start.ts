import { randomBytes } from "node:crypto";
import type { StackOutputs } from "../../contract/outputs";
import { some } from "../../topology/format";
import { type Current, currentValue, isOver } from "../../topology/rollout/current";
import { CURRENT_KEY, PLAN_KEY, ROLLOUT_BUCKET, readyKey, wantKey } from "../../topology/rollout/names";
import { type Plan, planValue, wavesOf } from "../../topology/rollout/plan";
import { chooseDevices } from "../bundle/options";
import { UserError } from "../errors";
import { plural } from "../format";
import { Overtaken, put, remove } from "./buckets";
import { checkRelease, sitesOf, whoAsks } from "./check";
import type { RolloutHub } from "./hub";
import type { StartFlags, StartOptions } from "./options";
import { nextOrder, signedOrder } from "./orders";
import { type ReleaseSource, releasesFromFolder, releasesFromOutputs } from "./release";
import { change, inParts } from "./run";
import { Uploads } from "./upload";

/**
 * Begins a rollout: brings the release to the hub, with an order for each device, and says so there. Nobody is told yet.
 * @returns false where it only showed what it would do
 * @throws UserError
 */
export async function start(
	outputs: StackOutputs,
	hub: RolloutHub,
	flags: StartFlags,
	options: StartOptions,
	say: (line: string) => void,
): Promise<boolean> {
	const { release } = options.release;
	const before = hub.seen.rollout();
	if (before && !isOver(before.current)) {
		const { plan, current } = before;
		throw new UserError(
			`a rollout of release ${plan.release} is ${current.phase}: see it through, or end it with leafline rollout stop`,
		);
	}
	const bundles = { out: "", format: "dir", credentials: "none", release: flags.release };
	const chosen = chooseDevices(outputs, flags.devices ?? [], {
		...bundles,
		...(flags.group && { group: flags.group }),
		...(flags.all && { all: true }),
	});
	const { devices, silent } = whoAsks(hub.seen, chosen.devices);
	if (silent.length > 0)
		say(`left out, for it has never asked for a release: ${some(silent)}; install one there first`);
	if (devices.length === 0) throw new UserError("none of these devices has ever asked for a release");
	const source =
		options.from === undefined
			? releasesFromOutputs(outputs, options.release)
			: releasesFromFolder(outputs, options.from, release);
	await checkRelease(source, hub.seen, release, devices);
	const plan = planned(outputs, hub, options, devices);
	for (const line of describe(plan)) say(line);
	if (!flags.yes) {
		say("nothing was done; --yes begins it");
		return false;
	}
	await claim(hub, plan, before?.revision ?? 0);
	await withdraw(hub, plan);
	const uploads = new Uploads(hub.connection, hub.api);
	await bring(outputs, hub, source, plan, uploads);
	await uploads.clearUp(before?.plan.parts ?? []);
	await put(hub.connection, ROLLOUT_BUCKET, PLAN_KEY, planValue({ ...plan, parts: uploads.parts }));
	const phase = plan.approve ? "asking" : "running";
	const now = await change(hub, (current) => {
		return current.rollout === plan.rollout && current.phase === "preparing"
			? { ...current, phase, since: Date.now() }
			: undefined;
	});
	if (now?.rollout !== plan.rollout || now.phase !== phase) throw new UserError("somebody else has ended it meanwhile");
	say(`release ${release} is at the hub`);
	return true;
}

function planned(outputs: StackOutputs, { seen }: RolloutHub, options: StartOptions, devices: readonly string[]): Plan {
	const sites = sitesOf(outputs.leafline, devices);
	const { threshold, pauseMs, withinMs, perSite, approve } = options;
	return {
		version: 1,
		rollout: `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}-${randomBytes(3).toString("hex")}`,
		release: options.release.release,
		waves: wavesOf(sites, options.sizes),
		sites,
		threshold,
		pauseMs,
		...(perSite !== undefined && { perSite }),
		approve,
		withinMs,
		order: nextOrder(seen, devices),
		parts: [],
	};
}

function describe({ release, waves, sites, threshold, perSite }: Plan): string[] {
	const limit = perSite === undefined ? "" : `, at most ${perSite} of a site at once`;
	return [
		`release ${release} to ${plural(waves.flat().length, "device")} of ${plural(Object.keys(sites).length, "site")}, ${plural(threshold, "failure")} tolerated${limit}`,
		...waves.map((wave, i) => `  wave ${i + 1}: ${plural(wave.length, "device")}: ${some(wave)}`),
	];
}

/** Before anything is written: of two who begin at once, one has to see that the other has begun. */
async function claim({ connection }: RolloutHub, plan: Plan, revision: number): Promise<void> {
	const { rollout } = plan;
	const fixed = { version: 1, held: false, wave: 0, telling: [] } as const;
	const current: Current = { ...fixed, rollout, phase: "preparing", since: Date.now() };
	try {
		await put(connection, ROLLOUT_BUCKET, CURRENT_KEY, currentValue(current), { revision });
		await put(connection, ROLLOUT_BUCKET, PLAN_KEY, planValue(plan));
	} catch (error) {
		if (error instanceof Overtaken)
			throw new UserError("somebody else begins a rollout: leafline rollout status shows it");
		throw error;
	}
}

/** Who was away through others and has not begun goes to the newest in one go. */
async function withdraw({ connection, seen }: RolloutHub, plan: Plan): Promise<void> {
	await inParts(plan.waves.flat(), async (device) => {
		const { order, revision } = seen.want(device);
		const begun = seen.have(device)?.latest?.order === order?.order;
		if (order && !begun) await remove(connection, ROLLOUT_BUCKET, wantKey(device), revision).catch(unlessOvertaken);
	});
}

function unlessOvertaken(error: unknown): void {
	if (!(error instanceof Overtaken)) throw error;
}

async function bring(
	outputs: StackOutputs,
	{ connection }: RolloutHub,
	source: ReleaseSource,
	plan: Plan,
	uploads: Uploads,
): Promise<void> {
	for (const device of plan.waves.flat()) {
		const made = await source.of(device);
		await uploads.bring(device, made);
		const { sha256, bytes } = made.manifest;
		const order = signedOrder(outputs, {
			version: 1,
			device,
			order: plan.order,
			rollout: plan.rollout,
			action: "install",
			release: plan.release,
			manifest: { sha256, bytes, signature: made.signature },
			withinMs: plan.withinMs,
		});
		await put(connection, ROLLOUT_BUCKET, readyKey(device), order);
	}
}
