import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { serverBinary } from "../../components/hub/aws/server-binary";
import { MACHINE, serverProgram } from "../support/server-file";
import { serverSources } from "./server-sources";
import { bareEnvironment, load, root, script, start, temporary, write } from "./support";

const { readServerFile } = load("../../toolchain/server-file.js") as typeof import("../../toolchain/server-file.js");
const { NAME } = load("../../toolchain/server-change.js") as typeof import("../../toolchain/server-change.js");
const { findServer } = load("../../toolchain/server.js") as typeof import("../../toolchain/server.js");
const { RUNS_PROGRAM, serverOfStack } = load(
	"../../toolchain/stack-hub.js",
) as typeof import("../../toolchain/stack-hub.js");

const { arm64: ARM64, x86_64: X86_64 } = MACHINE;
const program = serverProgram;
const TARBALL = "nats-server-v2.15.2-linux-arm64";

function file(content: Buffer | string): string {
	const name = path.join(temporary(), "nats-server");
	fs.writeFileSync(name, content);
	return name;
}

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

describe("what an executable says without being run", () => {
	it("is its processor, its version and its hash", () => {
		const content = program(ARM64);
		expect(readServerFile(file(content))).toEqual({
			architecture: "arm64",
			version: `2.15.2+${NAME}`,
			sha256: sha256(content),
		});
		expect(readServerFile(file(program(X86_64, "v2.14.5", { tags: "" })))).toMatchObject({
			architecture: "x86_64",
			version: "2.14.5",
		});
		expect(readServerFile(file(program(ARM64, "v2.15.2", { tags: `${NAME},netgo` })))?.version).toBe("2.15.2");
		expect(readServerFile(file(program(ARM64, "(devel)")))).toMatchObject({ version: undefined });
	});

	it.each([
		["a script", "#!/bin/sh\n"],
		["another processor", program(40)],
		["another system", program(ARM64, "v2.15.2", { system: 9 })],
		["an empty file", ""],
	])("is nothing for %s", (_, content) => {
		expect(readServerFile(file(content))).toBeUndefined();
	});
});

describe("the server that the program deploys", () => {
	const find = (env: NodeJS.ProcessEnv) => serverBinary("arm64", "leafline", { HOME: "/nowhere", ...env });

	it("is the file that the environment names", () => {
		const content = program(ARM64, "v2.15.6");
		const given = file(content);
		const version = `2.15.6+${NAME}`;
		expect(find({ LEAFLINE_SERVER: given })).toEqual({ path: given, sha256: sha256(content), version });
	});

	it.each<[string, Buffer | string | undefined]>([
		["does not exist", undefined],
		["is for linux/amd64", program(X86_64)],
		["is no program for Linux", "#!/bin/sh\n"],
		["does not say that it is a nats-server", program(ARM64, "(devel)")],
		[`is 2.10.29+${NAME}; it must be a nats-server for linux/arm64, 2.15.0 or later`, program(ARM64, "v2.10.29")],
		[`is 2.15.2 without leafline's change; it must end in +${NAME}.`, program(ARM64, "v2.15.2", { tags: "" })],
	])("is refused when it %s", (expected, content) => {
		const given = content === undefined ? "/nowhere/nats-server" : file(content);
		expect(() => find({ LEAFLINE_SERVER: given })).toThrow(`LEAFLINE_SERVER is ${given}, which ${expected}`);
	});

	it("is not made by the program, which says what to run", () => {
		expect(() => find({})).toThrow(
			"there is no nats-server for the hub's machines (arm64); run: npm run server -- arm64\nor set LEAFLINE_SERVER to the path of one",
		);
		try {
			find({});
		} catch (error) {
			expect((error as Error).stack).toBeUndefined();
		}
	});
});

/** Hosts of the release: an archive as it is published, and its sums, or those of another one. */
const CURL = `
echo "$*" >>"$CALLS"
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
mkdir -p "$CALLS.d/${TARBALL}" && cd "$CALLS.d" && cp "$SERVER" ${TARBALL}/nats-server && echo x >${TARBALL}/LICENSE
case $1 in
https://github.com/nats-io/nats-server/releases/download/v2.15.2/SHA256SUMS)
	tar -czf ${TARBALL}.tar.gz ${TARBALL}; sum=$(sha256sum ${TARBALL}.tar.gz); echo "\${WRONG:-}$sum" >"$out" ;;
https://github.com/nats-io/nats-server/releases/download/v2.15.2/${TARBALL}.tar.gz) cp ${TARBALL}.tar.gz "$out" ;;
*) exit 22 ;;
esac
`;

