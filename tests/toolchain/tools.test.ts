import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { serverSources } from "./server-sources";
import { bareEnvironment, eventually, load, root, script, start, temporary, write } from "./support";

const { NAME } = load("../../toolchain/server-change.js") as typeof import("../../toolchain/server-change.js");

/** Prints where each tool was found, as `name version path`. */
const FINDER = `
const { provideTools } = require(${JSON.stringify(path.join(root, "toolchain/tools.js"))});
provideTools(process.env).then(
	(tools) => { for (const [name, tool] of tools) console.log(name, tool.version.join("."), tool.path); },
	(error) => { console.error(error.message); process.exitCode = 1; },
);
`;

/** A Go that builds scripts which answer with a version; `$BUILDS` counts what it was asked for. */
const FAKE_GO = `
[ "$1" = version ] && { echo "go version $GOTOOLCHAIN"; exit; }
[ "$1" = mod ] && { cp -R "$SOURCES" vendor; exit; }
echo "$*" >>"$BUILDS"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; last=$1; shift; done
echo "go: downloading $last v1.0.0" >&2
case $last in
*pulumi*) version=v3.259.0 ;;
*nats-server*) version="nats-server: v2.15.2+${NAME}" ;;
*) version=0.4.0; [ -n "\${NATS_FAILS:-}" ] && { echo "$last: 403 Forbidden" >&2; exit 1; } ;;
esac
printf '#!/bin/sh\\necho half' >"$out"
[ -n "\${DEAF:-}" ] && trap '' INT
[ -n "\${SLOW:-}" ] && { : >"$SLOW"; sleep 30; }
printf '#!/bin/sh\\necho "%s"\\n' "\${ANSWER:-$version}" >"$out"
chmod +x "$out"
`;

/** A network on which nobody answers. */
const NO_CURL = "exit 6";

function prepare(tools: Readonly<Record<string, string>> = {}, go = FAKE_GO, curl = NO_CURL) {
	const home = temporary();
	const bin = path.join(home, "bin");
	fs.mkdirSync(bin);
	for (const [name, answer] of Object.entries(tools)) script(path.join(bin, name), `echo "${answer}"`);
	if (go) script(path.join(bin, "go"), go);
	script(path.join(bin, "curl"), curl);
	const builds = write(path.join(home, "builds"), "");
	const finder = write(path.join(home, "finder.js"), FINDER);
	const env = { ...bareEnvironment(home, [bin]), BUILDS: builds, SOURCES: serverSources() };
	return {
		bin,
		env,
		cache: path.join(home, "cache", "leafline", "tools"),
		find: (more: NodeJS.ProcessEnv = {}) => start(process.execPath, [finder], { cwd: home, env: { ...env, ...more } }),
		builds: () => fs.readFileSync(builds, "utf8").trim().split("\n").filter(Boolean),
	};
}

const ALL = { pulumi: "v3.259.0", "nats-server": "nats-server: v2.15.2", nats: "0.4.0" };

/** Everything in the cache that is not a whole tool. */
function leftovers(cache: string): string[] {
	return fs.existsSync(cache)
		? fs
				.readdirSync(cache, { recursive: true })
				.map(String)
				.filter((name) => name.includes(".tmp-"))
		: [];
}

it("takes compatible tools from PATH and builds nothing", async () => {
	const { bin, find, builds, cache } = prepare(ALL);
	const { code, stdout } = await find().finished;
	expect(code).toBe(0);
	expect(stdout.trim().split("\n")).toEqual([
		`pulumi 3.259.0 ${bin}/pulumi`,
		`nats-server 2.15.2 ${bin}/nats-server`,
		`nats 0.4.0 ${bin}/nats`,
	]);
	expect(builds()).toEqual([]);
	expect(fs.existsSync(cache)).toBe(false);
});

