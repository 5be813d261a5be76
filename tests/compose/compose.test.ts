import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Ajv from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { makeBundles } from "../../cli/bundle/bundle";
import { makeTrial } from "../../cli/bundle/compose/trial";
import { composeText, composeWriter } from "../../cli/bundle/compose/write";
import { type BundleFlags, bundleOptions } from "../../cli/bundle/options";
import { verifyBundle } from "../../device/verify";
import type { ComposeFile } from "../../render/compose/model";
import { outputsOf } from "../bundle/outputs";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";

const FLAGS: BundleFlags = { out: "bundles", format: "compose", credentials: "together", release: "1" };
const SETTINGS = { hub: { kind: "local" }, leaves: { local: false } };
const spec = JSON.parse(fs.readFileSync(path.join(__dirname, "spec/compose-spec.json"), "utf8"));
// The library knows the schema's language by its address alone, which this one writes with https and without the #.
const { $schema: _, ...schema } = spec;
const valid = new Ajv({ strict: false, allErrors: true, formats: formats(), allowUnionTypes: true }).compile(schema);

/** The specification's own formats are for the program that reads it; all others are checked by their patterns. */
function formats(): Record<string, true> {
	return Object.fromEntries(["duration", "ports", "expose", "subnet_ip_address"].map((name) => [name, true]));
}

const read = (dir: string) => parse(fs.readFileSync(path.join(dir, "docker-compose.yml"), "utf8")) as ComposeFile;

describe("the containers of a fleet", () => {
	let dir = "";
	let trial = "";
	const devices = ["edge1", "edge2"];
	const outputs = outputsOf(planFleet(SMALL_FLEET, SETTINGS));
	beforeAll(async () => {
		dir = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-compose-"));
		trial = path.join(dir, "trial");
		fs.writeFileSync(path.join(dir, "fleet.yaml"), SMALL_FLEET);
		const options = bundleOptions(FLAGS);
		const made = await makeTrial(path.join(dir, "fleet.yaml"));
		await makeBundles(made.outputs, devices, trial, options, undefined, composeWriter(made.outputs, devices, made));
		const around = composeWriter(outputs, devices);
		await makeBundles(outputs, devices, path.join(dir, "devices"), options, undefined, around);
	}, 240_000);
	afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

	it.each(["trial", "devices"])("are described as the Compose Specification has it: %s", (which) => {
		const file = read(path.join(dir, which));
		expect(valid(file), JSON.stringify(valid.errors)).toBe(true);
		// That it can be told.
		expect(valid({ ...file, services: { edge1: { ...file.services.edge1, restarts: "always" } } })).toBe(false);
		expect(valid({ ...file, services: { edge1: { ...file.services.edge1, cpus: [] } } })).toBe(false);
	});

	it("are a hub, its set-up, exporters, devices with their program, and a load: only what a try needs in a try", () => {
		const ofDevice = (name: string) => [name, `${name}_keep`, `${name}_exporter`];
		expect(Object.keys(read(path.join(dir, "devices")).services)).toEqual(devices.flatMap(ofDevice));
		expect(Object.keys(read(trial).services)).toEqual([
			...["hub", "hub_exporter", "hub_setup", "hub_report"],
			...devices.flatMap((name) => [...ofDevice(name), `${name}_load`]),
		]);
	});

	it.each(["trial", "devices"])("refer to nothing that is not there, and to images by exact tag: %s", (which) => {
		const { services, volumes } = read(path.join(dir, which));
		const ports: string[] = [];
		for (const [name, service] of Object.entries(services)) {
			expect(service.image, name).toMatch(/^[a-z-]+(\/[a-z-]+)?:\d+\.\d+\.\d+(-[a-z-]+)?$/);
			for (const needed of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(needed);
			for (const place of [service.network_mode, service.pid]) {
				if (place !== undefined) expect(services).toHaveProperty(place.replace(/^service:/, ""));
			}
			for (const { type, source } of service.volumes ?? []) {
				if (type === "volume") expect(volumes).toHaveProperty(source);
				else expect(fs.existsSync(path.join(dir, which, source)), source).toBe(true);
			}
			ports.push(...(service.ports ?? []).map((port) => port.split(":").slice(0, 2).join(":")));
			// Nothing but what Prometheus reads is published, and that on loopback.
			for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:77\d\d:7777$/);
		}
		expect(new Set(ports).size).toBe(ports.length);
	});

	it("say a dollar twice, which else begins a variable", () => {
		const text = fs.readFileSync(path.join(trial, "docker-compose.yml"), "utf8");
		expect(text).toContain("$$ADMIN.hub.API");
		expect(text.replaceAll("$$", "")).not.toContain("$");
		const file = { name: "a", services: {}, volumes: { $a: { driver_opts: { o: "$b$$c" } } } };
		expect(parse(composeText(file).replaceAll("$$", "$"))).toEqual(file);
	});

	it("have bundles that are whole and signed, and no secret that others may read", () => {
		const key = outputs.leafline.bundleKey ?? "";
		const bundle = path.join(dir, "devices/edge1");
		expect(verifyBundle(bundle, { key, device: "edge1" })).toMatchObject({ device: "edge1" });
		expect(fs.readFileSync(path.join(bundle, "etc/leaf.conf"), "utf8")).toContain('http: "127.0.0.1:8222"');
		const open = (fs.readdirSync(dir, { recursive: true }) as string[]).filter((name) => {
			const file = path.join(dir, name);
			if (!fs.statSync(file).isFile() || /nats-server$/.test(name) || (fs.statSync(file).mode & 0o044) === 0)
				return false;
			return /\bS[UAO][A-Z2-7]{56}\b|PRIVATE KEY/.test(fs.readFileSync(file, "latin1"));
		});
		expect(open).toEqual([]);
	});
});

