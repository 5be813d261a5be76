import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import Ajv2020 from "ajv/dist/2020";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeBundles } from "../../cli/bundle/bundle";
import { createAuthority, createServerCertificate } from "../../components/identity/certificates";
import { deviceCreds } from "../../components/identity/credentials";
import { createKeys, deviceSigning } from "../../components/identity/keys";
import type { DoctorOutput } from "../../contract/doctor";
import { examine } from "../../device/doctor/doctor";
import type { Finding } from "../../device/doctor/finding";
import { type HubProbe, probeHub } from "../../device/doctor/hub";
import { type Credentials, readCredentials } from "../../device/doctor/judge-identity";
import { outputsOf } from "../bundle/outputs";
import { SMALL_FLEET } from "../support/fleets";
import { freePorts } from "../support/ports";
import { run } from "../support/project";
import { planFleet } from "../support/rig";
import { type Stack, startStack } from "./stack";

const validate = new Ajv2020({ strict: true }).compile(JSON.parse(readFileSync("docs/schema/doctor.json", "utf8")));
const MAIN = resolve("bin/cli/main.js");
let stack: Stack;
let dir: string;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "leafline-doctor-"));
	stack = await startStack(["edge1"]);
});

afterAll(async () => {
	await stack?.stop();
	rmSync(dir, { recursive: true, force: true });
});

const hubUrl = () => stack.outputs.leafline.hub.urls[0] ?? "";
const port = () => Number(new URL(hubUrl().replace("tls:", "http:")).port);
const faults = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== "good");

function credentials(text: string): Credentials {
	const read = readCredentials(text, "device.creds", Date.now());
	if ("check" in read) throw new Error(read.text);
	return read;
}

/** Leaves of the hub, each with when it connected. */
async function leaves(): Promise<string> {
	const answer = await fetch(`${stack.outputs.leafline.hub.monitorUrl}/leafz`);
	const { leafs } = (await answer.json()) as { leafs: { name: string; ip: string; port: number }[] };
	return JSON.stringify(leafs.map(({ name, ip, port }) => [name, ip, port]));
}

async function outside(outputs: unknown): Promise<{ code: number | null; report: DoctorOutput }> {
	const file = stack.write("doctor.json", outputs);
	const { code, stdout, text } = await run(process.execPath, [MAIN, "doctor", "--json", "--outputs", file], {
		cwd: stack.dir,
		env: stack.env,
	});
	if (!stdout.startsWith("{")) throw new Error(text);
	const report = JSON.parse(stdout) as DoctorOutput;
	expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
	return { code, report };
}

describe("from outside", () => {
	test("a hub that is well: every step is good", async () => {
		await expect.poll(leaves, { timeout: 30_000 }).toContain("edge1");
		const { code, report } = await outside(stack.outputs);
		expect(report.findings.filter(({ level }) => level !== "good")).toEqual([]);
		expect([code, report.good, report.where, report.about]).toEqual([0, true, "outside", "local"]);
		const checks = report.findings.map(({ check }) => check);
		expect(checks).toEqual(["clock", "credentials", "credentials", "tcp", "tls", "login", "permissions", "domain"]);
	});

	test("a CA of another stack is named with what to do, exit code 2, and no secret is printed", async () => {
		const { caPem } = await createAuthority(Date.now());
		const { code, report } = await outside({ ...stack.outputs, leafline: { ...stack.outputs.leafline, ca: caPem } });
		expect([code, report.good]).toEqual([2, false]);
		expect(report.findings).toContainEqual({
			check: "tls",
			level: "fault",
			text: "127.0.0.1: its certificate is of another authority than ca.pem",
			remedy: expect.stringContaining("compare ca.pem"),
		});
		const [, seed = "none"] = /SEED-----\n(\S+)/.exec(stack.outputs.access?.adminCreds ?? "") ?? [];
		expect(seed).toMatch(/^SU/);
		expect(JSON.stringify(report)).not.toContain(seed);
	});

	test("outputs without secrets are looked at as far as that goes", async () => {
		const { access: _, ...masked } = stack.outputs;
		const { code, report } = await outside(masked);
		expect(code).toBe(0);
		expect(report.findings.map(({ check, level }) => `${check} ${level}`)).toEqual([
			"clock good",
			"credentials unknown",
			"tcp good",
			"tls good",
		]);
	});
});

