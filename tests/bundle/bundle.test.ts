import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { APART, makeBundles } from "../../cli/bundle/bundle";
import { type BundleFlags, type BundleOptions, bundleOptions, chooseDevices } from "../../cli/bundle/options";
import { createKeys } from "../../components/identity/keys";
import type { StackOutputs } from "../../contract/outputs";
import { parseOutputs } from "../../contract/versions";
import { verifyBundle } from "../../device/verify";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";
import { outputsOf } from "./outputs";

const FLEET = SMALL_FLEET.replace("[edge1, edge2]", "[edge1, edge2, edge3, edge4]").concat(
	"devices:\n  edge3: { retired: lost }\n",
);
const SETTINGS = { hub: { kind: "local" }, leaves: { local: false } };
const keys = createKeys();
const outputs = outputsOf(planFleet(FLEET, SETTINGS), { keys });
const DEFAULTS: BundleOptions = { format: "dir", extras: [], credentials: "together", release: 1 };
const FLAGS: BundleFlags = { out: "bundles", format: "dir", credentials: "together", release: "1" };
const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-bundle-"));
	folders.push(folder);
	return folder;
}

async function make(options: Partial<BundleOptions> = {}, devices = ["edge1"], from = outputs): Promise<string> {
	const out = temporary();
	await makeBundles(from, devices, out, { ...DEFAULTS, ...options });
	return out;
}

/** Path to mode and content. */
function look(dir: string): Record<string, string> {
	const found: Record<string, string> = {};
	for (const name of (fs.readdirSync(dir, { recursive: true }) as string[]).sort()) {
		const stat = fs.statSync(path.join(dir, name));
		if (stat.isFile()) {
			found[name] = `${(stat.mode & 0o777).toString(8)} ${fs.readFileSync(path.join(dir, name)).toString("base64")}`;
		}
	}
	return found;
}