const GO = `
[ "$1" = version ] && { echo "go version $GOTOOLCHAIN"; exit; }
[ "$1" = mod ] && { cp -R "$SOURCES" vendor; exit; }
echo "$GOOS/$GOARCH $*" >>"$CALLS"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
cp "$SERVER" "$out"
`;

describe("npm run server", () => {
	function machine(programs: { curl?: string; go?: string }, content = program(ARM64)) {
		const home = temporary();
		const bin = path.join(home, "bin");
		// Above all no real network, and no real Go.
		script(path.join(bin, "curl"), programs.curl ?? "exit 6");
		if (programs.go) script(path.join(bin, "go"), programs.go);
		const calls = write(path.join(home, "calls"), "");
		const more = { CALLS: calls, SERVER: file(content), SOURCES: serverSources() };
		const env = { ...bareEnvironment(home, [bin]), ...more };
		const servers = path.join(home, "cache/leafline/tools/nats-server");
		return {
			servers,
			place: path.join(servers, "2.15.2-linux-arm64"),
			run: (more: NodeJS.ProcessEnv = {}, args = ["arm64"]) =>
				start(process.execPath, ["toolchain/run.js", "server", ...args], { cwd: root, env: { ...env, ...more } })
					.finished,
			calls: () => fs.readFileSync(calls, "utf8").trim().split("\n").filter(Boolean),
			env,
		};
	}

	it("builds it with leafline's change, which nobody releases, once", async () => {
		const { run, calls, servers, env } = machine({ curl: CURL, go: GO });
		const first = await run();
		expect(first.stderr).toMatch(/^✓ build nats-server 2\.15\.2\+leafline\.\d+ for linux\/arm64 \d/);
		const [folder = ""] = fs.readdirSync(servers);
		expect(folder).toMatch(/^2\.15\.2\+leafline\.\d+-[0-9a-f]{8}-linux-arm64$/);
		const built = path.join(servers, folder, "nats-server");
		const sum = sha256(program(ARM64));
		expect(first.stdout).toBe(`2.15.2+${NAME} ${sum} ${built}\n`);
		expect(fs.readdirSync(path.dirname(built))).toEqual(["nats-server"]);
		expect(calls()).toEqual([
			expect.stringMatching(/^linux\/arm64 build .*-mod=vendor -trimpath .*-tags leafline\.\d+ /),
		]);
		expect((await run()).stdout).toBe(first.stdout);
		expect(calls()).toHaveLength(1);
		expect(serverBinary("arm64", "leafline", env)).toEqual({ path: built, sha256: sum, version: `2.15.2+${NAME}` });
	});

	it("says when it has not the Go that makes everybody's bytes", async () => {
		const { run } = machine({ go: GO.replace("$GOTOOLCHAIN", "go1.27.0") });
		const { code, stderr } = await run();
		expect(stderr).toMatch(/go1\.\d+\.\d+ cannot be had; built with another Go/);
		expect(code).toBe(0);
	});

	it("takes the project's own release where the official one is wanted, and its program alone, once", async () => {
		const released = machine({ curl: CURL }, program(ARM64, "v2.15.2", { tags: "" }));
		const { calls, place, env } = released;
		const run = () => released.run({}, ["arm64", "official"]);
		const first = await run();
		expect(first.stderr).toMatch(/^✓ nats-server-v2\.15\.2-linux-arm64 \d/);
		const sum = sha256(program(ARM64, "v2.15.2", { tags: "" }));
		expect(first.stdout).toBe(`2.15.2 ${sum} ${place}/nats-server\n`);
		expect(fs.readdirSync(place)).toEqual(["nats-server"]);
		expect(calls()).toHaveLength(2);
		expect((await run()).stdout).toBe(first.stdout);
		expect(calls()).toHaveLength(2);
		expect(findServer("arm64", env, "official")).toEqual({
			path: path.join(place, "nats-server"),
			sha256: sum,
			version: "2.15.2",
		});
	});

	it("builds it where the release cannot be had, or is not what its sums say", async () => {
		const offline = machine({ go: GO });
		const built = await offline.run({}, ["arm64", "official"]);
		expect(built.stderr).toMatch(/✓ build nats-server 2\.15\.2 for linux\/arm64 \d/);
		expect(built.stdout).toContain(`${offline.place}/nats-server\n`);
		expect(offline.calls()[0]).toMatch(/^linux\/arm64 build .*-mod=readonly -trimpath/);

		const wrong = await machine({ curl: CURL, go: GO }).run({ WRONG: "0" }, ["arm64", "official"]);
		expect(wrong.stderr).toMatch(/✗ download nats-server-v2\.15\.2-linux-arm64/);
		expect(wrong.stderr).toMatch(/✓ build nats-server/);
	});

	it("uses nothing that is for another processor or of another version", async () => {
		const other = await machine({ go: GO }, program(X86_64)).run();
		expect(other.stderr).toContain(`nats-server 2.15.2+${NAME}: what was made answers "nothing" and is not used`);
		const { run, servers } = machine({ go: GO }, program(ARM64, "v2.14.0"));
		expect((await run()).stderr).toContain(`answers "2.14.0+${NAME}" and is not used`);
		expect(fs.readdirSync(servers)).toEqual([]);
		const unchanged = machine({ go: GO }, program(ARM64, "v2.15.2", { tags: "" }));
		expect((await unchanged.run()).stderr).toContain('answers "2.15.2" and is not used');
	});

	it("says what to do where there is neither", async () => {
		const own = await machine({}).run();
		expect(own.code).toBe(1);
		expect(own.stderr).toBe(
			`nats-server 2.15.2+${NAME} for the hub's machines (linux/arm64) is built from source, and there is no Go to build it with.\n` +
				"Install Go (https://go.dev/dl/), or build it on another machine with npm run server and set LEAFLINE_SERVER to its path.\n",
		);
		const { code, stderr } = await machine({}).run({}, ["arm64", "official"]);
		expect(code).toBe(1);
		expect(stderr).toBe(
			"nats-server 2.15.2 for the hub's machines (linux/arm64) cannot be downloaded, and there is no Go to build it with.\n" +
				"Install Go (https://go.dev/dl/), or get it from https://github.com/nats-io/nats-server/releases and set LEAFLINE_SERVER to its path.\n",
		);
	});

	it("makes nothing where the environment names one", async () => {
		const { run, calls, env } = machine({ curl: CURL, go: GO });
		expect((await run({ LEAFLINE_SERVER: env.SERVER })).stdout).toContain(` ${env.SERVER}\n`);
		expect(calls()).toEqual([]);
	});

	it.each([[[]], [["mips"]], [["arm64", "x86_64"]], [["arm64", "official", "x"]]])(
		"shows how it is used: %j",
		async (args) => {
			expect(await machine({}).run({}, args)).toMatchObject({
				code: 2,
				text: "usage: npm run server -- arm64|x86_64 [official]\n",
			});
		},
	);
});