describe("a nats-server without leafline's change", () => {
	/** Builds leafline's into the cache, as an earlier run with Go has done. */
	async function withOurs() {
		const prepared = prepare(ALL);
		const whole = `${FINDER.replace("provideTools(process.env)", "provideTools(process.env, { whole: true })")}`;
		const finder = write(path.join(path.dirname(prepared.bin), "whole.js"), whole);
		const first = await start(process.execPath, [finder], { cwd: root, env: prepared.env }).finished;
		return { ...prepared, first };
	}

	it("is taken from PATH where there is no other one", async () => {
		const { bin, find, builds } = prepare(ALL);
		expect((await find().finished).stdout).toContain(`nats-server 2.15.2 ${bin}/nats-server\n`);
		expect(builds()).toEqual([]);
	});

	it("is not enough for tests where there is Go, and is passed over once leafline's is built", async () => {
		const { cache, find, first } = await withOurs();
		expect(first.stderr).toMatch(/✓ build nats-server 2\.15\.2\+leafline\.\d+ /);
		const ours = path.join(
			cache,
			"nats-server",
			fs.readdirSync(path.join(cache, "nats-server"))[0] ?? "",
			"nats-server",
		);
		expect(first.stdout).toContain(`nats-server 2.15.2 ${ours}\n`);
		expect((await find().finished).stdout).toContain(`nats-server 2.15.2 ${ours}\n`);
	});

	it("is enough for tests where there is no Go", async () => {
		const { bin, env } = prepare(ALL, "");
		const finder = write(
			path.join(path.dirname(bin), "whole.js"),
			FINDER.replace("(process.env)", "(process.env, { whole: true })"),
		);
		const { code, stdout } = await start(process.execPath, [finder], { cwd: root, env }).finished;
		expect([code, stdout.includes(`nats-server 2.15.2 ${bin}/nats-server\n`)]).toEqual([0, true]);
	});

	it.each([
		["official", true, "the hub runs the official nats-server 2.15.2"],
		["leafline's", true, ""],
		["official", false, ""],
	])("%s on a local hub, said: %s", async (which, tell, said) => {
		const version = which === "official" ? "2.15.2" : `2.15.2+${NAME}`;
		const { bin, env } = prepare({ ...ALL, "nats-server": `nats-server: v${version}` });
		const script = `
			const { provideTools } = require(${JSON.stringify(path.join(root, "toolchain/tools.js"))});
			const { localServer } = require(${JSON.stringify(path.join(root, "toolchain/local-server.js"))});
			provideTools(process.env).then((tools) => localServer("leafline", tools, process.env, ${tell}))
				.then(({ PATH }) => console.log(PATH === process.env.PATH));
		`;
		const file = write(path.join(path.dirname(bin), "local.js"), script);
		const { stdout, stderr } = await start(process.execPath, [file], { cwd: root, env }).finished;
		expect(stdout).toBe("true\n");
		expect(stderr.split("\n").length).toBe(said === "" ? 1 : 2);
		expect(stderr).toContain(said);
	});

	it("is what a local hub runs that asks for it, whatever else there is", async () => {
		const { bin, env } = await withOurs();
		const script = `
			const { localServer } = require(${JSON.stringify(path.join(root, "toolchain/local-server.js"))});
			localServer("official", new Map(), process.env).then(({ PATH }) => console.log(PATH.split(":")[0]));
		`;
		const file = write(path.join(path.dirname(bin), "local.js"), script);
		expect((await start(process.execPath, [file], { cwd: root, env }).finished).stdout).toBe(`${bin}\n`);
	});
});

it("builds what is missing or too old, once, with the sums of its own module", async () => {
	const { bin, cache, find, builds } = prepare({ ...ALL, "nats-server": "nats-server: v2.10.29" });
	const first = await find().finished;
	expect(first.code).toBe(0);
	const [folder = ""] = fs.readdirSync(path.join(cache, "nats-server"));
	expect(folder).toMatch(/^2\.15\.2\+leafline\.\d+-[0-9a-f]{8}-/);
	expect(first.stdout).toContain(`nats-server 2.15.2 ${path.join(cache, "nats-server", folder)}/nats-server\n`);
	expect(first.stdout).toContain(`pulumi 3.259.0 ${bin}/pulumi\n`);
	expect(first.stderr).toMatch(/✓ build nats-server 2\.15\.2\+leafline\.\d+ \d/);
	expect(builds()).toHaveLength(1);
	expect(builds()[0]).toMatch(/^build .*-mod=vendor.* github\.com\/nats-io\/nats-server\/v2$/);
	const sorted = (text: string) => text.split("\n").sort();
	expect(sorted((await find().finished).stdout)).toEqual(sorted(first.stdout));
	expect(builds()).toHaveLength(1);
});

it("lets a second run wait for the first, and builds each tool once", async () => {
	const { find, builds } = prepare({});
	const [a, b] = await Promise.all([find().finished, find().finished]);
	expect([a.code, b.code]).toEqual([0, 0]);
	expect(a.stdout).toBe(b.stdout);
	expect(a.stderr + b.stderr).toContain("is building the tools; waiting for it");
	expect(builds()).toHaveLength(3);
});

it.each(["SIGKILL", "SIGINT"] as const)("uses nothing half-made after %s", async (signal) => {
	const { find, builds, cache } = prepare({});
	const marker = path.join(temporary(), "building");
	const first = find({ SLOW: marker });
	await eventually("the build has begun", () => fs.existsSync(marker));
	first.child.kill(signal);
	const { code } = await first.finished;
	expect(code).toBe(signal === "SIGINT" ? 130 : null);
	if (signal === "SIGINT") expect(leftovers(cache)).toEqual([]);
	const second = await find().finished;
	expect(second.code).toBe(0);
	expect(second.stdout).toContain("pulumi 3.259.0");
	expect(builds()).toHaveLength(4);
	expect(leftovers(cache)).toEqual([]);
});

it("does not wait for a build that will not end", async () => {
	const { find, cache } = prepare({});
	const marker = path.join(temporary(), "building");
	const first = find({ SLOW: marker, DEAF: "1" });
	await eventually("the build has begun", () => fs.existsSync(marker));
	const before = Date.now();
	first.child.kill("SIGINT");
	expect((await first.finished).code).toBe(130);
	expect(Date.now() - before).toBeLessThan(15_000);
	expect(leftovers(cache)).toEqual([]);
});