describe("a bundle", () => {
	it("has every file of a device, those that tell something for its owner alone", async () => {
		const { "systemd/leafline-mqtt.service": mqtt = "", ...files } = look(path.join(await make(), "edge1"));
		expect(mqtt).toMatch(/^644 /);
		const modes = Object.entries(files).map(([name, text]) => `${text.split(" ")[0]} ${name}`);
		expect(modes).toEqual([
			"644 etc/ca.pem",
			"600 etc/device.creds",
			"644 etc/device.json",
			"600 etc/gate.conf",
			"644 etc/keep.json",
			"600 etc/leaf.conf",
			"600 etc/leafline.nk",
			"644 etc/releases.jwt",
			"644 etc/streams.json",
			"755 install.sh",
			"644 leafline-device.js",
			"644 manifest.json",
			"644 manifest.sig",
			"644 system/switch.sh",
			"644 system/sysctl.conf",
			"644 system/sysusers.conf",
			"644 system/tmpfiles.conf",
			"644 systemd/leafline-keep.service",
			"644 systemd/leafline-rollout.path",
			"644 systemd/leafline-rollout.service",
			"644 systemd/leafline-server.service",
			"644 systemd/leafline-trial.service",
			"644 systemd/leafline-try.service",
			"644 systemd/leafline-update.path",
			"644 systemd/leafline-update.service",
		]);
	});

	it("says where MQTT is taken and what is of which class, for a device whose group asks for it", async () => {
		const fleet = FLEET.replace("hardware: board }", "hardware: board, mqtt: { topics: { alarms/#: alarm } } }");
		const dir = await make({}, ["edge1"], parseOutputs(outputsOf(planFleet(fleet, SETTINGS), { keys })));
		expect(JSON.parse(fs.readFileSync(path.join(dir, "edge1/etc/mqtt.json"), "utf8"))).toEqual({
			devices: {
				edge1: {
					url: "nats://127.0.0.1:4222",
					port: 1883,
					routes: [
						{ class: "sensor", subjects: ["vehicle.>"], prefix: "" },
						{ class: "alarm", subjects: ["alarms", "alarms.>"], prefix: "edge1.alarm." },
					],
				},
			},
		});
	});

	it("is the same twice, byte for byte, as folder and as archive", async () => {
		expect(look(await make())).toEqual(look(await make()));
		expect(look(await make({ format: "tar.gz" }))).toEqual(look(await make({ format: "tar.gz" })));
	});

	it("has the same manifest with its credentials apart, and no secret in it then", async () => {
		const together = look(path.join(await make(), "edge1"));
		const out = await make({ credentials: "apart" });
		const apart = look(path.join(out, "edge1"));
		const secrets = look(path.join(out, APART, "edge1"));
		expect({ ...apart, ...secrets }).toEqual(together);
		expect(Object.keys(secrets)).toEqual(["etc/device.creds", "etc/leafline.nk"]);
		expect(fs.statSync(path.join(out, APART)).mode & 0o77).toBe(0);
		expect(JSON.stringify(apart)).not.toMatch(/SEED|"SU[A-Z2-7]{56}/);
	});

	it("takes the room of what is common once", async () => {
		const out = await make({}, ["edge1", "edge2"]);
		const inode = (device: string) => fs.statSync(path.join(out, device, "leafline-device.js")).ino;
		expect(inode("edge1")).toBe(inode("edge2"));
	});

	it("is signed by who can make the device's credentials, with the key that the outputs name", async () => {
		const dir = path.join(await make(), "edge1");
		const key = outputs.leafline.bundleKey ?? "";
		expect(verifyBundle(dir, { key, device: "edge1" })).toMatchObject({ device: "edge1", release: 1, key });
	});

	it("replaces an older one, and is not there at all when one of them cannot be made", async () => {
		const out = await make();
		fs.writeFileSync(path.join(out, "edge1", "old"), "");
		await makeBundles(outputs, ["edge1"], out, DEFAULTS);
		expect(fs.existsSync(path.join(out, "edge1", "old"))).toBe(false);
		const { edge4: _, ...leafConfigs } = outputs.leafConfigs;
		const broken = { ...outputs, leafConfigs };
		await expect(makeBundles(broken, ["edge2", "edge4"], out, DEFAULTS)).rejects.toThrow(
			"the outputs hold no leaf.conf for edge4 that can be used: it is no configuration of leafline's",
		);
		expect(fs.readdirSync(out)).toEqual(["edge1"]);
	});

	it("brings streams that the provider knows as leafline's", async () => {
		const { streams } = JSON.parse(fs.readFileSync(path.join(await make(), "edge1/etc/streams.json"), "utf8"));
		expect(streams.map(({ stream, consumer }: never) => [(stream as { name: string }).name, !!consumer])).toEqual([
			["edge1_sensor", true],
			["edge1_alarm", true],
		]);
		expect(streams[0].stream.metadata).toEqual({ "leafline.bundle": "small/local" });
		const from = outputsOf(planFleet(FLEET, SETTINGS), { keys, owner: "leafline/prod" });
		const owned = path.join(await make({}, ["edge1"], from), "edge1/etc/streams.json");
		const [first] = JSON.parse(fs.readFileSync(owned, "utf8")).streams;
		expect(first.stream.metadata).toEqual({ "leafline.owner": "leafline/prod" });
	});
});

describe("a bundle that is not as it was signed", () => {
	const key = outputs.leafline.bundleKey ?? "";
	const fault = (dir: string, options = {}) => {
		try {
			verifyBundle(dir, { key, device: "edge1", ...options });
		} catch (error) {
			return (error as Error).message;
		}
		return undefined;
	};

	it("is refused for any flipped byte", async () => {
		const dir = path.join(await make(), "edge1");
		const names = Object.keys(look(dir));
		expect(fault(dir)).toBeUndefined();
		fc.assert(
			fc.property(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, at, bits) => {
				const file = path.join(dir, name);
				const before = fs.readFileSync(file);
				const after = Buffer.from(before);
				const place = at % after.length;
				after[place] = (after[place] ?? 0) ^ bits;
				// What says nothing in base64 is no change of the signature.
				const same =
					name === "manifest.sig" &&
					Buffer.from(after.toString("latin1").trim(), "base64").equals(
						Buffer.from(before.toString("latin1"), "base64"),
					);
				fs.writeFileSync(file, after);
				try {
					return same || fault(dir) !== undefined;
				} finally {
					fs.writeFileSync(file, before);
				}
			}),
			{ numRuns: 200 },
		);
		expect(fault(dir)).toBeUndefined();
	});

	it("is refused truncated, with a file too many, and with a file too few", async () => {
		const dir = path.join(await make(), "edge1");
		fs.truncateSync(path.join(dir, "etc/leaf.conf"), 100);
		expect(fault(dir)).toBe("etc/leaf.conf is not what was signed: it was damaged or changed; copy the bundle again");
		fs.rmSync(path.join(dir, "etc/leaf.conf"));
		expect(fault(dir)).toMatch(/^etc\/leaf.conf of the bundle cannot be read: ENOENT/);
		const other = path.join(await make(), "edge1");
		fs.writeFileSync(path.join(other, "bin-nats-server"), "");
		expect(fault(other)).toBe("bin-nats-server is no part of the bundle: take it away");
	});

	it("is refused with the signature of an older one, for another device, and by another key", async () => {
		const [one, two] = [await make(), await make({ release: 2 })];
		fs.copyFileSync(path.join(one, "edge1/manifest.sig"), path.join(two, "edge1/manifest.sig"));
		expect(fault(path.join(two, "edge1"))).toBe(
			`the bundle is not signed with ${key}, which this device trusts: its manifest or its signature is of another one, or was changed`,
		);
		const other = path.join(await make({}, ["edge2"]), "edge2");
		expect(fault(other)).toBe("the bundle is for edge2, and this is edge1: nothing is installed");
		const stranger = outputsOf(planFleet(FLEET, SETTINGS));
		const theirs = path.join(await make({}, ["edge1"], stranger), "edge1");
		expect(fault(theirs)).toMatch(/^the bundle is not signed with U\w+, which this device trusts: .*; it names U\w+$/);
	});

	it("is refused where its manifest is of a newer leafline, or none", async () => {
		const dir = path.join(await make(), "edge1");
		expect(fault(path.join(dir, "etc"))).toMatch(/^manifest.json of the bundle cannot be read/);
		const text = fs.readFileSync(path.join(dir, "manifest.json"), "utf8");
		fs.writeFileSync(path.join(dir, "manifest.json"), text.replace('"version": 1', '"version": 2'));
		expect(fault(dir)).toBe("the bundle was made by a newer leafline: its manifest has version 2");
		fs.writeFileSync(path.join(dir, "manifest.json"), "{");
		expect(fault(dir)).toBe("manifest.json is damaged: copy the bundle again");
	});
});

