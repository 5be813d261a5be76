import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Control, control } from "../../control/control";
import { ADMIN_API } from "../../topology/permissions";
import { type AwsProject, type Entry, makeAwsProject } from "../support/aws/project";
import { PACK } from "../support/policy-program";
import type { Finished } from "../support/project";

/** The settings are those of prod; of its 500 trucks as many as an update of this machine's servers takes in seconds. */
const FLEET = `apiVersion: leafline/v1
fleet: mine-north
hardware:
  rk3588: { arch: arm64, buffer: 32GiB, sync: 250ms }
link: { up: 20Mbit/s, down: 20Mbit/s, rtt: 80ms, outage: 30m }
classes:
  can: { rate: 20/s, size: 1600B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 6h } }
downlink:
  commands: { keep: 1d, size: 1KiB, rate: 1/min }
groups:
  north: { devices: "truck-[001-003]", hardware: rk3588 }
`;
const NODES = ["hub-1", "hub-2", "hub-3"];
const IMAGE = "ami-0123456789abcdef0";
const SLOW = { within: 180_000 };

let project: AwsProject;
let hub: Control | undefined;
let seen = 0;

beforeAll(async () => {
	project = await makeAwsProject({
		fleet: FLEET,
		machines: true,
		// The trucks are not there, and that is no change.
		settings: { "leafline:ignorePending": true },
	});
});
beforeEach(() => {
	project.faults();
	seen = project.log().length;
});
afterAll(async () => {
	await hub?.close();
	await project?.close();
});

const ok = ({ code, text }: Finished) => expect(code, text.slice(-20_000)).toBe(0);
const up = (...more: string[]) =>
	project.pulumiWith(SLOW, "up", "--yes", "--skip-preview", "--suppress-outputs", ...more);
const setHub = (change: object) => project.set("leafline:hub", { kind: "aws", nodes: 3, file: "1TiB", ...change });
const fresh = () => project.log().slice(seen);
const what = ({ op, name, error }: Entry) => `${error ? "failed " : ""}${op} ${name}`;
/** What happened to the nodes in this test: made, ended, applied. */
const ofNodes = () =>
	fresh()
		.filter(({ op, type }) => ["create", "update", "delete", "apply"].includes(op) && type?.endsWith(":Instance"))
		.map(what);

/** Times in which a node of the hub was not there: from its end, or its restart, until it serves again. */
function requireOneAtATime() {
	const down = project.log().filter(({ op }) => op === "down");
	expect(new Set(down.map(({ name }) => name))).toEqual(new Set(NODES));
	for (const [index, one] of down.entries()) {
		for (const other of down.slice(index + 1)) {
			const apart = one.ended <= other.started || other.ended <= one.started;
			expect(apart || one.name === other.name, `${one.name} and ${other.name} were down at once`).toBe(true);
		}
	}
}

/** What a node is, whichever machine it runs on. */
const identities = () =>
	Object.fromEntries(
		NODES.map((name) => {
			const { places } = project.cloud.machine(name);
			return [name, { volume: places.data, publicAddress: places.publicAddress, ownAddress: places.ownAddress }];
		}),
	);

/** The hub's stream as the hub knows it; made once, and never again. */
async function stream() {
	if (!hub) {
		const { leafline, access } = (await project.outputs()) as unknown as {
			leafline: { ca: string; hub: { urls: string[] } };
			access: { adminCreds: string; systemCreds: string };
		};
		hub = await control({ urls: leafline.hub.urls, ca: leafline.ca, ...access });
	}
	await hub.ready();
	const { created, config, cluster } = (await hub.request(`${ADMIN_API}.STREAM.INFO.hub_can`)) as {
		created: string;
		config: { num_replicas: number; max_bytes: number };
		cluster: { replicas: { current: boolean }[] };
	};
	return { created, replicas: config.num_replicas, current: cluster.replicas.filter((one) => one.current).length };
}
let made: Awaited<ReturnType<typeof stream>>;

test("a preview makes nothing", async () => {
	ok(await project.pulumiWith(SLOW, "preview"));
	expect(project.world().things).toEqual({});
	expect(ofNodes()).toEqual([]);
});

