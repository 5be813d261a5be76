import { randomBytes } from "node:crypto";
import type { LeaflineOutput, StackOutputs } from "../../contract/outputs";
import { messageOf, UserError } from "../errors";
import { Edges } from "../fleet/edges";
import { look } from "../fleet/facts";
import { type Hub, openHub } from "../fleet/hub";
import type { EdgeFacts } from "../fleet/seen";
import { readCuts, switchLink } from "../links/links";
import { listenersOf, portsVerdict } from "./ports";
import { caughtUp, type DemoEvents, type Progress, progressOf } from "./progress";
import { type Publisher, startPublisher } from "./publisher";
import { lastSequences, readBack } from "./readback";
import { chooseTraffic, encodePayload, type Traffic } from "./traffic";
import { judge, type Verdict } from "./verdict";

/** Real traffic over a link that is cut, and the proof that nothing came to harm. */

export interface DemoOptions {
	/** Messages of each device. @default 20,000, less for more than three devices */
	readonly messages?: number | undefined;
	/** Ends the demo early; the link is restored. */
	readonly signal?: AbortSignal;
	/** What happens is told here, live. */
	readonly events: DemoEvents;
}

export interface DemoResult {
	readonly run: string;
	readonly verdict: Verdict;
	/** Which ports of the hub others can reach; undefined where this machine does not tell. */
	readonly ports?: { readonly line: string; readonly good: boolean };
	/** The device whose link was cut, for how long, and how long it took afterwards until the hub had everything. */
	readonly cut: { readonly device: string; readonly forMs: number; readonly caughtUpMs?: number };
}

/** How long each device publishes; slow enough to watch, and far from what the servers can take. */
const PUBLISH_MS = 3000;
/** The link is cut when so much of its device's traffic is out, and stays cut until everything is published. */
const CUT_AT = 0.25;
const LOOK_EVERY_MS = 100;
/** Without any progress for so long, catching up has failed. */
const STUCK_MS = 60_000;

/** Runs the demo on a local stack. Throws a `UserError` where it cannot run at all. */
export async function demo(outputs: StackOutputs, options: DemoOptions): Promise<DemoResult> {
	const { leafline } = outputs;
	if (!leafline.local) throw new UserError(`the demo runs on a local stack; ${leafline.environment} is none`);
	const devices = Object.keys(leafline.local.links).filter((device) => leafline.devices[device]);
	if (devices.length === 0) throw new UserError("the fleet has no device to try this on");
	const hub = await openHub(outputs);
	const stage = new Stage(leafline, hub, devices, options);
	try {
		return await stage.play();
	} finally {
		await stage.clear();
		await hub.close();
	}
}

class Stage {
	private readonly run = randomBytes(6).toString("hex");
	private readonly traffic: Traffic;
	private readonly edges: Edges;
	private readonly messages: number;
	private readonly publishers = new Map<string, Publisher>();
	private readonly chosen: string;
	/** Changes of the link, one after the other, so that the last word is to restore it. */
	private switching: Promise<unknown> = Promise.resolve();
	private cut = false;
	private cleared = false;
	private before: Readonly<Record<string, EdgeFacts>> = {};

	constructor(
		private readonly outputs: LeaflineOutput,
		private readonly hub: Hub,
		private readonly devices: readonly string[],
		private readonly options: DemoOptions,
	) {
		this.traffic = chooseTraffic(outputs);
		this.edges = new Edges(outputs, undefined);
		this.messages = options.messages ?? Math.max(1000, Math.min(20_000, Math.floor(60_000 / devices.length)));
		// The middle one, for the eye.
		this.chosen = devices[Math.floor(devices.length / 2)] ?? "";
	}

	async play(): Promise<DemoResult> {
		const { events } = this.options;
		await this.prepare();
		events.start({ devices: this.devices, messages: this.messages, version: this.hub.version });
		const { outputs, hub, run } = this;
		const streams = this.devices.flatMap((it) => outputs.devices[it]?.hubStreams[this.traffic.class] ?? []);
		const began = await lastSequences(outputs, hub, streams);
		await this.publish();
		const cutAt = await this.publishWhileCut();
		await this.setLink("up");
		const restoredAt = Date.now();
		const caughtUpMs = await this.catchUp(restoredAt);
		await this.look();
		events.caughtUp(this.chosen, caughtUpMs);
		const verdict = judge(
			Object.fromEntries([...this.publishers].map(([device, { acks }]) => [device, acks])),
			await readBack(outputs, hub, began, run),
		);
		const ports = this.ports();
		return {
			run: this.run,
			verdict,
			...(ports && { ports }),
			cut: {
				device: this.chosen,
				forMs: restoredAt - cutAt,
				...(caughtUpMs !== undefined && { caughtUpMs }),
			},
		};
	}

