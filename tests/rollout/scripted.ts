import { createHash } from "node:crypto";
import { verify } from "../../components/identity/nkey";
import type { Releases } from "../../device/releases/releases";
import { OWN } from "../../render/bundle/layout";
import type { Manifest } from "../../render/bundle/manifest";
import type { HaveState } from "../../topology/rollout/have";
import { chunksOf } from "../../topology/rollout/names";
import { type Order, readOrder, readWant, signedText } from "../../topology/rollout/order";
import type { Bench } from "../support/bench";
import { openRawLeaf, type RawLeaf } from "../support/raw-leaf";
import { openAs } from "./hub";

/** A device that speaks the contract on real links, and does with a release what the test says. */
export class ScriptedDevice {
	private link: RawLeaf | undefined;
	private releases: Releases | undefined;
	private release = 1;
	private before = 1;
	private last = 0;
	/** Orders that it took, newest last. */
	readonly orders: Order[] = [];
	/** Files of the newest release, by name, once it has them all. */
	files: Readonly<Record<string, Buffer>> = {};

	constructor(
		private readonly bench: Bench,
		readonly name: string,
		private readonly key: string,
		/** How a release turns out. */
		private readonly judge: (release: number) => HaveState,
		/** Fetch every file. @default the manifest alone */
		private readonly whole = false,
	) {}

	get runs(): number {
		return this.release;
	}

	get isHere(): boolean {
		return this.link !== undefined;
	}

	async come(): Promise<void> {
		this.link ??= await openRawLeaf({
			port: this.bench.hubs[0]?.ports.leaf ?? 0,
			ca: this.bench.ca,
			credentials: this.bench.credentials(this.name),
			name: this.name,
		});
		this.releases ??= await openAs(this.bench, this.name);
		if (this.orders.length === 0) await this.tell();
	}

	leave(): void {
		this.link?.close();
		this.releases?.close();
		this.link = undefined;
		this.releases = undefined;
	}

	/** Looks for an order once, and carries it out. */
	async look(): Promise<void> {
		const { releases } = this;
		const value = await releases?.want();
		if (!releases || !value) return;
		const { order: text, signature } = readWant(value);
		if (!verify(this.key, signedText(text), Buffer.from(signature, "base64"))) throw new Error("not signed");
		const order = readOrder(text);
		if (order.device !== this.name) throw new Error(`for ${order.device}`);
		if (order.order <= this.last) return;
		this.last = order.order;
		this.orders.push(order);
		if (order.action === "back") {
			if (this.release === order.release) this.release = this.before;
			return this.tell(order, "good");
		}
		await this.tell(order, "pulling");
		await this.fetch(releases, order);
		await this.tell(order, "switched");
		const state = this.judge(order.release);
		if (state === "good") [this.before, this.release] = [this.release, order.release];
		await this.tell(order, state, state === "returned" ? "its streams did not come" : undefined);
	}

	private async fetch(releases: Releases, { manifest }: Order): Promise<void> {
		if (!manifest) throw new Error("no manifest");
		const file = async (place: "own" | "part", sha256: string, bytes: number) => {
			const parts: Buffer[] = [];
			for (let n = 0; n < chunksOf(bytes); n += 16) {
				const some = Array.from({ length: Math.min(16, chunksOf(bytes) - n) }, (_, i) =>
					releases.chunk(place, sha256, n + i),
				);
				for (const chunk of await Promise.all(some)) {
					if (!chunk) throw new Error("a chunk is missing");
					parts.push(chunk.data);
				}
			}
			const all = Buffer.concat(parts);
			if (createHash("sha256").update(all).digest("hex") !== sha256) throw new Error("not what was signed");
			return all;
		};
		const text = await file("own", manifest.sha256, manifest.bytes);
		if (!verify(this.key, text, Buffer.from(manifest.signature, "base64")))
			throw new Error("the manifest is not signed");
		const { files, credentials } = JSON.parse(text.toString()) as Manifest;
		if (Object.keys(credentials).length > 0) throw new Error("it lists credentials");
		if (!this.whole) return;
		const fetched: Record<string, Buffer> = {};
		for (const [name, { sha256, bytes }] of Object.entries(files)) {
			fetched[name] = await file(OWN.includes(name) ? "own" : "part", sha256, bytes);
		}
		this.files = fetched;
	}

	private async tell(order?: Order, state: HaveState = "pulling", reason?: string): Promise<void> {
		const latest = order && {
			order: order.order,
			release: order.release,
			state,
			...(reason !== undefined && { reason }),
		};
		await this.releases?.tell({
			version: 1,
			device: this.name,
			time: Date.now(),
			release: this.release,
			manifest: "0".repeat(64),
			versions: { "nats-server": "2.15.2" },
			...(latest && { latest }),
		});
	}
}
