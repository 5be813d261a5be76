import type { Command } from "commander";
import { sleep } from "../../system/wait";
import { isOver } from "../../topology/rollout/current";
import { UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { openRollout, type RolloutHub, rolloutOf } from "./hub";
import { type StartFlags, startOptions } from "./options";
import { run, takeStep } from "./run";
import { start } from "./start";
import { back, go, pause, stop } from "./steer";
import { rolloutLines, rolloutView } from "./view";

const WATCH_MS = 1_000;

/** `leafline rollout`: new releases for devices that accept nothing inbound. Its state lies at the hub. */
export function addRollout(leafline: Command): void {
	const rollout = leafline.command("rollout").description("Bring a new release to devices, wave by wave");
	addStart(rollout);
	addStatus(rollout);
	const steering = [
		["pause", "Nobody else is told until go; who is under way sees it through", (hub: RolloutHub) => pause(hub, say)],
		["stop", "End it: nobody else is told, and who has not begun does not begin", (hub: RolloutHub) => stop(hub, say)],
	] as const;
	for (const [name, description, act] of steering) {
		command(rollout, name)
			.description(description)
			.action(async (options: Common) => {
				await withHub(options, async (hub) => {
					await act(hub);
					await takeStep(hub);
				});
			});
	}
	command(rollout, "go")
		.description("Go on with it: after pause, when a wave waits for it, or where whoever began it is gone")
		.option("--detach", "say so and end; who watches it goes on")
		.action(async (options: Common & { detach?: boolean }) => {
			await withHub(options, async (hub) => {
				await go(hub);
				if (!options.detach) await follow(hub);
			});
		});
	command(rollout, "back")
		.description("Everybody who has the release, or was told to take it, is to leave it")
		.option("-y, --yes", "do it")
		.action(async (options: Common & { yes?: boolean }) => {
			const outputs = await outputsOf(options);
			await withHub(options, async (hub) => {
				const { plan } = rolloutOf(hub);
				if (options.yes) await back(outputs, hub, say);
				else say(`release ${plan.release} would be taken from every device that has it; --yes does it`);
			});
		});
}

function addStart(rollout: Command): void {
	command(rollout, "start")
		.description("Begin with a release, and go on until it is over or waits. Without --yes it only shows")
		.requiredOption("--release <n>", "number of the release, higher than any that the devices have")
		.option("--from <folder>", "bundles made by leafline bundle --credentials none (default: made from the outputs)")
		.option("--devices <device...>", "these devices")
		.option("-g, --group <group...>", "every device of these groups")
		.option("--all", "every device of the fleet")
		.option("--waves <sizes>", "devices or percents that have it after each wave", "1,10%,100%")
		.option("--threshold <n>", "failures that are tolerated; with one more nobody else is told", "0")
		.option("--pause <time>", "between two waves", "10m")
		.option("--within <time>", "how long a device may take; then it has failed, and goes back by itself", "1h")
		.option("--per-site <n>", "devices of one site (a group of the fleet file) that may be under way at once")
		.option("--approve", "wait before each wave, the first one too, until leafline rollout go")
		.option("--with <what>", "bring along, with commas: server (nats-server), runtime (Node), cli (nats)")
		.option("--arch <arch>", "arm64 or amd64 (default: the hardware's of the fleet file)")
		.option("--mount <folder>", "mount point without which the device's server does not start")
		.option("--detach", "bring the release to the hub and end; leafline rollout go goes on")
		.option("-y, --yes", "do it")
		.action(async (flags: StartFlags) => {
			const options = startOptions(flags);
			const outputs = await outputsOf(flags);
			await withHub(flags, async (hub) => {
				if ((await start(outputs, hub, flags, options, say)) && !flags.detach) await follow(hub);
			});
		});
}

function addStatus(rollout: Command): void {
	command(rollout, "status")
		.description("Where a rollout stands, and each of its devices")
		.option("--json", "one JSON object")
		.option("--watch", "again every second until it is over; changes nothing")
		.action(async (options: Common & { json?: boolean; watch?: boolean }) => {
			await withHub(options, async (hub) => {
				for (;;) {
					const { plan, current } = rolloutOf(hub);
					const view = rolloutView(plan, current, hub.seen, await hub.linked(), Date.now());
					say(options.json ? JSON.stringify(view, undefined, "\t") : rolloutLines(view).join("\n"));
					process.exitCode = exitCode(view.phase);
					if (!options.watch || isOver(current)) return;
					await sleep(WATCH_MS);
					await hub.seen.look();
				}
			});
		});
}

/** 0: it is well, or over and well. 1: it failed. 2: it waits for somebody. */
function exitCode(phase: string, held = false): number {
	if (phase === "failed") return 1;
	return phase === "asking" || held ? 2 : 0;
}

/** Goes on with it, and says what becomes of it whenever that is something else. */
async function follow(hub: RolloutHub): Promise<void> {
	const stopped = new AbortController();
	process.once("SIGINT", () => stopped.abort());
	process.once("SIGTERM", () => stopped.abort());
	let last = "";
	const told = (linked: ReadonlySet<string>) => {
		const found = hub.seen.rollout();
		if (!found) return;
		const { plan, current } = found;
		const [where = "", counts = ""] = rolloutLines(rolloutView(plan, current, hub.seen, linked, Date.now()));
		if (where === last) return;
		last = where;
		say(`${where}${counts && `: ${counts}`}`);
	};
	const ended = await run(hub, told, stopped.signal);
	if (stopped.signal.aborted) {
		say("it stands as it is, for nobody goes on with it now: leafline rollout go does, here or elsewhere");
		process.exitCode = 130;
		return;
	}
	if (!ended) throw new UserError("somebody has removed the rollout from the hub");
	const view = rolloutView(ended.plan, ended.current, hub.seen, await hub.linked(), Date.now());
	for (const line of rolloutLines(view)) say(line);
	process.exitCode = exitCode(ended.current.phase, ended.current.held);
}

async function withHub(options: Common, act: (hub: RolloutHub) => Promise<void>): Promise<void> {
	const hub = await openRollout(await outputsOf(options));
	try {
		await act(hub);
	} finally {
		await hub.close();
	}
}