	/** Leaves everything as it was found, however far it came. */
	async clear(): Promise<void> {
		this.cleared = true;
		await Promise.all([...this.publishers.values()].map((publisher) => publisher.stop()));
		await this.switching.catch(() => {});
		if (this.cut) await switchLink(this.outputs, this.chosen, "up").catch(() => {});
		await this.edges.close();
	}

	/** Links that somebody has cut before are restored, and every device must answer on its port. */
	private async prepare(): Promise<void> {
		for (const device of Object.keys(await readCuts(this.outputs))) await switchLink(this.outputs, device, "up");
		this.before = (await this.edges.ask()).devices;
		const silent = this.devices.filter((device) => !this.before[device]?.streams[this.traffic.class]);
		if (silent.length > 0)
			throw new UserError(
				`${silent.join(", ")}: no answer, or no stream of class ${this.traffic.class}; ` +
					"npm run pulumi -- refresh --yes, then npm run up makes it anew",
			);
	}

	private async publish(): Promise<void> {
		const { messages } = this;
		await Promise.all(
			this.devices.map(async (device) => {
				const publisher = await startPublisher({
					port: this.outputs.devices[device]?.clientPort ?? 0,
					subject: this.traffic.subject(device),
					payload: (counter) => encodePayload(this.run, device, counter, this.traffic.sizeBytes),
					messages,
					rate: (messages * 1000) / PUBLISH_MS,
				});
				this.publishers.set(device, publisher);
			}),
		);
	}

	/** Ends when everything is published and acknowledged. Gives the time of the cut. */
	private async publishWhileCut(): Promise<number> {
		const done = Promise.all(
			[...this.publishers].map(([device, publisher]) =>
				publisher.done.catch((error) => {
					throw new UserError(`${device} could not publish: ${messageOf(error)}`);
				}),
			),
		);
		const watched = this.watch(done);
		const [cutAt] = await Promise.all([this.cutAtItsTime(), watched, done]);
		return cutAt;
	}

	/** Looks again and again until a promise is settled. */
	private async watch(end: Promise<unknown>): Promise<void> {
		let settled = false;
		const settle = () => {
			settled = true;
		};
		const ended = end.then(settle, settle);
		while (!settled) {
			await this.look();
			await Promise.race([ended, sleep(LOOK_EVERY_MS)]);
		}
	}

	private async cutAtItsTime(): Promise<number> {
		const due = Math.ceil(this.messages * CUT_AT);
		while ((this.publishers.get(this.chosen)?.acknowledged ?? 0) < due) {
			if (this.cleared) return 0;
			await sleep(10);
		}
		await this.setLink("cut");
		return Date.now();
	}

	/** Milliseconds until the hub had everything; undefined if it stopped getting on. */
	private async catchUp(since: number): Promise<number | undefined> {
		let best = -1;
		let moved = Date.now();
		for (;;) {
			const progress = await this.look();
			if (caughtUp(progress)) return Date.now() - since;
			const onHub = progress.reduce((sum, row) => sum + row.onHub, 0);
			if (onHub > best) moved = Date.now();
			else if (Date.now() - moved > STUCK_MS) return undefined;
			best = Math.max(best, onHub);
			await sleep(LOOK_EVERY_MS);
		}
	}

	private async setLink(mode: "up" | "cut"): Promise<void> {
		if (this.cleared) throw new Error("the demo has ended");
		this.cut ||= mode === "cut";
		this.switching = switchLink(this.outputs, this.chosen, mode);
		await this.switching;
		this.cut = mode === "cut";
		this.options.events.link(this.chosen, mode, this.publishers.get(this.chosen)?.acknowledged ?? 0);
	}

	private async look(): Promise<readonly Progress[]> {
		this.options.signal?.throwIfAborted();
		const facts = await look(this.outputs, this.hub, this.edges, () => readCuts(this.outputs), { quick: true });
		const published = Object.fromEntries(
			this.devices.map((device) => [device, this.publishers.get(device)?.acknowledged ?? 0]),
		);
		const progress = progressOf(this.outputs, facts, this.before, this.traffic.class, published);
		this.options.events.progress(progress);
		return progress;
	}

	private ports(): DemoResult["ports"] {
		const leafPorts = [...new Set(this.outputs.hub.urls.map((url) => Number(new URL(url).port)))];
		const devicePorts = this.devices.flatMap((device) => [
			this.outputs.devices[device]?.clientPort ?? 0,
			this.outputs.local?.links[device] ?? 0,
		]);
		const listeners = listenersOf(leafPorts, devicePorts);
		if (!listeners) return undefined;
		const { line, open } = portsVerdict(leafPorts, listeners);
		return { line, good: open.length === 0 };
	}
}

function sleep(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