describe("what is asked for in containers", () => {
	it.each([
		[{ credentials: "apart" }, /^--credentials apart: a container finds them in the bundle alone/],
		[{ mount: "/data" }, /^--mount \/data is for systemd: with --format compose the store is a volume of its own$/],
		[
			{ format: "dir", fleet: "f.yaml" },
			/^--fleet f.yaml makes a try with a hub of its own, in containers: add --format/,
		],
		[{ fleet: "f.yaml", outputs: "o.json" }, /^--fleet f.yaml makes a try without a stack: leave out --outputs$/],
		[{ fleet: "f.yaml", stack: "dev" }, /^--fleet f.yaml makes a try without a stack: leave out --stack$/],
		[{ format: "compsoe" }, /^--format compsoe is not known: it may be dir, tar.gz, compose$/],
	])("%j is refused in one line", (flags, message) => {
		expect(() => bundleOptions({ ...FLAGS, ...flags })).toThrow(message);
	});

	it("brings the server along, whatever else is asked for", () => {
		expect(bundleOptions(FLAGS).extras).toEqual(["server"]);
		expect(bundleOptions({ ...FLAGS, with: "runtime,server" }).extras).toEqual(["server", "runtime"]);
	});

	it("refuses a device whose hub is on this computer's loopback, which no container reaches", () => {
		const local = outputsOf(planFleet(SMALL_FLEET, SETTINGS), { urls: ["tls://127.0.0.1:7422"] });
		expect(() => composeWriter(local, ["edge1"])).toThrow(
			"the hub of edge1 is on this computer's loopback (tls://127.0.0.1:7422), which no container reaches: make a try",
		);
	});

	it("refuses a fleet file with all its mistakes, by line", async () => {
		const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-compose-"));
		const file = path.join(folder, "fleet.yaml");
		fs.writeFileSync(file, SMALL_FLEET.replace("whenFull: refuse", "whenFull: maybe"));
		await expect(makeTrial(file)).rejects.toThrow(/fleet.yaml:\d+:\d+.*whenFull/s);
		await expect(makeTrial(path.join(folder, "none.yaml"))).rejects.toThrow(/none.yaml/);
		fs.rmSync(folder, { recursive: true });
	});
});