describe("which stacks need it", () => {
	function project(settings: string): string {
		const folder = temporary();
		fs.symlinkSync(path.join(root, "bin"), path.join(folder, "bin"));
		fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
		write(path.join(folder, "Pulumi.x.yaml"), settings);
		return folder;
	}

	it.each([
		["{ kind: aws }", { edition: "leafline", architecture: "arm64" }],
		["{}", { edition: "leafline", architecture: "arm64" }],
		["{ server: official }", { edition: "official", architecture: "arm64" }],
		["{ aws: { instanceType: t4g.small } }", { edition: "leafline", architecture: "arm64" }],
		["{ aws: { instanceType: m7i.large } }", { edition: "leafline", architecture: "x86_64" }],
		["{ kind: local }", { edition: "leafline" }],
		["{ kind: local, server: official }", { edition: "official" }],
		["{ kind: moon }", undefined],
		["{ server: stolen }", undefined],
	])("hub: %s", (hub, expected) => {
		expect(serverOfStack(project(`config:\n  leafline:fleet: a.yaml\n  leafline:hub: ${hub}\n`), "x")).toEqual(
			expected,
		);
	});

	it("does not look where there are no settings, or no build", () => {
		expect(serverOfStack(project(""), "none")).toBeUndefined();
		expect(serverOfStack(project("config: ["), "x")).toBeUndefined();
		const bare = temporary();
		write(path.join(bare, "Pulumi.x.yaml"), "config: {}\n");
		expect(serverOfStack(bare, "x")).toBeUndefined();
	});

	it("asks only for commands that run the program", () => {
		expect(["up", "preview", "destroy", "refresh"].every((command) => RUNS_PROGRAM.has(command))).toBe(true);
		expect(["stack", "config", "version", "login"].some((command) => RUNS_PROGRAM.has(command))).toBe(false);
	});
});
