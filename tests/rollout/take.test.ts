import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { bundleSeed, createKeys } from "../../components/identity/keys";
import { createSeed } from "../../components/identity/nkey";
import { Installed, type Pulled } from "../../device/rollout/places";
import { takeRelease } from "../../device/rollout/take";
import { modeOf } from "../../render/bundle/layout";
import { outputsOf } from "../bundle/outputs";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";
import { orderFor, putPulled, signedOrder } from "./orders";

const keys = createKeys();
const outputs = outputsOf(planFleet(SMALL_FLEET, { hub: { kind: "local" }, leaves: { local: false } }), { keys });
const seed = bundleSeed(keys.fleetSecret);

describe("a release that was pulled", { timeout: 120_000 }, () => {
	let folder = "";
	let root = "";
	let base = "";
	let store = "";
	let out = "";
	let runs = 0;
	const bundle = (name: string) => path.join(folder, name, name === "other" ? "edge2" : "edge1");

	beforeAll(async () => {
		folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-take-"));
		const make = (name: string, device: string, release: number, from = outputs) =>
			makeBundles(from, [device], path.join(folder, name), {
				format: "dir",
				extras: [],
				credentials: release === 1 ? "together" : "none",
				release,
			});
		await make("one", "edge1", 1);
		await make("two", "edge1", 2);
		await make("three", "edge1", 3);
		await make("other", "edge2", 2);
		root = path.join(folder, "root");
		fs.mkdirSync(path.join(root, "usr/bin"), { recursive: true });
		for (const name of ["nats-server", "node", "systemd-notify"])
			fs.writeFileSync(path.join(root, "usr/bin", name), "", { mode: 0o755 });
		for (const name of ["one", "two"]) {
			const { stderr } = spawnSync("sh", [path.join(bundle(name), "install.sh"), "--root", root], { encoding: "utf8" });
			expect(stderr).toBe("");
		}
	});
	afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
	beforeEach(() => {
		runs++;
		base = path.join(folder, `base-${runs}`);
		spawnSync("cp", ["-a", path.join(root, "opt/leafline"), base]);
		store = path.join(folder, `store-${runs}`);
		out = path.join(base, ".incoming");
	});

	const take = () => takeRelease(store, base, out);
	const pull = (name: string, order = 10, more = {}): Pulled =>
		putPulled(store, bundle(name), orderFor(bundle(name), seed, order, more));

	it("is made of what came and of what the device has, with its credentials, and its own server and Node", () => {
		const pulled = pull("three");
		// What the release in force has the same of need not come.
		const program = path.join(base, "current/leafline-device.js");
		const { files } = JSON.parse(fs.readFileSync(pulled.manifest, "utf8"));
		fs.rmSync(pulled.part(files["leafline-device.js"].sha256));
		expect(take()).toMatch(/^install [0-9a-f]{16} 3 10 60 up$/);
		for (const name of Object.keys(files)) {
			expect(fs.readFileSync(path.join(out, name)), name).toEqual(fs.readFileSync(path.join(bundle("three"), name)));
			expect(fs.statSync(path.join(out, name)).mode & 0o777, name).toBe(modeOf(name));
		}
		expect(fs.statSync(path.join(out, "leafline-device.js")).ino).toBe(fs.statSync(program).ino);
		for (const name of ["etc/device.creds", "etc/leafline.nk"]) {
			expect(fs.readFileSync(path.join(out, name))).toEqual(fs.readFileSync(path.join(bundle("one"), name)));
			expect(fs.statSync(path.join(out, name)).mode & 0o777).toBe(0o600);
		}
		expect(fs.readlinkSync(path.join(out, "bin/nats-server"))).toBe("/usr/bin/nats-server");
	});

	it.each([
		["is older than what is installed", () => pull("one"), "release 2 is installed, and this is 1, an older one"],
		[
			"has another number than was ordered",
			() => pull("three", 10, { release: 9 }),
			"the order is for release 9, and the bundle is 3",
		],
		[
			"has a flipped byte",
			() => damage("etc/leaf.conf"),
			"etc/leaf.conf is not what was signed: it was damaged on the way",
		],
		[
			"is cut off",
			() => damage("etc/leaf.conf", (it) => it.subarray(1)),
			"etc/leaf.conf is not what was signed: it was damaged on the way",
		],
		[
			"is longer than it should be",
			() => damage("etc/leaf.conf", (it) => Buffer.concat([it, it])),
			"etc/leaf.conf is not what was signed: it was damaged on the way",
		],
		["lacks a part", () => damage("etc/leaf.conf", () => undefined), /^ENOENT/],
		["has a link in the place of a part", () => link(), /^ELOOP/],
		["has another manifest than was ordered", () => swap(), "the manifest is not the one that was ordered"],
		[
			"is another device's",
			() => pull("other", 10, { device: "edge1" }),
			"the bundle is for edge2, and this is edge1: nothing is installed",
		],
	])("is refused where it %s", (_, prepare, reason) => {
		prepare();
		const [state, id, , , ...said] = take()
			.replace(/^done /, "")
			.split(" ");
		expect([state, id]).toEqual(["refused", "-"]);
		if (typeof reason === "string") expect(said.join(" ")).toBe(reason);
		else expect(said.join(" ")).toMatch(reason);
	});

	function partOf(name: string, pulled = pull("three")): string {
		return pulled.part(JSON.parse(fs.readFileSync(pulled.manifest, "utf8")).files[name].sha256);
	}
	function damage(name: string, change: (it: Buffer) => Buffer | undefined = flipped): void {
		// Not one that is linked from the release in force.
		fs.appendFileSync(path.join(base, "current", name), "x");
		const part = partOf(name);
		const changed = change(fs.readFileSync(part));
		if (changed) fs.writeFileSync(part, changed);
		else fs.rmSync(part);
	}
	function flipped(it: Buffer): Buffer {
		it[0] = (it[0] ?? 0) ^ 1;
		return it;
	}
	function link(): void {
		fs.appendFileSync(path.join(base, "current/etc/leaf.conf"), "x");
		const part = partOf("etc/leaf.conf");
		fs.renameSync(part, `${part}.elsewhere`);
		fs.symlinkSync(`${part}.elsewhere`, part);
	}
	function swap(): void {
		fs.copyFileSync(path.join(bundle("two"), "manifest.json"), pull("three").manifest);
	}

	it("is not looked at where its order is another's, is not signed, was seen, or was carried out", () => {
		const stranger = createSeed("U");
		putPulled(store, bundle("three"), orderFor(bundle("three"), stranger, 10));
		expect(take).toThrow(/^the order is not signed with U\w+, which this device trusts$/);
		pull("three", 10, { device: "edge2" });
		expect(take).toThrow("the order is for edge2, and this is edge1");
		const changed = JSON.parse(orderFor(bundle("three"), seed, 10));
		putPulled(store, bundle("three"), JSON.stringify({ ...changed, order: changed.order.replace(":10", ":11") }));
		expect(take).toThrow(/is not signed/);
		expect(fs.existsSync(path.join(base, "order"))).toBe(false);
		pull("three", 10);
		expect(take()).toMatch(/^install /);
		pull("three", 9);
		expect(take).toThrow("the order 9 is older than 10, which this device has seen");
		fs.writeFileSync(path.join(base, "outcome"), "returned abc 3 10 the link does not come\n");
		pull("three", 10);
		expect(take).toThrow("the order 10 was carried out already");
	});

	it.each(["{}", "", '{"order":"{}","signature":""}', "[]", `{"order":${JSON.stringify("x".repeat(20_000))}}`])(
		"is not looked at where its order is %s",
		(want) => {
			putPulled(store, bundle("three"), want);
			expect(take).toThrow();
			expect(fs.existsSync(out)).toBe(false);
		},
	);

	it("may have been ordered long ago, and then the link need not come", () => {
		const { ready } = pull("three");
		fs.utimesSync(ready, 1, 1);
		expect(take()).toMatch(/^install [0-9a-f]{16} 3 10 60 down$/);
	});

	it("is left for the one before, where that is still there", () => {
		const back = (order: number, release: number) =>
			putPulled(
				store,
				bundle("three"),
				signedOrder(seed, {
					version: 1,
					device: "edge1",
					order,
					rollout: "r",
					action: "back",
					release,
					withinMs: 1_500,
				}),
			);
		const before = new Installed(base).previous();
		back(11, 2);
		expect(take()).toBe(`back ${before} 1 11 2 up`);
		back(12, 7);
		expect(take()).toMatch(/^done good \w+ 2 12 release 7 is not in force$/);
		fs.rmSync(path.join(base, "previous"));
		back(13, 2);
		expect(take()).toBe("done refused - 2 13 the release before is not there any more");
	});
});
