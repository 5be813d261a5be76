import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderSwitch } from "../../render/bundle/switch/script";
import { distinct, PowerCuts, type Tree } from "./power-cuts";

const unit = (text: string) => `[Service]\nExecStart=/bin/${text}\n[Install]\nWantedBy=multi-user.target\n`;

/** What a release holds, each in its own words; each has a unit that the other one has not. */
function release(id: string, own: string): Tree {
	return {
		"bin/nats-server": `server ${id}`,
		"systemd/leafline-server.service": unit(`server-${id}`),
		[`systemd/${own}.service`]: unit(own),
		"system/sysctl.conf": "# the same in both",
		"system/tmpfiles.conf": `# ${id}`,
		"system/switch.sh": id === "old" ? renderSwitch() : `${renderSwitch()}# ${id}\n`,
	};
}
const UNITS = "etc/systemd/system";
const RELEASES: Readonly<Record<string, Tree>> = { old: release("old", "bridge"), new: release("new", "camera") };

/** What systemd reads of it. */
function system(id: string): Tree {
	const files = Object.entries(RELEASES[id] ?? {});
	const units = files.filter(([name]) => name.startsWith("systemd/"));
	return Object.fromEntries([
		...units.map(([name, text]) => [name.replace("systemd", UNITS), text]),
		...units.map(([name]) => {
			const base = name.replace("systemd/", "");
			return [`${UNITS}/multi-user.target.wants/${base}`, `-> /${UNITS}/${base}`];
		}),
		["etc/sysctl.d/60-leafline.conf", RELEASES[id]?.["system/sysctl.conf"]],
		["etc/tmpfiles.d/leafline.conf", RELEASES[id]?.["system/tmpfiles.conf"]],
	]) as Tree;
}

const under = (prefix: string, tree: Tree): Tree =>
	Object.fromEntries(Object.entries(tree).map(([name, text]) => [`${prefix}/${name}`, text]));
const within = (prefix: string, tree: Tree): Tree =>
	Object.fromEntries(
		Object.entries(tree).flatMap(([name, text]) =>
			name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), text]] : [],
		),
	);

const BASE = "opt/leafline";
const BEFORE: Tree = {
	...under(`${BASE}/releases/old`, RELEASES.old ?? {}),
	...under(`${BASE}/releases/new`, RELEASES.new ?? {}),
	[`${BASE}/current`]: "-> releases/old",
	[`${BASE}/release`]: "1\n",
	[`${BASE}/switch`]: renderSwitch(),
	...system("old"),
};
const SWITCH = `sh "$root/${BASE}/switch" --root "$root"`;
const TRY = `${SWITCH} try`;
const TO = `${SWITCH} to new 2 7 1 up`;
const verdict = (text: string) => ({ "run/leafline-rollout/verdict": `${text}\n` });