test("an update makes the hub, node after node, and manages it through the leaf port", async () => {
	ok(await up());
	expect(ofNodes()).toEqual(NODES.flatMap((name) => [`create ${name}`, `apply ${name}`]));
	const [first] = fresh().filter(
		({ op, name, type }) => op === "create" && name === "hub-1" && type?.endsWith(":Instance"),
	);
	const way = fresh().filter(({ type }) => /:(Route|RouteTableAssociation|SecurityGroup\w+Rule)$/.test(type ?? ""));
	expect(way.length).toBeGreaterThanOrEqual(8);
	for (const { ended } of way) expect(ended).toBeLessThanOrEqual(first?.started ?? 0);
	made = await stream();
	expect(made).toMatchObject({ replicas: 3, current: 2 });
	for (const name of NODES) expect((await project.cloud.machine(name).monitor("healthz"))?.status).toBe(200);
	const again = await project.pulumiWith(SLOW, "preview", "--expect-no-changes", "--policy-pack", PACK);
	ok(again);
	// Everything is known now: the rules have judged the servers' configurations too, and say nothing.
	expect(again.text).toContain("leafline@v");
	expect(again.text).not.toMatch(/\[(mandatory|advisory)\]|can't run policy/);
}, 240_000);

test("exactly one port is open to the world", () => {
	const things = Object.values(project.world().things);
	const rules = things.filter(({ type }) => type.endsWith(":SecurityGroupIngressRule")).map(({ inputs }) => inputs);
	const open = rules.filter(({ cidrIpv4, cidrIpv6, prefixListId }) => cidrIpv4 ?? cidrIpv6 ?? prefixListId);
	expect(open).toMatchObject([{ ipProtocol: "tcp", fromPort: 7422, toPort: 7422, cidrIpv4: "0.0.0.0/0" }]);
	// All others are from the nodes themselves, and no group has rules inside.
	const groups = things.filter(({ type }) => type.endsWith("SecurityGroup"));
	for (const { inputs } of groups) expect(inputs.ingress ?? []).toEqual([]);
	const [group] = groups.filter(({ type }) => type === "aws:ec2/securityGroup:SecurityGroup");
	const inside = rules.filter((rule) => !open.includes(rule));
	expect(inside).toMatchObject([{ fromPort: 6222, toPort: 6222, referencedSecurityGroupId: group?.id }]);
	for (const { inputs } of Object.values(project.things("NetworkInterface"))) {
		expect(inputs.securityGroups).toEqual([group?.id]);
	}
});

test("no secret is in clear in the state, in user-data or in what AWS was asked", () => {
	const secrets = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\bS[UAONCX][A-Z2-7]{56}\b/;
	expect(project.state()).not.toMatch(secrets);
	expect(JSON.stringify(project.log())).not.toMatch(secrets);
	expect(project.log().filter(({ op }) => op === "note")).toEqual([]);
	const keys = Object.values(project.things("Parameter")).filter(({ inputs }) => inputs.type === "SecureString");
	expect(keys.map(({ name }) => name).sort()).toEqual(
		NODES.flatMap((name) => [`${name}-leaf.key`, `${name}-route.key`]),
	);
	for (const { userData = "" } of Object.values(project.things("Instance"))) {
		expect(userData).not.toMatch(secrets);
		expect(userData).toContain("PARAMETERS=/leafline/prod/hub/");
	}
});

/** What nodes said when they were applied in this test. */
const said = () =>
	fresh()
		.filter(({ op }) => op === "apply")
		.map(({ note }) => note);

test("a setting that the server cannot reload restarts one node after the other", async () => {
	setHub({ sync: "1s" });
	ok(await up());
	expect(ofNodes()).toEqual(NODES.map((name) => `apply ${name}`));
	expect(said()).toEqual(NODES.map(() => "restarting: the change cannot be reloaded; healthy"));
	expect(await stream()).toEqual(made);
	requireOneAtATime();
}, 240_000);

test("another image replaces one node after the other; an update that fails half-way is finished by the next", async () => {
	const before = identities();
	setHub({ sync: "1s", aws: { image: IMAGE } });
	project.faults({ resource: "hub-2", op: "create", kind: "fail", message: "InsufficientInstanceCapacity" });
	const { code, text } = await up();
	expect(code, text).not.toBe(0);
	expect(text).toContain("InsufficientInstanceCapacity");
	expect(ofNodes()).toEqual([
		...["delete hub-1", "create hub-1", "apply hub-1"],
		...["delete hub-2", "failed create hub-2"],
	]);
	ok(await up());
	expect(ofNodes().slice(5)).toEqual([
		...["create hub-2", "apply hub-2"],
		...["delete hub-3", "create hub-3", "apply hub-3"],
	]);
	const images = Object.values(project.things("Instance")).map(({ inputs }) => inputs.ami);
	expect(images).toEqual(NODES.map(() => IMAGE));
	expect(identities()).toEqual(before);
	expect(await stream()).toEqual(made);
	requireOneAtATime();
}, 240_000);

test("a node that is lost comes back with its address, its data and its identity", async () => {
	const before = identities();
	await project.lose("hub-3");
	ok(await up("--refresh"));
	expect(ofNodes().filter((line) => line.startsWith("create"))).toEqual(["create hub-3"]);
	expect(identities()).toEqual(before);
	expect(await stream()).toEqual(made);
	requireOneAtATime();
}, 240_000);

test("it is destroyed only by who says so, and then without a trace", async () => {
	// Without a preview, which would have refused it before anything: the hub must not lose its way out either.
	const refused = await project.pulumiWith(SLOW, "destroy", "--yes", "--skip-preview");
	expect(refused.code).not.toBe(0);
	expect(refused.text).toContain("protect");
	expect(
		fresh()
			.filter(({ op }) => op === "delete")
			.map(what),
	).toEqual([]);
	await hub?.close();
	hub = undefined;
	project.set("leafline:allowDataLoss", true);
	// A limit that grows is reloaded.
	setHub({ sync: "1s", memory: "2GiB", aws: { image: IMAGE } });
	ok(await up());
	expect(said()).toEqual(NODES.map(() => "reloaded; healthy"));
	ok(await project.pulumiWith(SLOW, "destroy", "--yes", "--skip-preview"));
	expect(Object.keys(project.world().things)).toEqual([]);
}, 240_000);
