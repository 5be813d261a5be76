import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { load, temporary, write } from "./support";

const { isFresh, digest, writeStamp } = load(
	"../../toolchain/build-stamp.js",
) as typeof import("../../toolchain/build-stamp.js");
const { chooseStack } = load("../../toolchain/stack-choice.js") as typeof import("../../toolchain/stack-choice.js");
const { removeSettings, withoutSalt } = load(
	"../../toolchain/stack-settings.js",
) as typeof import("../../toolchain/stack-settings.js");
const { countTests, countLine } = load(
	"../../toolchain/test-count.js",
) as typeof import("../../toolchain/test-count.js");
const { localEnvironment } = load("../../toolchain/local-stack.js") as typeof import("../../toolchain/local-stack.js");
const { pulumiHome } = load("../../toolchain/environment.js") as typeof import("../../toolchain/environment.js");

describe("the build's stamp", () => {
	function project(): string {
		const root = temporary();
		write(
			path.join(root, "tsconfig.json"),
			JSON.stringify({ include: ["index.ts", "config/**/*.ts", "none/**/*.ts"] }),
		);
		write(path.join(root, "index.ts"), "export {};");
		write(path.join(root, "config", "deep", "a.ts"), "export const a = 1;");
		writeStamp(root, digest(root));
		return root;
	}

	it("is fresh after a build, and after a touch", () => {
		const root = project();
		expect(isFresh(root)).toBe(true);
		fs.utimesSync(path.join(root, "index.ts"), new Date(), new Date());
		expect(isFresh(root)).toBe(true);
	});

	it.each<[string, (root: string) => void]>([
		["a source changed", (root) => write(path.join(root, "config/deep/a.ts"), "export const a = 2;")],
		["a source added", (root) => write(path.join(root, "config/b.ts"), "")],
		["a source removed", (root) => fs.rmSync(path.join(root, "config/deep/a.ts"))],
		["a source renamed", (root) => fs.renameSync(path.join(root, "config/deep/a.ts"), path.join(root, "config/a.ts"))],
		["the compiler's settings changed", (root) => fs.appendFileSync(path.join(root, "tsconfig.json"), " ")],
		["bin removed", (root) => fs.rmSync(path.join(root, "bin"), { recursive: true })],
	])("is stale when %s", (_, change) => {
		const root = project();
		change(root);
		expect(isFresh(root)).toBe(false);
	});

	it("does not look at what is not compiled", () => {
		const root = project();
		write(path.join(root, "tests/a.ts"), "");
		write(path.join(root, "config/readme.md"), "");
		expect(isFresh(root)).toBe(true);
	});
});

describe("which stack a command means", () => {
	const root = temporary();
	write(path.join(root, "Pulumi.yaml"), "name: leafline\n");

	it.each<[string, string, boolean]>([
		["up", "local", true],
		["preview --diff", "local", true],
		["version", "local", false],
		["stack ls", "local", false],
		["stack", "local", true],
		["stack output --json", "local", true],
		["up -s dev", "dev", true],
		["up --stack org/leafline/staging", "staging", true],
		["--stack=prod preview", "prod", true],
		["stack select dev", "dev", true],
		["stack init dev", "dev", false],
		["stack rm local --yes", "local", true],
	])("pulumi %s: %s, which must exist: %s", (line, stack, needed) => {
		expect(chooseStack(root, line.split(" "), { HOME: root })).toEqual({ stack, needed });
	});

	it("follows PULUMI_STACK, and an option before it", () => {
		expect(chooseStack(root, ["up"], { HOME: root, PULUMI_STACK: "dev" }).stack).toBe("dev");
		expect(chooseStack(root, ["up", "-s", "local"], { HOME: root, PULUMI_STACK: "dev" }).stack).toBe("local");
	});
});

