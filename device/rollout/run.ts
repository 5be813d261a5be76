import * as fs from "node:fs";
import * as path from "node:path";
import { foreign } from "../../config/printable";
import { BUNDLE, INSTALLED } from "../../render/bundle/layout";
import { deviceConf } from "../../render/bundle/leaf";
import type { Manifest } from "../../render/bundle/manifest";
import { messageOf } from "../../system/message";
import type { Order } from "../../topology/rollout/order";
import { replaceSynced } from "../disk";
import { openReleases, type Releases } from "../releases/releases";
import { DeviceError, type KeepSpec, type KeptDevice, type ReleasesSpec } from "../spec";
import { verifyManifest } from "../verify";
import { currentHave, type Latest, latestOf } from "./have";
import { judge } from "./judge";
import { verifiedOrder } from "./order";
import { Installed, Pulled } from "./places";
import { pullManifest, pullRelease } from "./pull";
import { refuseUnfit } from "./take";

const TELL_EVERY_MS = 60_000;
const KEEP_FILE = path.basename(BUNDLE.keep);

/**
 * What is done now and then about releases: judges the one on trial, tells the hub what is in force, asks what is wanted, and
 * fetches it. Ends when there is nothing left to be done; who starts it again, says `Asker`.
 *
 * @param dir folder of `keep.json` and `leaf.conf`
 * @throws DeviceError, or Error when there is no way to the hub
 */
export async function runRollout(dir: string, say: (line: string) => void): Promise<void> {
	const { device, releases } = specOf(dir);
	const installed = new Installed(path.resolve(dir, releases.base));
	const pulled = new Pulled(path.resolve(dir, device.spec.storeDir));
	fs.mkdirSync(pulled.folder, { recursive: true, mode: 0o700 });
	fs.rmSync(pulled.ask, { force: true });
	const rollout = new Rollout(dir, device.spec.device, { installed, pulled, releases, say });
	if (installed.trial()) {
		// On trial or not, it may well be that there is no way to the hub.
		await rollout.withHub((hub) => rollout.tell(hub)).catch((error: unknown) => say(messageOf(error)));
		await judge(installed, dir, device, path.resolve(dir, releases.runtime, "verdict"));
	}
	await rollout.withHub((hub) => rollout.follow(hub));
}

function specOf(dir: string): { readonly device: KeptDevice; readonly releases: ReleasesSpec } {
	const { devices } = JSON.parse(fs.readFileSync(path.join(dir, KEEP_FILE), "utf8")) as KeepSpec;
	const [device] = Object.values(devices);
	if (!device?.releases) throw new DeviceError(`${KEEP_FILE} does not say where the releases are`);
	return { device, releases: device.releases };
}

interface Places {
	readonly installed: Installed;
	readonly pulled: Pulled;
	readonly releases: ReleasesSpec;
	say(line: string): void;
}

class Rollout {
	constructor(
		private readonly dir: string,
		private readonly device: string,
		private readonly at: Places,
	) {}

	async withHub(work: (hub: Releases) => Promise<void>): Promise<void> {
		const hub = await openReleases(this.login());
		try {
			await work(hub);
		} finally {
			hub.close();
		}
	}

	/** @param latest @default what is written down of the newest order */
	async tell(hub: Releases, latest: Latest | undefined = latestOf(this.at.installed)): Promise<void> {
		await hub.tell(currentHave(this.device, this.at.installed, latest));
	}

	/** What is wanted, if it is something new. */
	async follow(hub: Releases): Promise<void> {
		await this.tell(hub);
		const want = await hub.want();
		if (want === undefined) return;
		const { installed, pulled, say } = this.at;
		const key = installed.text(path.basename(INSTALLED.key));
		const order = verifiedOrder(want, key, this.device);
		const newest = installed.newestOrder();
		if (order.order === installed.outcome()?.order) return;
		if (order.order < newest) {
			say(`the hub has an order, ${order.order}, that is older than one that this device has seen`);
			return;
		}
		const { order: number, release } = order;
		try {
			if (order.action === "install") await this.pull(hub, order, key);
		} catch (error) {
			if (!(error instanceof DeviceError)) throw error;
			const reason = foreign(error.message, 250);
			await this.tell(hub, { order: number, release, state: "refused", reason });
			say(`release ${release} is not taken (order ${number}): ${reason}`);
			return;
		}
		replaceSynced(pulled.want, want.toString("utf8"), "pull");
		replaceSynced(pulled.ready, `${number}\n`, "pull");
		say(`release ${release} is there, and to be installed (order ${number})`);
	}

	private async pull(hub: Releases, order: Order, key: string): Promise<void> {
		if (!order.manifest) throw new DeviceError("the order names no manifest");
		const { installed, pulled, releases, say } = this.at;
		const text = await pullManifest(order.manifest, { hub, pulled });
		const manifest: Manifest = verifyManifest(text, order.manifest.signature, { key, device: this.device });
		refuseUnfit(installed, manifest, order);
		say(`release ${order.release} is fetched (order ${order.order})`);
		let told = 0;
		const { order: number, release } = order;
		let telling = Promise.resolve();
		const progress = (bytes: number, fetched: number) => {
			if (told > 0 && performance.now() - told < TELL_EVERY_MS) return;
			told = performance.now();
			telling = this.tell(hub, { order: number, release, state: "pulling", bytes, fetched });
		};
		await pullRelease(manifest, {
			hub,
			pulled,
			current: installed.folder(installed.inForce() ?? "-"),
			bytesPerSecond: releases.bytesPerSecond,
			progress,
		});
		await telling;
	}

	private login() {
		const read = (name: string) => fs.readFileSync(path.join(this.dir, name), "utf8");
		const { urls } = deviceConf(read(path.basename(BUNDLE.leafConf)), this.device);
		const [seed = ""] = /SU[A-Z2-7]{56}/.exec(read(path.basename(BUNDLE.credentials))) ?? [];
		return {
			device: this.device,
			urls,
			ca: read(path.basename(BUNDLE.ca)),
			token: read(path.basename(BUNDLE.releasesToken)).trim(),
			seed,
		};
	}
}