describe("what is asked for", () => {
	it.each([
		[{ format: "zip" }, "--format zip is not known: it may be dir, tar.gz, compose"],
		[{ arch: "mips" }, "--arch mips is not known: it may be arm64, amd64"],
		[{ with: "server,shell" }, "--with shell is not known: it may be server, runtime, cli"],
		[{ credentials: "yes" }, "--credentials yes is not known: it may be together, apart, none"],
		[{ release: "0" }, "--release 0 is no whole number from 1"],
		[{ release: "1.5" }, "--release 1.5 is no whole number from 1"],
		[{ mount: "data\nExecStart=x" }, "--mount data\nExecStart=x is no absolute path of a mount point, such as /data"],
	])("%j is refused in one line", (flags, message) => {
		expect(() => bundleOptions({ ...FLAGS, ...flags })).toThrow(message);
	});

	it.each([
		[[], {}, "which devices? Name them, or a group by --group, or say --all"],
		[["edge9"], {}, "the fleet has no device edge9; it has edge1, edge2, edge3"],
		[[], { group: ["south"] }, "the fleet has no group south; it has all"],
		[["edge3"], {}, "edge3 is retired (lost): take that out of the fleet file and run npm run up first"],
	])("%j with %j is refused in one line", (names, flags, message) => {
		expect(() => chooseDevices(outputs, names, { ...FLAGS, ...flags })).toThrow(message);
	});

	it("takes groups and the whole fleet without those that are retired", () => {
		const all = { devices: ["edge1", "edge2", "edge4"], skipped: ["edge3"] };
		expect(chooseDevices(outputs, [], { ...FLAGS, all: true })).toEqual(all);
		expect(chooseDevices(outputs, [], { ...FLAGS, group: ["all"] })).toEqual(all);
		expect(chooseDevices(outputs, ["edge2"], FLAGS)).toEqual({ devices: ["edge2"], skipped: [] });
	});
});

describe("outputs that will not do", () => {
	it("are refused without secrets, and from an older leafline", async () => {
		const { signing: _, ...masked } = outputs;
		await expect(make({}, ["edge1"], masked)).rejects.toThrow(
			/write them with pulumi stack output --json --show-secrets$/,
		);
		const { edge, bundleKey, ...leafline } = outputs.leafline;
		const older = parseOutputs({ ...outputs, leafline: { ...leafline, schemaVersion: 2 } });
		await expect(make({}, ["edge1"], older)).rejects.toThrow(
			"the outputs do not say which streams edge1 has: they were written by an older leafline; run npm run up, then again",
		);
	});

	it("of a device that made its key itself need its credentials elsewhere", async () => {
		const own = outputs.leafConfigs.edge1?.replace(
			/name: "U\w+"/,
			'name: "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"',
		);
		const from: StackOutputs = { ...outputs, leafConfigs: { ...outputs.leafConfigs, edge1: own ?? "" } };
		await expect(make({}, ["edge1"], from)).rejects.toThrow(/^edge1 made its key itself, .* --credentials none/);
		expect(Object.keys(look(await make({ credentials: "none" }, ["edge1"], from)))).not.toContain(
			"edge1/etc/device.creds",
		);
	});

	it("give one message or a bundle, whatever is in the place of a configuration", async () => {
		const good = outputs.leafConfigs.edge1 ?? "";
		const texts = fc.oneof(
			fc.string({ unit: "binary", maxLength: 200 }),
			fc.nat({ max: good.length }).map((at) => good.slice(0, at)),
			fc.constantFrom("", "{", "jetstream: 7", "leafnodes: { remotes: [] }", good.replace("max_file", "max_fil")),
		);
		await fc.assert(
			fc.asyncProperty(texts, async (edge1) => {
				const from = { ...outputs, leafConfigs: { ...outputs.leafConfigs, edge1 } };
				const out = temporary();
				try {
					await makeBundles(from, ["edge1"], out, DEFAULTS);
				} catch (error) {
					expect((error as Error).name).toBe("UserError");
					expect(fs.readdirSync(out)).toEqual([]);
				}
			}),
			{ numRuns: 100 },
		);
	});
});