describe("the local stack's environment", () => {
	it("has its state and passphrase in the project, whatever its path", () => {
		const env = localEnvironment("/tmp/it's 100% odd #1?", { PATH: "x" });
		expect(env.PULUMI_BACKEND_URL).toBe("file:///tmp/it's%20100%25%20odd%20%231%3F/.leafline/state");
		expect(env.PULUMI_CONFIG_PASSPHRASE_FILE).toBe("/tmp/it's 100% odd #1?/.leafline/passphrase");
		expect(env.PATH).toBe("x");
	});

	it("leaves to the user what the user has set, an empty passphrase included", () => {
		const env = localEnvironment("/p", { PULUMI_BACKEND_URL: "s3://mine", PULUMI_CONFIG_PASSPHRASE: "" });
		expect(env.PULUMI_BACKEND_URL).toBe("s3://mine");
		expect(env.PULUMI_CONFIG_PASSPHRASE).toBe("");
		expect(env.PULUMI_CONFIG_PASSPHRASE_FILE).toBeUndefined();
	});

	it("uses the user's Pulumi folder only if it is in use", () => {
		const home = temporary();
		const env = { HOME: home, XDG_CACHE_HOME: path.join(home, "c") };
		const ours = path.join(home, "c", "leafline", "pulumi-home");
		expect(pulumiHome(env)).toBe(ours);
		fs.mkdirSync(path.join(home, ".pulumi", "logs"), { recursive: true });
		expect(pulumiHome(env)).toBe(ours);
		write(path.join(home, ".pulumi", "credentials.json"), "{}");
		expect(pulumiHome(env)).toBe(path.join(home, ".pulumi"));
		expect(pulumiHome({ ...env, PULUMI_HOME: "/mine" })).toBe("/mine");
	});
});

describe("a stack's settings, when the stack goes", () => {
	const template = "# comment\nconfig:\n  leafline:fleet: fleets/demo.yaml\n";
	const salt = "encryptionsalt: v1:abc=:v1:def:ghi==\n";

	function remove(text: string) {
		const folder = temporary();
		const settings = write(path.join(folder, "Pulumi.local.yaml"), text);
		const kept = removeSettings(settings, write(path.join(folder, "template"), template));
		return { kept, left: fs.existsSync(settings) ? fs.readFileSync(settings, "utf8") : undefined };
	}

	it("go when they are the template's, with or without a salt and comments", () => {
		expect(remove(template)).toEqual({ kept: false, left: undefined });
		expect(remove(template + salt)).toEqual({ kept: false, left: undefined });
		expect(remove(`config:\n  leafline:fleet: fleets/demo.yaml\n${salt}`)).toEqual({ kept: false, left: undefined });
	});

	it("stay without the salt when the user has changed them", () => {
		const mine = template.replace("demo", "mine");
		expect(remove(mine + salt)).toEqual({ kept: true, left: mine });
		expect(remove(mine)).toEqual({ kept: true, left: mine });
	});

	it("lose secrets, which nobody could read any more", () => {
		expect(withoutSalt(`config:\n  a:b: c\n  a:d:\n    secure: v1:xyz\n  a:e: f\n${salt}`)).toBe(
			"config:\n  a:b: c\n  a:e: f\n",
		);
	});

	it("may be absent", () => {
		expect(removeSettings(path.join(temporary(), "none"), "none")).toBe(false);
	});
});

describe("the count of the tests", () => {
	const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
	const count = (value: unknown) => countTests(write(path.join(temporary(), "r.json"), JSON.stringify(value)));

	it("is one line", () => {
		expect(countLine(count(report))).toBe("3 passed, 0 failed");
		expect(countLine(count({ ...report, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }))).toBe(
			"3 passed, 2 failed, 2 skipped",
		);
	});

	it("has a failure for a file that could not be loaded, and for a run without a report", () => {
		const broken = { status: "failed", assertionResults: [] };
		expect(count({ ...report, testResults: [broken] }).failed).toBe(1);
		expect(countTests("/nowhere").failed).toBe(1);
	});
});
