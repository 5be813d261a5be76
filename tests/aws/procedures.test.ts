import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cloud, startCloud } from "../support/aws/cloud";
import { type AwsProject, makeAwsProject, type Thing, type World } from "../support/aws/project";

/** Procedures of docs/operations.md, step by step, on an account that is made up and nodes that are real servers. */

const load = createRequire(__filename);
const { openWorld } = load("../support/aws/world.js") as typeof import("../support/aws/world.js");

const FLEET = `apiVersion: leafline/v1
fleet: trucks
hardware:
  board: { arch: arm64, buffer: 1GiB, sync: 250ms }
link: { up: 20Mbit/s, down: 20Mbit/s, rtt: 80ms, outage: 10m }
classes:
  can: { rate: 20/s, size: 128B, whenFull: refuse, hub: { keep: 1h } }
groups:
  all: { devices: "truck-[001-002]", hardware: board }
`;
const HUB = { kind: "aws", nodes: 1, file: "4GiB", memory: "64MiB", aws: { instanceType: "t4g.small" } };
const CERTIFICATES =
	"urn:pulumi:prod::leafline::leafline:identity:Identity$pulumi-nodejs:dynamic/leafline:Certificates::certificates";

let project: AwsProject;
let cloud: Cloud;
beforeAll(async () => {
	project = await makeAwsProject({ fleet: FLEET, settings: { "leafline:hub": HUB } });
	cloud = await startCloud(join(project.dir, "account"));
	await pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
}, 180_000);
afterAll(async () => {
	await cloud?.close();
	await project?.close();
});

/** Runs the engine, which must succeed. @returns what it printed */
async function pulumi(...args: string[]): Promise<string> {
	const { code, text } = await project.pulumiWith({ env: cloud.env }, ...args);
	expect(code, text).toBe(0);
	return text;
}

const up = (...args: string[]) => pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", ...args);
const the = (type: string): Thing => Object.values(project.things(type))[0] as Thing;

/** What is done with the AWS command line. */
async function byHand(change: (world: World, instance: Thing) => void): Promise<void> {
	openWorld(join(project.dir, "account")).change((world: World) => {
		change(world, world.things[`${the("Instance").type}|${the("Instance").id}`] as Thing);
	});
	await cloud.settle();
}

/** A volume made from a snapshot of another one, with its content. */
function copyVolume(from: string, to: string): void {
	for (const folder of readdirSync(tmpdir()).map((name) => join(tmpdir(), name, from))) {
		if (existsSync(folder)) cpSync(folder, join(folder, "..", to), { recursive: true });
	}
}

it("restores a snapshot: another volume in the place of the old one, with the streams that are on it", async () => {
	const { id: old } = the("Volume");
	const restored = "vol-0fedcba9876543210";
	await byHand((_, instance) => {
		instance.state = "stopped";
	});
	copyVolume(old, restored);
	await byHand((world) => {
		const text = (thing: Thing) => JSON.parse(JSON.stringify(thing).replaceAll(old, restored)) as Thing;
		for (const [key, thing] of Object.entries(world.things)) {
			if (!/:(Volume|VolumeAttachment)$/.test(thing.type)) continue;
			delete world.things[key];
			world.things[key.replaceAll(old, restored)] = text(thing);
		}
	});
	const { stdout } = await project.pulumi("stack", "export");
	writeFileSync(join(project.dir, "state.json"), stdout.replaceAll(old, restored));
	await pulumi("stack", "import", "--file", "state.json");
	await byHand((_, instance) => {
		instance.state = "running";
		instance.boots = (instance.boots ?? 1) + 1;
	});
	const text = await up();
	expect(text).toMatch(/Parameter hub-1-volume updated/);
	expect(text).not.toMatch(/leafline:Stream|Volume hub-1 (creat|replac)/);
	expect(the("Volume").id).toBe(restored);
	expect(await pulumi("preview", "--suppress-outputs")).not.toMatch(/aws:.*(create|update|replace)/);
}, 180_000);

it("takes another authority: the hub shows its certificate without a restart", async () => {
	await pulumi("state", "unprotect", "--yes", CERTIFICATES);
	const text = await up("--replace", CERTIFICATES);
	expect(text).toMatch(/Certificates certificates replaced/);
	const applied = project.log().filter(({ op }) => op === "apply");
	expect(applied.at(-1)?.note).toBe("reloaded; healthy");
}, 180_000);

it("is taken away only by who says so first, and then wholly", async () => {
	const all = Object.keys(project.world().things);
	const destroy = (...args: string[]) => project.pulumiWith({ env: cloud.env }, "destroy", "--yes", ...args);
	const { code, text } = await destroy();
	expect([code, Object.keys(project.world().things)]).toEqual([1, all]);
	expect(text).toContain("cannot be deleted");
	// Without a preview the engine begins with what nothing depends on; the way to the hub is none of it.
	expect((await destroy("--skip-preview")).code).toBe(1);
	const left = Object.keys(project.world().things);
	expect(all.filter((key) => !left.includes(key) && !/^aws:(cloudwatch|dlm|s3)/.test(key))).toEqual([]);
	expect(await cloud.machine("hub-1").monitor("healthz")).toMatchObject({ status: 200 });
	project.set("leafline:allowDataLoss", true);
	await up();
	await pulumi("destroy", "--yes", "--skip-preview");
	expect(project.world().things).toEqual({});
}, 180_000);
