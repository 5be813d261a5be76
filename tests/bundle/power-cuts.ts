import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** A file system: by path, what a file holds, or `-> …` where a link leads. */
export type Tree = Readonly<Record<string, string>>;

const CHANGING = ["mv", "ln", "rm", "cp", "mkdir", "chmod", "sync"];

/*
 * Before each of its commands that changes something the shell stands still, and the tree is copied as it is. The machine is
 * not made to sync: what was synced is known by when it was asked for.
 */
const RECORDER = (command: string, real: string) => `#!/bin/sh
n=$(($(cat "$RECORD/n") + 1))
echo $n > "$RECORD/n"
"${fs.realpathSync("/bin/cp")}" -a "$LIVE" "$RECORD/$n"
${command === "sync" ? `exec touch "$RECORD/$n.synced"` : `exec "${real}" "$@"`}
`;

/** Runs a shell script in a tree and gives what the disk may hold if the power is cut anywhere in it. */
export class PowerCuts {
	private readonly bin: string;
	/** Nothing is recorded, and nothing synced either: the whole machine would be. */
	private readonly quiet: string;
	private runs = 0;

	/** @param folder an empty one */
	constructor(private readonly folder: string) {
		this.bin = path.join(folder, "bin");
		this.quiet = path.join(folder, "quiet");
		for (const dir of [this.bin, this.quiet]) fs.mkdirSync(dir);
		fs.writeFileSync(path.join(this.quiet, "sync"), "#!/bin/sh\n", { mode: 0o755 });
		for (const command of CHANGING) {
			const real = spawnSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).stdout.trim();
			fs.writeFileSync(path.join(this.bin, command), RECORDER(command, real), { mode: 0o755 });
		}
	}

	/**
	 * @param script shell, in which `$root` is the tree
	 * @param recorded also every state between
	 */
	run(tree: Tree, script: string, { recorded = true } = {}): { readonly after: Tree; readonly cuts: readonly Tree[] } {
		const dir = path.join(this.folder, `${++this.runs}`);
		const live = path.join(dir, "live");
		put(tree, live);
		fs.writeFileSync(path.join(dir, "n"), "0");
		const PATH = `${recorded ? this.bin : this.quiet}:${process.env.PATH}`;
		const env = { PATH, RECORD: dir, LIVE: live, root: live };
		const { status, stderr } = spawnSync("sh", ["-c", script], { env, encoding: "utf8", timeout: 60_000 });
		if (status !== 0) throw new Error(`${script}: ${status} ${stderr}`);
		const count = Number(fs.readFileSync(path.join(dir, "n"), "utf8"));
		const after = look(live);
		const cuts: Tree[] = [];
		let synced = tree;
		for (let n = 1; n <= count; n++) {
			const state = look(path.join(dir, `${n}`));
			cuts.push(state, withoutData(state, synced));
			if (fs.existsSync(path.join(dir, `${n}.synced`))) synced = state;
		}
		cuts.push(after, withoutData(after, synced));
		fs.rmSync(dir, { recursive: true });
		return { after, cuts: distinct(cuts) };
	}
}

/** Names are on the disk, and what was written since the last sync is not. */
function withoutData(state: Tree, synced: Tree): Tree {
	const known = new Set(Object.values(synced));
	return Object.fromEntries(
		// A file that was only renamed, or linked once more, was written before.
		Object.entries(state).map(([name, text]) => [name, text.startsWith("-> ") || known.has(text) ? text : ""]),
	);
}

export function distinct(trees: readonly Tree[]): Tree[] {
	return [...new Map(trees.map((tree) => [keyOf(tree), tree])).values()];
}

function keyOf(tree: Tree): string {
	return createHash("sha256")
		.update(JSON.stringify(Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1))))
		.digest("hex");
}

function look(dir: string): Tree {
	const found: Record<string, string> = {};
	for (const entry of fs.readdirSync(dir, { recursive: true, withFileTypes: true })) {
		const file = path.join(entry.parentPath, entry.name);
		const name = path.relative(dir, file);
		if (entry.isSymbolicLink()) found[name] = `-> ${fs.readlinkSync(file)}`;
		else if (entry.isFile()) found[name] = fs.readFileSync(file, "utf8");
	}
	return found;
}

function put(tree: Tree, dir: string): void {
	fs.mkdirSync(dir, { recursive: true });
	for (const [name, text] of Object.entries(tree)) {
		const file = path.join(dir, name);
		fs.mkdirSync(path.dirname(file), { recursive: true });
		if (text.startsWith("-> ")) fs.symlinkSync(text.slice(3), file);
		else fs.writeFileSync(file, text);
	}
}