it("does not use a build that answers with another version", async () => {
	const { find, cache } = prepare({});
	const { code, stderr } = await find({ ANSWER: "v1.2.3" }).finished;
	expect(code).toBe(1);
	expect(stderr).toContain('pulumi 3.259.0: what was made answers "v1.2.3" and is not used');
	expect(fs.readdirSync(path.join(cache, "pulumi"))).toEqual([]);
});

it("goes on without nats, which is only a convenience, and does not try again at every start", async () => {
	const { find, builds } = prepare({ pulumi: ALL.pulumi, "nats-server": ALL["nats-server"] });
	const first = await find({ NATS_FAILS: "1" }).finished;
	expect(first.code).toBe(0);
	expect(first.stderr).toContain("403 Forbidden");
	expect(first.stderr).toContain("leafline works without it");
	expect(first.stdout).not.toContain("nats 0.4.0");
	const second = await find({ NATS_FAILS: "1" }).finished;
	expect(second.stderr).toBe("");
	expect(builds()).toHaveLength(1);
});

it("fails with what Go said when a tool that is needed cannot be built", async () => {
	const { find } = prepare({}, "echo 'go: example.org/x@v1: reading https://proxy: 403 Forbidden' >&2; exit 1");
	const { code, stderr } = await find().finished;
	expect(code).toBe(1);
	expect(stderr).toContain("build pulumi 3.259.0 failed:\ngo: example.org/x@v1: reading https://proxy: 403 Forbidden");
	expect(stderr).not.toContain("    at ");
});

it("says what is missing and how to get each when there is no Go either", async () => {
	const { bin, find } = prepare({ "nats-server": "nats-server: v2.10.29" }, "");
	const { code, stdout, stderr } = await find().finished;
	expect(code).toBe(1);
	expect(stdout).toBe("");
	expect(stderr).toBe(
		[
			"Some tools are missing, and there is no Go to build them with:",
			"  pulumi 3.250.0 or later, before 4.0",
			"      https://www.pulumi.com/docs/install/",
			"  nats-server 2.15.0 or later, before 3.0",
			"      https://github.com/nats-io/nats-server/releases",
			`      ${bin}/nats-server is 2.10.29`,
			"  nats (optional)",
			"      https://github.com/nats-io/natscli/releases",
			"Either put them on PATH, or install Go (https://go.dev/dl/) and run this again: it builds them once.",
			"",
		].join("\n"),
	);
});

it("needs no Go when only nats is missing", async () => {
	const { find } = prepare({ pulumi: ALL.pulumi, "nats-server": ALL["nats-server"] }, "");
	expect((await find().finished).code).toBe(0);
});

/** Pulumi's hosts: an archive with an engine and a plugin, and the sums of it, or of another one. */
const FAKE_CURL = `
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
archive=pulumi-v3.259.0-${process.platform}-${process.arch}.tar.gz
make() {
	mkdir -p "$BUILDS.d/pulumi" && cd "$BUILDS.d" || exit 1
	printf '#!/bin/sh\\necho v3.259.0\\n' >pulumi/pulumi; printf 'real' >pulumi/pulumi-language-nodejs
	chmod +x pulumi/*; tar -czf "$archive" pulumi
}
case $1 in
https://github.com/*checksums.txt) make; sum=$(sha256sum "$archive"); echo "\${WRONG:-}$sum" >"$out" ;;
https://get.pulumi.com/*) cp "$BUILDS.d/$archive" "$out" ;;
*) exit 22 ;;
esac
`;

it("takes Pulumi's own release, plugins included, where its hosts answer, also without Go", async () => {
	const { find, cache } = prepare({ "nats-server": ALL["nats-server"], nats: ALL.nats }, "", FAKE_CURL);
	const { code, stdout, stderr } = await find().finished;
	expect(stderr).toMatch(/✓ pulumi 3\.259\.0 \d/);
	expect(code).toBe(0);
	const folder = path.join(cache, "pulumi", `3.259.0-${process.platform}-${process.arch}`);
	expect(stdout).toContain(`pulumi 3.259.0 ${folder}/pulumi\n`);
	expect(fs.readdirSync(folder).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
});

it("builds Pulumi when the archive is not what its checksums say", async () => {
	const { find, builds, cache } = prepare({ "nats-server": ALL["nats-server"], nats: ALL.nats }, FAKE_GO, FAKE_CURL);
	const { code, stderr } = await find({ WRONG: "0" }).finished;
	expect(stderr).toMatch(/✗ download pulumi 3\.259\.0/);
	expect(code).toBe(0);
	expect(builds()).toHaveLength(1);
	expect(fs.readdirSync(path.join(cache, "pulumi", `3.259.0-${process.platform}-${process.arch}`))).toEqual(["pulumi"]);
});
