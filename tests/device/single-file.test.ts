import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, expect, it } from "vitest";

const root = path.join(__dirname, "../..");
const { DEVICE_PROGRAM, bundleDeviceProgram } = createRequire(__filename)("../../toolchain/device-program.js") as {
	DEVICE_PROGRAM: string;
	bundleDeviceProgram(root: string): void;
};
const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-single-file-"));
	folders.push(folder);
	return folder;
}

/** The program where there is nothing beside it. */
function alone(args: readonly string[], files: Readonly<Record<string, string>> = {}, programs = "") {
	const folder = temporary();
	const program = path.join(folder, "leafline-device.js");
	fs.copyFileSync(path.join(root, DEVICE_PROGRAM), program);
	for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
	const env = { PATH: `${programs}:${process.env.PATH}`, NODE_PATH: "" };
	const ended = spawnSync(process.execPath, [program, ...args], { cwd: folder, env, encoding: "utf8" });
	const { status, stdout, stderr } = ended;
	return { status, stdout, stderr, folder };
}

it("runs without node_modules, and says what it wants", () => {
	expect(alone([])).toMatchObject({
		status: 1,
		stderr: expect.stringMatching(/^leafline: usage: leafline-device gate/),
	});
});

it("lets a device through whose store is empty, and notes that", () => {
	const spec = { device: "edge1", storeDir: "store", gateConf: "gate.conf", key: "leafline.nk", streams: [] };
	const { status, stderr, folder } = alone(["gate"], { "device.json": JSON.stringify(spec) });
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
	const noted = fs.readFileSync(path.join(folder, "store/leafline/reserved.json"), "utf8");
	expect(JSON.parse(noted)).toMatchObject({ device: "edge1" });
});

it("lets a server through that is too old for the hub, which keeps what is published, and says so", () => {
	const programs = temporary();
	fs.writeFileSync(path.join(programs, "nats-server"), "#!/bin/sh\necho 'nats-server: v2.14.5'\n", { mode: 0o755 });
	const spec = { device: "edge1", storeDir: "store", gateConf: "gate.conf", key: "leafline.nk", streams: [] };
	const { status, stdout, folder } = alone(["gate"], { "device.json": JSON.stringify(spec) }, programs);
	expect(status).toBe(0);
	expect(stdout).toMatch(/^leafline: edge1: its nats-server 2\.14\.5 is too old .*: install 2\.15\.0 or later/);
	expect(fs.existsSync(path.join(folder, "store/leafline/reserved.json"))).toBe(true);
});

it("is the same, byte for byte, wherever the project lies, and names no folder of that machine", () => {
	const elsewhere = temporary();
	for (const folder of ["device", "jetstream", "topology", "system", "config", "render", "components"]) {
		fs.cpSync(path.join(root, folder), path.join(elsewhere, folder), { recursive: true });
	}
	fs.copyFileSync(path.join(root, "tsconfig.json"), path.join(elsewhere, "tsconfig.json"));
	fs.symlinkSync(path.join(root, "node_modules"), path.join(elsewhere, "node_modules"));
	bundleDeviceProgram(elsewhere);
	const made = fs.readFileSync(path.join(elsewhere, DEVICE_PROGRAM));
	expect(made.equals(fs.readFileSync(path.join(root, DEVICE_PROGRAM)))).toBe(true);
	expect(made.includes(fs.realpathSync(root))).toBe(false);
});

/*
 * What is not in the file cannot be in memory: 60 MB are all that `keep` may take (`npm run bench -- program`), and Node
 * alone takes 45.
 */
it("has nothing of zod's languages, of Node's TLS, and not much at all", () => {
	const text = fs.readFileSync(path.join(root, DEVICE_PROGRAM), "utf8");
	expect(text).not.toMatch(/require\("(node:)?tls"\)/);
	expect(text).not.toContain("zod/v4/locales/he");
	expect(text).not.toContain("קלט");
	expect(text.length).toBeLessThan(760_000);
});
