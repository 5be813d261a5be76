import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { remedy } from "../../cli/outputs";
import { SCHEMA_VERSION } from "../../contract/outputs";
import { stackFixture } from "../contract/fixture";
import { freePorts } from "../support/ports";
import { run } from "../support/project";

/** Every mistake is one readable line on stderr, exit code 1, and no stack trace. */
let dir: string;

beforeAll(() => {
	dir = mkdtempSync(join(tmpdir(), "leafline-errors-"));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ACCESS = { adminCreds: "a", systemCreds: "s", readerCreds: {} };

async function fails(outputs: unknown, ...args: string[]): Promise<string> {
	const file = join(dir, "outputs.json");
	writeFileSync(file, typeof outputs === "string" ? outputs : JSON.stringify(outputs));
	const { code, stdout, stderr } = await run(process.execPath, [resolve("bin/cli/main.js"), ...args], {
		cwd: dir,
		env: { ...process.env, LEAFLINE_OUTPUTS: file },
	});
	expect([code, stdout]).toEqual([1, ""]);
	expect(stderr).not.toMatch(/\n\s+at /);
	return stderr.replaceAll(dir, "DIR");
}

test.each([
	["not json", "leafline: DIR/outputs.json: the stack's outputs are not JSON\n"],
	["{}", "leafline: DIR/outputs.json: the stack has no outputs; bring it up first: npm run up\n"],
	[
		'{"vpcId": "vpc-1"}',
		'leafline: DIR/outputs.json: this is not a leafline stack: no output "leafline", only vpcId\n',
	],
	[
		'{"leafline": {"schemaVersion": 99}}',
		`leafline: DIR/outputs.json: the stack was made by a newer leafline: its outputs have schema version 99, this program knows ${SCHEMA_VERSION}; update leafline\n`,
	],
])("outputs %j", async (outputs, message) => {
	expect(await fails(outputs, "status")).toBe(message);
});

test("a file that is not there", async () => {
	expect(await fails("{}", "status", "--outputs", join(dir, "nothing.json"))).toBe(
		"leafline: cannot read the outputs: ENOENT: no such file or directory, open 'DIR/nothing.json'\n",
	);
});

test("links of a stack elsewhere, and of a device that is not there", async () => {
	const outputs = stackFixture({ access: ACCESS });
	const { local: _, ...elsewhere } = outputs.leafline;
	expect(await fails({ ...outputs, leafline: { ...elsewhere, environment: "prod" } }, "cut", "edge1")).toBe(
		"leafline: stack prod does not run on this machine; only local links can be cut\n",
	);
	expect(await fails({ ...outputs, leafline: { ...elsewhere, environment: "prod" } }, "demo")).toBe(
		"leafline: the demo runs on a local stack; prod is none\n",
	);
	expect(await fails(outputs, "restore", "edge9")).toBe(
		'leafline: no local device "edge9"; there are edge1, edge2, edge3\n',
	);
	expect(await fails(outputs, "cut", "edge1")).toBe(
		"leafline: no links run in DIR/.leafline/local/links: is the local stack up?\n",
	);
});

test("a hub that is not there, for the demo", async () => {
	const [leaf = 0, client = 0, monitor = 0] = await freePorts(3);
	const outputs = stackFixture({ access: ACCESS, ports: { leaf, client, monitor } });
	expect(await fails(outputs, "demo")).toBe(
		`leafline: the hub does not answer on nats://127.0.0.1:${client}: nothing listens there; npm run up starts it\n`,
	);
});

test("outputs without secrets", async () => {
	expect(await fails({ ...stackFixture(), access: "[secret]" }, "demo")).toBe(
		"leafline: these outputs hold no credentials; write them with: pulumi stack output --json --show-secrets\n",
	);
});

test.each([["0"], ["-1"], ["1.5"], ["many"], ["99999999999"]])("--messages %s", async (messages) => {
	expect(await fails(stackFixture(), "demo", "--messages", messages)).toContain(
		`argument '${messages}' is invalid. a whole number from 1 to 10000000, please`,
	);
});

test("an unknown command has the way to the known ones", async () => {
	expect(await fails("{}", "statsu")).toBe(
		"error: unknown command 'statsu'\n(Did you mean status?)\n(leafline --help lists the commands)\n",
	);
});

test("an engine that is not there, and one that refuses", async () => {
	const cli = [resolve("bin/cli/main.js"), "status", "--stack", "nowhere"];
	const env = { HOME: dir, PATH: dir };
	const missing = await run(process.execPath, cli, { cwd: dir, env });
	expect(missing.text).toBe("leafline: pulumi is not on PATH; npm start sets it up\n");
	writeFileSync(join(dir, "pulumi"), "#!/bin/sh\necho \"error: no stack named 'nowhere' found\" >&2\nexit 255\n", {
		mode: 0o755,
	});
	const refused = await run(process.execPath, cli, { cwd: dir, env: { ...env, PATH: `${dir}:/usr/bin:/bin` } });
	expect([refused.code, refused.text]).toEqual([
		1,
		"leafline: there is no stack nowhere: npm start makes the local one, npm run pulumi -- stack ls lists the others\n",
	]);
});

test.each([
	["passphrase must be set … incorrect passphrase", /^the passphrase does not open .* \.leafline\/passphrase/],
	[
		'unable to open state directory "file:///x/.leafline/state": stat: no such file',
		/^the local stack is not up, .* npm start/,
	],
	["PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", /npm run pulumi -- login/],
	[
		"error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
		/^another update of this stack is under way: .* npm run pulumi -- cancel/,
	],
	["no stack named 'dev' found", /^there is no stack dev: npm start makes the local one/],
])("what the engine says to what happens often: %s", (said, remedied) => {
	expect(remedy(said)).toMatch(remedied);
	expect(remedy("something else")).toBeUndefined();
});