describe("the way to the hub", () => {
	const look = (url: string, creds?: string, ca: string = stack.outputs.leafline.ca): Promise<HubProbe> =>
		probeHub(url, ca, creds === undefined ? undefined : credentials(creds));
	const servers: Server[] = [];

	afterEach(() => {
		for (const server of servers.splice(0)) server.close();
	});

	/** Gives the port on which it listens. */
	async function listen(server: Server): Promise<number> {
		servers.push(server);
		await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
		const address = server.address();
		return typeof address === "object" && address !== null ? address.port : 0;
	}

	test("a device's credentials are taken, and its own link stays as it is", async () => {
		const before = await leaves();
		const { findings, domain } = await look(hubUrl(), stack.credentials("edge1"));
		expect(faults(findings)).toEqual([]);
		expect(findings.at(-1)).toMatchObject({ check: "login", text: "127.0.0.1 takes the credentials of edge1" });
		expect(domain).toBe("hub");
		expect(await leaves()).toBe(before);
	});

	test("those of another stack are refused", async () => {
		const { findings } = await look(hubUrl(), deviceCreds(deviceSigning(createKeys()), "edge1"));
		expect(faults(findings)).toMatchObject([
			{
				check: "login",
				level: "fault",
				text: expect.stringMatching(/refuses the credentials of edge1: 'Authorization/),
			},
		]);
	});

	test.each<[name: string, url: () => string, check: string, text: RegExp]>([
		["no URL", () => "::", "dns", /no URL of a hub/],
		["a name that nobody knows", () => "tls://hub.invalid:7422", "dns", /hub.invalid cannot be resolved/],
		[
			"the client port, which greets without TLS",
			() => stack.outputs.leafline.hub.clientUrl ?? "",
			"tls",
			/127.0.0.1: /,
		],
	])("%s", async (_, url, check, text) => {
		const { findings } = await look(url(), stack.credentials("edge1"));
		expect(faults(findings)).toMatchObject([{ check, level: "fault", text: expect.stringMatching(text) }]);
	});

	test("a port on which nobody listens", async () => {
		const [closed] = await freePorts(1);
		const { findings } = await look(`tls://127.0.0.1:${closed}`);
		expect(faults(findings)).toMatchObject([{ check: "tcp", text: `127.0.0.1:${closed}: nobody listens there` }]);
	});

	test("one that closes at once, as a proxy does", async () => {
		const closes = await listen(createServer((socket) => socket.destroy()));
		const { findings } = await look(`tls://127.0.0.1:${closes}`);
		expect(faults(findings)).toMatchObject([{ check: "tls", text: expect.stringContaining("closes the connection") }]);
	});

	test("one that stays silent: an end after some seconds", async () => {
		const open: { destroy(): void }[] = [];
		const silent = await listen(createServer((socket) => open.push(socket)));
		const { findings } = await look(`tls://127.0.0.1:${silent}`);
		for (const socket of open) socket.destroy();
		expect(faults(findings)).toMatchObject([{ check: "tls", text: expect.stringContaining("no answer within") }]);
	});

	test("a certificate for other names, and one that has expired", async () => {
		const now = Date.now();
		const authority = await createAuthority(now - 4 * 365 * 86_400_000);
		const serve = async (hosts: readonly string[], at: number) => {
			const { serverCert: cert, serverKey: key } = await createServerCertificate(authority, hosts, at);
			const server = createTlsServer({ cert, key, minVersion: "TLSv1.3" }, (socket) => socket.on("error", () => {}));
			return `tls://127.0.0.1:${await listen(server)}`;
		};
		const other = await look(await serve(["hub.example.com"], now), undefined, authority.caPem);
		expect(faults(other.findings)).toMatchObject([
			{ check: "tls", text: "127.0.0.1: its certificate is for other names" },
		]);
		const old = await look(await serve(["127.0.0.1"], now - 3 * 365 * 86_400_000), undefined, authority.caPem);
		expect(faults(old.findings)).toMatchObject([{ check: "tls", text: "127.0.0.1: its certificate has expired" }]);
	});
});

describe("on a device", () => {
	const FLEET = () => SMALL_FLEET.replace("sync: 250ms", `sync: 250ms, storeDir: ${join(dir, "store")}`);

	/** A bundle of edge1 of another stack, whose hub is this one by address and CA. */
	async function bundle(): Promise<string> {
		const topology = planFleet(FLEET(), { hub: { kind: "local" }, leaves: { local: false } });
		const outputs = outputsOf(topology, { ca: stack.outputs.leafline.ca, urls: [`tls://127.0.0.1:${port()}`] });
		const out = mkdtempSync(join(dir, "bundle-"));
		const options = { format: "dir", extras: [], credentials: "together", release: 3 } as const;
		await makeBundles(outputs, ["edge1"], out, options);
		return join(out, "edge1");
	}

	const texts = async (folder: string) =>
		(await examine(folder)).findings
			.filter(({ level }) => level === "fault")
			.map(({ check, text }) => `${check}: ${text}`);

	test("whose credentials the hub does not know: all else is good, by the command line and by its own program", async () => {
		const folder = await bundle();
		const { device, findings } = await examine(folder);
		expect(device).toBe("edge1");
		expect(findings.filter(({ level }) => level === "fault")).toMatchObject([{ check: "login" }]);
		expect(findings.map(({ check }) => check)).toEqual(
			expect.arrayContaining([
				"files",
				"clock",
				"credentials",
				"tcp",
				"tls",
				"login",
				"domain",
				"space",
				"sync",
				"kernel",
			]),
		);
		const json = await run(process.execPath, [MAIN, "doctor", "--json", "--dir", folder], { cwd: dir, env: stack.env });
		expect(json.code).toBe(2);
		expect(validate(JSON.parse(json.stdout)), JSON.stringify(validate.errors)).toBe(true);
		// With nothing beside it, as on a device.
		const program = [resolve("bin/device/leafline-device.js"), "doctor", folder];
		const { status, stdout } = spawnSync(process.execPath, program, { encoding: "utf8", cwd: dir });
		expect(status).toBe(2);
		expect(stdout).toMatch(/^leafline · edge1\n\n {2}✓ files/);
		expect(stdout).toContain("✗ login        127.0.0.1 refuses the credentials of edge1");
	});

	test("nothing of it stays in the store", async () => {
		const folder = await bundle();
		await examine(folder);
		const left = spawnSync("find", [dir, "-name", ".leafline-doctor*"], { encoding: "utf8" });
		expect([left.status, left.stdout]).toEqual([0, ""]);
	});

	test("a file that was damaged, and credentials that others may read", async () => {
		const folder = await bundle();
		chmodSync(join(folder, "etc/device.creds"), 0o644);
		writeFileSync(join(folder, "etc/streams.json"), "{}");
		expect(await texts(folder)).toEqual([
			expect.stringContaining("files: etc/streams.json is not what was signed"),
			expect.stringContaining("credentials: others on this machine may read"),
			expect.stringContaining("login: "),
		]);
	});

	test("another device's credentials are not even shown to the hub", async () => {
		const folder = await bundle();
		const other = deviceCreds(deviceSigning(createKeys()), "edge2");
		writeFileSync(join(folder, "etc/device.creds"), other, { mode: 0o600 });
		const found = await texts(folder);
		expect(found).toContainEqual("credentials: device.creds: they are of edge2, not of edge1");
		expect(found.some((text) => text.startsWith("login"))).toBe(false);
	});

	test("a folder that is none is one line", async () => {
		const { code, stdout, stderr } = await run(process.execPath, [MAIN, "doctor", "--dir", dir], {
			cwd: dir,
			env: stack.env,
		});
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toMatch(
			/^leafline: \S+ is neither a device's bundle nor the folder of its configuration: ENOENT[^\n]*\n$/,
		);
	});
});
