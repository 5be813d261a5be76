import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { bareEnvironment, load, root, script, start, temporary, write } from "./support";

const { dependencies } = load("../../package.json") as { dependencies: Record<string, string> };
const VERSION = dependencies["@pulumi/aws"] ?? "";

const PROVIDE = `
const { provideAwsPlugin } = require(${JSON.stringify(path.join(root, "toolchain/aws-plugin.js"))});
provideAwsPlugin({ root: ${JSON.stringify(root)}, pulumi: process.env.ENGINE, env: process.env }).catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
`;

/** What the engine does when it is told to install a plugin. */
const INSTALLS = `
echo "$*" >>"$ASKED"
for version; do :; done
folder=$PULUMI_HOME/plugins/resource-$4-v$version
mkdir -p "$folder"
printf '#!/bin/sh\\n' >"$folder/pulumi-resource-$4"
chmod +x "$folder/pulumi-resource-$4"
`;

const FAILS = `
echo "$*" >>"$ASKED"
echo 'warning: Error downloading plugin: Get "https://get.pulumi.com/…": dial tcp: lookup get.pulumi.com: no such host' >&2
echo "error: [resource plugin aws] downloading from : failed all 5 attempts" >&2
exit 255
`;

function prepare(engine: string) {
	const home = temporary();
	const asked = write(path.join(home, "asked"), "");
	const env = {
		...bareEnvironment(home, [path.join(home, "bin")]),
		ENGINE: script(path.join(home, "pulumi"), engine),
		PULUMI_HOME: path.join(home, "pulumi-home"),
		PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "1",
		ASKED: asked,
	};
	const program = write(path.join(home, "provide.js"), PROVIDE);
	return {
		home,
		asked: () => fs.readFileSync(asked, "utf8").trim().split("\n").filter(Boolean),
		provide: (more: NodeJS.ProcessEnv = {}) =>
			start(process.execPath, [program], { cwd: home, env: { ...env, ...more } }).finished,
	};
}

it("installs the AWS plugin of package.json where a stand-in keeps the engine from doing so, once", async () => {
	const { provide, asked } = prepare(INSTALLS);
	expect((await provide()).code).toBe(0);
	expect((await provide()).code).toBe(0);
	expect(asked()).toEqual([`plugin install resource aws ${VERSION}`]);
});

it("says why it could not, and the command, in a line each", async () => {
	const { provide } = prepare(FAILS);
	const { code, stderr } = await provide();
	expect(code).toBe(1);
	expect(stderr).toMatch(
		/The AWS plugin is not there and could not be fetched: .*lookup get\.pulumi\.com: no such host\n/,
	);
	expect(stderr).toContain(`: npm run pulumi -- plugin install resource aws ${VERSION}\n`);
});

it("leaves it to the engine where there is no stand-in, and to whoever has put one on PATH", async () => {
	const { provide, asked, home } = prepare(FAILS);
	expect((await provide({ PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "" })).code).toBe(0);
	script(path.join(home, "bin", "pulumi-resource-aws"), "");
	expect((await provide()).code).toBe(0);
	expect(asked()).toEqual([]);
});