let folder = "";
let power: PowerCuts;
beforeAll(() => {
	folder = fs.mkdtempSync(path.join(os.tmpdir(), "leafline-switch-"));
	power = new PowerCuts(folder);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Which of the two a machine runs with this on its disk, once `try` has been through. */
function whole(tree: Tree): string {
	const id = tree[`${BASE}/current`]?.replace("-> releases/", "") ?? "";
	expect(within(`${BASE}/releases/${id}`, tree), "the release is whole").toEqual(RELEASES[id]);
	const drafts = /\.(leafline|before|new)$/;
	const etc = Object.fromEntries(
		Object.entries(tree).filter(([name]) => name.startsWith("etc/") && !drafts.test(name)),
	);
	expect(etc, "systemd reads what belongs to it").toEqual(system(id));
	return id;
}

const marked = (tree: Tree) => tree[`${BASE}/trial`]?.split(" ")[0];

/**
 * What a power cut may leave of a run, and of the start behind it when that is cut as well; of the states that one start
 * goes on from in the same way, one.
 */
function cutTwice(tree: Tree, script: string): { readonly once: readonly Tree[]; readonly twice: readonly Tree[] } {
	const once = power.run(tree, script).cuts;
	const from = new Map(once.map((state) => [`${state[`${BASE}/trial`]} ${state[`${BASE}/current`]}`, state]));
	const second = [...from.values()].filter((state) => marked(state)).flatMap((state) => power.run(state, TRY).cuts);
	return { once, twice: distinct(second) };
}

/** @returns what it comes up with */
function comeUp(states: readonly Tree[]): Tree[] {
	return states.map((state) =>
		marked(state) === undefined ? state : power.run(state, TRY, { recorded: false }).after,
	);
}

describe("a switch that the power is cut in", { timeout: 300_000 }, () => {
	it("comes up on one of the two, whole, wherever it was cut, and cut again", () => {
		const { once, twice } = cutTwice(BEFORE, TO);
		expect(once.length).toBeGreaterThan(15);
		const up = comeUp(distinct([...once, ...twice]));
		for (const tree of up) expect(marked(tree)).toBe(whole(tree) === "new" ? "trial" : undefined);
		expect(new Set(up.map(whole))).toEqual(new Set(["old", "new"]));
	});

	it("is on the old one, and says why, wherever the way back was cut, and cut again", () => {
		const trial = { ...power.run(BEFORE, TO).after, ...verdict("not-yet new the link does not come") };
		const { once, twice } = cutTwice(trial, `${SWITCH} watch`);
		const back = distinct([...once, ...twice]).filter((tree) => marked(tree) !== "trial");
		expect(back.length).toBeGreaterThan(15);
		for (const tree of comeUp(back)) {
			expect(whole(tree)).toBe("old");
			expect(tree[`${BASE}/outcome`]).toBe("returned new 2 7 the link does not come\n");
			expect(tree[`${BASE}/release`]).toBe("1\n");
			expect(marked(tree)).toBeUndefined();
		}
	});

	it("stays on the new one, once that was found to be good, wherever that was cut, and cut again", () => {
		const trial = { ...power.run(BEFORE, TO).after, ...verdict("good new") };
		const { once, twice } = cutTwice(trial, `${SWITCH} watch`);
		const good = distinct([...once, ...twice]).filter((tree) => marked(tree) !== "trial");
		expect(good.length).toBeGreaterThan(10);
		for (const tree of comeUp(good)) {
			expect(whole(tree)).toBe("new");
			expect(tree[`${BASE}/outcome`]).toBe("good new 2 7\n");
			expect(tree[`${BASE}/release`]).toBe("2\n");
			expect(tree[`${BASE}/previous`]).toBe("-> releases/old");
			expect(tree[`${BASE}/switch`]).toBe(RELEASES.new?.["system/switch.sh"]);
			expect(marked(tree)).toBeUndefined();
		}
	});
});

describe("a release on trial", { timeout: 120_000 }, () => {
	const become = (tree: Tree, script: string) => power.run(tree, script, { recorded: false }).after;
	/** What it says, and that nothing is changed. */
	const refusal = (tree: Tree, script: string) => {
		try {
			become(tree, script);
		} catch (error) {
			return (error as Error).message.split(": 1 ").at(-1)?.trim();
		}
		return undefined;
	};

	it("goes back by itself when nothing is heard of it, whatever it brings in place of the switch", () => {
		const broken = { ...BEFORE, [`${BASE}/releases/new/system/switch.sh`]: "exit 1\n" };
		const back = become(become(broken, TO), `${SWITCH} watch`);
		expect(whole(back)).toBe("old");
		expect(back[`${BASE}/outcome`]).toBe("returned new 2 7 nothing was heard of its device program\n");
	});

	it("goes back when the machine was started again and again without a verdict", () => {
		let tree = become(BEFORE, TO);
		for (let boot = 1; boot <= 5; boot++) {
			tree = become(tree, TRY);
			expect([boot, whole(tree)]).toEqual([boot, "new"]);
		}
		tree = become(tree, TRY);
		expect(whole(tree)).toBe("old");
		expect(tree[`${BASE}/outcome`]).toBe("returned new 2 7 the machine was started 6 times before it was judged\n");
	});

	it("is not judged by what was said of another one", () => {
		const trial = { ...become(BEFORE, TO), ...verdict("good old") };
		expect(whole(become(trial, `${SWITCH} watch`))).toBe("old");
	});

	it("is alone, and never the one in force or one that is not there", () => {
		const trial = become(BEFORE, TO);
		expect(refusal(trial, TO)).toBe("switch: another release is on trial: trial new old 2 7 0 1 up -");
		expect(refusal(BEFORE, `${SWITCH} to old 1 7 3 up`)).toBe("switch: old is in force");
		expect(refusal(BEFORE, `${SWITCH} to none 1 7 3 up`)).toBe("switch: there is no release none");
	});

	it("is given up for one that somebody installs by hand meanwhile", () => {
		const other = under(`${BASE}/releases/hand`, RELEASES.old ?? {});
		const trial = { ...become(BEFORE, TO), ...other, [`${BASE}/current`]: "-> releases/hand" };
		const tree = become(trial, TRY);
		expect([tree[`${BASE}/current`], marked(tree)]).toEqual(["-> releases/hand", undefined]);
	});

	it("leaves everything as it was where the files of systemd cannot be written", () => {
		// A file in the place of a folder, for what only the new release has.
		const { "etc/sysctl.d/60-leafline.conf": _, ...rest } = BEFORE;
		expect(refusal({ ...rest, "etc/sysctl.d": "" }, TO)).toMatch(
			/the files of systemd cannot be written: nothing is changed$/,
		);
	});
});

it("is good POSIX shell", ({ skip }) => {
	const checked = spawnSync("shellcheck", ["--shell=sh", "-"], { input: renderSwitch(), encoding: "utf8" });
	skip(checked.error !== undefined, "there is no shellcheck");
	expect(checked.stdout).toBe("");
});
