import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { APART, makeBundles } from "../../cli/bundle/bundle";
import type { BundleOptions } from "../../cli/bundle/options";
import { createKeys } from "../../components/identity/keys";
import { renderInstall } from "../../render/bundle/install/script";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";
import { outputsOf } from "./outputs";

const keys = createKeys();
const topology = planFleet(SMALL_FLEET, { hub: { kind: "local" }, leaves: { local: false } });
const outputs = outputsOf(topology, { keys });
const DEFAULTS: BundleOptions = { format: "dir", extras: [], credentials: "together", release: 1 };
const folders: string[] = [];

afterEach(() => {
	for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-install-"));
	folders.push(folder);
	return folder;
}

/** A root file system with nothing but a server and a Node. */
function emptyRoot(): string {
	const root = temporary();
	fs.mkdirSync(path.join(root, "usr/bin"), { recursive: true });
	for (const name of ["nats-server", "node", "kill", "ln", "rm", "sh", "systemd-notify"])
		fs.writeFileSync(path.join(root, "usr/bin", name), "", { mode: 0o755 });
	fs.symlinkSync("usr/bin", path.join(root, "bin"));
	return root;
}

async function bundle(options: Partial<BundleOptions> = {}, device = "edge1", from = outputs): Promise<string> {
	const out = temporary();
	await makeBundles(from, [device], out, { ...DEFAULTS, ...options });
	return path.join(out, device);
}

function install(dir: string, root: string, ...more: string[]) {
	const args = [path.join(dir, "install.sh"), "--root", root, ...more];
	const { status, stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
	return { status, stdout, stderr };
}

/** Everything below a folder: kind, mode, and what is in it or where it leads. */
function look(dir: string): Record<string, string> {
	const found: Record<string, string> = {};
	for (const name of (fs.readdirSync(dir, { recursive: true }) as string[]).sort()) {
		const file = path.join(dir, name);
		const stat = fs.lstatSync(file);
		const mode = (stat.mode & 0o777).toString(8);
		if (stat.isSymbolicLink()) found[name] = `-> ${fs.readlinkSync(file)}`;
		else if (stat.isFile()) found[name] = `${mode} ${fs.readFileSync(file).toString("base64")}`;
		else found[name] = `${mode} folder`;
	}
	return found;
}

const refused = (message: string | RegExp) => ({
	status: 1,
	stdout: "",
	stderr: typeof message === "string" ? `install.sh: ${message}\n` : expect.stringMatching(message),
});

describe("install.sh", () => {
	let good: string;
	beforeAll(async () => {
		const out = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-install-good-"));
		await makeBundles(outputs, ["edge1"], out, DEFAULTS);
		good = path.join(out, "edge1");
		return () => fs.rmSync(out, { recursive: true, force: true });
	});

	it("installs into an empty root, twice the same, and nothing that others may read is secret", () => {
		const root = emptyRoot();
		expect(install(good, root)).toMatchObject({
			status: 0,
			stdout: expect.stringMatching(/^edge1: release 1 \(\w{16}\) is installed anew\n/m),
		});
		const once = look(root);
		const etc = fs.realpathSync(path.join(root, "opt/leafline/current/etc"));
		expect(fs.readlinkSync(path.join(root, "etc/nats"))).toBe("../opt/leafline/current/etc");
		for (const name of ["device.creds", "leafline.nk", "leaf.conf", "gate.conf"]) {
			expect(fs.statSync(path.join(etc, name)).mode & 0o777, name).toBe(0o600);
		}
		const seeds = ["device.creds", "leafline.nk"].map((name) => fs.readFileSync(path.join(etc, name), "utf8"));
		const readable = Object.entries(once).filter(([, text]) => /^\d*[4-7] /.test(text));
		const tells = ([, text]: [string, string]) => {
			const content = Buffer.from(text.split(" ")[1] ?? "", "base64").toString();
			return seeds.some((seed) => content.includes(seed.trim().split("\n").at(-2) ?? seed.trim()));
		};
		expect(readable.length).toBeGreaterThan(10);
		expect(readable.filter(tells).map(([name]) => name)).toEqual([]);
		expect(install(good, root).status).toBe(0);
		expect(look(root)).toEqual(once);
		expect(Object.keys(once).filter((name) => /\.(new|staged|old)|\.leafline$/.test(name))).toEqual([]);
	});

	it("mends what was damaged since", () => {
		const root = emptyRoot();
		expect(install(good, root).status).toBe(0);
		const before = look(root);
		fs.appendFileSync(path.join(root, "etc/nats/leaf.conf"), "x");
		fs.rmSync(path.join(root, "opt/leafline/current"));
		fs.writeFileSync(path.join(root, "etc/systemd/system/leafline-keep.service"), "");
		expect(install(good, root).status).toBe(0);
		expect(look(root)).toEqual(before);
	});

	it("replaces one release by the next, keeps the one before, and returns only when it is told to", async () => {
		const root = emptyRoot();
		const dirs = [good, await bundle({ release: 2 }), await bundle({ release: 3 })];
		for (const dir of dirs) expect(install(dir, root)).toMatchObject({ status: 0, stderr: "" });
		expect(fs.readdirSync(path.join(root, "opt/leafline/releases"))).toHaveLength(2);
		const before = look(root);
		expect(install(good, root)).toEqual(
			refused("release 3 is installed, and this is 1, an older one: --allow-older installs it all the same"),
		);
		expect(look(root)).toEqual(before);
		expect(install(good, root, "--allow-older").status).toBe(0);
		expect(fs.readFileSync(path.join(root, "opt/leafline/release"), "utf8")).toBe("1\n");
	});

	it("refuses another device's bundle, another signer's, a flipped byte and an old signature over one that is installed", async () => {
		const root = emptyRoot();
		expect(install(good, root).status).toBe(0);
		const before = look(root);
		expect(install(await bundle({}, "edge2"), root)).toEqual(
			refused("the bundle is for edge2, and this is edge1: nothing is installed"),
		);
		expect(install(await bundle({}, "edge1", outputsOf(topology)), root)).toEqual(
			refused(/is not signed with U\w+, which this device trusts/),
		);
		const flipped = await bundle({ release: 2 });
		const conf = path.join(flipped, "etc/leaf.conf");
		fs.writeFileSync(conf, fs.readFileSync(conf, "utf8").replace("edge1", "edge7"));
		expect(install(flipped, root)).toEqual(refused(/^install.sh: etc\/leaf.conf is not what was signed/));
		const signed = await bundle({ release: 2 });
		fs.copyFileSync(path.join(good, "manifest.sig"), path.join(signed, "manifest.sig"));
		expect(install(signed, root)).toEqual(refused(/its manifest or its signature is of another one/));
		expect(look(root)).toEqual(before);
	});

	it("has the program that is installed judge the next bundle, not the bundle its own", async () => {
		const root = emptyRoot();
		expect(install(good, root).status).toBe(0);
		const next = await bundle({ release: 2 });
		fs.writeFileSync(path.join(next, "leafline-device.js"), 'console.log("edge1 2 U")');
		expect(install(next, root)).toEqual(refused(/^install.sh: leafline-device.js is not what was signed/));
	});

	it("takes a key that the device is to trust from the start", () => {
		const root = emptyRoot();
		const key = outputs.leafline.bundleKey ?? "";
		const other = outputsOf(topology).leafline.bundleKey ?? "";
		expect(install(good, root, "--key", other)).toEqual(refused(/is not signed with U\w+, which this device trusts/));
		expect(fs.existsSync(path.join(root, "opt"))).toBe(false);
		expect(install(good, root, "--key", key).status).toBe(0);
		expect(install(good, root, "--key", other)).toEqual(
			refused(`--key ${other} is not the one that this device trusts: ${key}`),
		);
	});

	it("takes credentials from elsewhere, and keeps those of before", async () => {
		const root = emptyRoot();
		const apart = await bundle({ credentials: "apart" });
		expect(install(apart, root)).toEqual(refused(/^install.sh: etc\/device.creds of the bundle cannot be read/));
		expect(install(apart, root, "--credentials", path.join(apart, "..", APART, "edge1"))).toMatchObject({ status: 0 });
		const creds = () => fs.readFileSync(path.join(root, "etc/nats/device.creds"), "utf8");
		const first = creds();
		expect(first).toContain("NATS USER JWT");
		expect(install(await bundle({ credentials: "none", release: 2 }), root)).toMatchObject({ status: 0 });
		expect(creds()).toBe(first);
		expect(install(await bundle({ credentials: "none" }), emptyRoot())).toEqual(
			refused("etc/device.creds is missing: name the folder of the credentials by --credentials"),
		);
	});

	it("refuses a configuration that is not leafline's, a root without a server, and options that are none", () => {
		const root = emptyRoot();
		fs.mkdirSync(path.join(root, "etc/nats"), { recursive: true });
		expect(install(good, root)).toEqual(refused("/etc/nats is there and not leafline's: move it away first"));
		const bare = temporary();
		expect(install(good, bare)).toEqual(
			refused(`there is no nats-server in ${bare}/usr: make the bundle with --with server`),
		);
		expect(install(good, path.join(bare, "none"))).toEqual(refused(`--root ${path.join(bare, "none")} is no folder`));
		expect(install(good, bare, "--force")).toEqual(refused(/^install.sh: --force is no option; usage/));
		expect(install(good, bare, "--node", "/bin/false")).toEqual(refused("--node /bin/false does not run"));
		expect(look(bare)).toEqual({});
	});

	it.each([
		["2.14.5", false],
		["2.9.25", false],
		["2.15.0", true],
		["2.15.2+leafline.3", true],
		["2.100.0", true],
	])("takes a root with nats-server %s: %s", (version, taken) => {
		const root = emptyRoot();
		const server = path.join(root, "usr/bin/nats-server");
		fs.writeFileSync(server, `#!/bin/sh\necho 'nats-server: v${version}'\n`, { mode: 0o755 });
		const before = look(root);
		if (taken) {
			expect(install(good, root)).toMatchObject({ status: 0 });
			return;
		}
		const remedy = "install 2.15.0 or later, or make the bundle with --with server";
		expect(install(good, root)).toEqual(
			refused(`/usr/bin/nats-server is ${version}, and would not stay connected to the hub: ${remedy}`),
		);
		expect(look(root)).toEqual(before);
	});

	it.skipIf(process.getuid?.() !== 0)("leaves everything as it was on a full disk", async () => {
		const root = emptyRoot();
		const next = await bundle({ release: 2 });
		// Room for one release, another one beside it, and hardly more than the installer wants to be left.
		const inside =
			'mount -t tmpfs -o size=$(($(du -sk "$2" | cut -f1) * 2 + 1500))k,nr_inodes=200 none "$1" && mkdir -p "$1/usr/bin" && cp -p "$1".usr/* "$1/usr/bin/" && ';
		fs.renameSync(path.join(root, "usr/bin"), `${root}.usr`);
		folders.push(`${root}.usr`);
		const script = `${inside}
			sh "$2/install.sh" --root "$1" > /dev/null || exit 2
			before=$(cd "$1" && find . ! -type d -exec ls -ln {} + | sha256sum)
			mkdir "$1/filler"
			if [ "$4" = inodes ]; then
				# It looks as if there were room, until the middle of the copy.
				i=0; while touch "$1/filler/$i"; do i=$((i + 1)); done 2> /dev/null
				rm "$1/filler/1" "$1/filler/2" "$1/filler/3" "$1/filler/4" "$1/filler/5"
			else
				dd if=/dev/zero of="$1/filler/0" bs=1k count="$4" 2> /dev/null
			fi
			sh "$3/install.sh" --root "$1" && exit 3
			rm -r "$1/filler"
			after=$(cd "$1" && find . ! -type d -exec ls -ln {} + | sha256sum)
			[ "$before" = "$after" ] || exit 4
			sh "$3/install.sh" --root "$1" > /dev/null || exit 5`;
		const inodes =
			/No space left on device\n(.*\n)*install.sh: the bundle cannot be copied to .*: nothing is installed\n$/;
		for (const filler of ["1000", "2000", "9999", "inodes"]) {
			const args = ["--mount", "sh", "-c", script, "sh", root, good, next, filler];
			const { status, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
			expect({ status, stderr }).toEqual({
				status: 0,
				stderr: expect.stringMatching(
					filler === "inodes" ? inodes : /^install.sh: there is no room: \d+ kB are needed/,
				),
			});
		}
	});

	it("is good POSIX shell", ({ skip }) => {
		const checked = spawnSync("shellcheck", ["--shell=sh", "-"], { input: renderInstall(), encoding: "utf8" });
		skip(checked.error !== undefined, "there is no shellcheck");
		expect(checked.stdout).toBe("");
	});
});

describe("the units", () => {
	it("are units, of which each is exposed by less than 2", async ({ skip }) => {
		skip(spawnSync("systemd-analyze", ["--version"]).error !== undefined, "there is no systemd-analyze");
		const root = emptyRoot();
		expect(install(await bundle(), root).status).toBe(0);
		const folder = path.join(root, "etc/systemd/system");
		for (const unit of fs.readdirSync(folder).filter((name) => name.startsWith("leafline-"))) {
			const file = path.join(folder, unit);
			const verified = spawnSync("systemd-analyze", ["verify", `--root=${root}`, "--man=no", unit], {
				encoding: "utf8",
			});
			// Of a root that has no units of systemd's own, only what is said of this one counts.
			expect(verified.stderr.split("\n").filter((line) => line.includes(unit) && !/not found/.test(line))).toEqual([]);
			if (!unit.endsWith(".service")) continue;
			const scored = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", file], {
				encoding: "utf8",
			});
			expect(scored.stdout.match(/Overall exposure level for .*/)?.[0]).toMatch(/: [01]\.\d/);
			expect(scored.status).toBe(0);
		}
	});
});
