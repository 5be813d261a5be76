import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Finished, root, type Started, start, write } from "./support";

/** A small project of its own with this project's toolchain and packages. */
export interface Project {
	readonly root: string;
	/** Environment without anything of another stack's. */
	readonly env: NodeJS.ProcessEnv;
	/** Runs `node toolchain/run.js …`. */
	run(...args: string[]): Promise<Finished>;
	start(args: readonly string[], env?: NodeJS.ProcessEnv): Started;
	/** Writes a file of the project. */
	write(name: string, text: string): void;
	read(name: string): string;
	exists(name: string): boolean;
	dispose(): void;
}

const TSCONFIG = {
	compilerOptions: {
		target: "ES2022",
		module: "commonjs",
		moduleResolution: "node",
		outDir: "bin",
		rootDir: ".",
		strict: true,
		skipLibCheck: true,
		types: ["node"],
	},
	include: ["index.ts"],
};

/** @param name part of the folder's name, to try unusual ones */
export function createProject(program: string, name = "project"): Project {
	const outside = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "leafline-"));
	const folder = path.join(outside, name);
	fs.mkdirSync(folder);
	fs.cpSync(path.join(root, "toolchain"), path.join(folder, "toolchain"), { recursive: true });
	fs.symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
	for (const file of ["package.json", "package-lock.json"]) {
		fs.copyFileSync(path.join(root, file), path.join(folder, file));
	}
	const put = (file: string, text: string) => write(path.join(folder, file), text);
	put("Pulumi.yaml", "name: tryout\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: bin/index.js\n");
	put("tsconfig.json", JSON.stringify(TSCONFIG));
	put("stacks/local.yaml", "# settings\nconfig:\n  tryout:greeting: hello\n");
	put("index.ts", program);
	const { PULUMI_STACK, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE, ...env } =
		process.env;
	const starter = (args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
		start(process.execPath, ["toolchain/run.js", ...args], { cwd: folder, env: { ...env, ...more } });
	return {
		root: folder,
		env,
		run: (...args) => starter(args).finished,
		start: starter,
		write: put,
		read: (file) => fs.readFileSync(path.join(folder, file), "utf8"),
		exists: (file) => fs.existsSync(path.join(folder, file)),
		dispose: () => fs.rmSync(outside, { recursive: true, force: true, maxRetries: 5 }),
	};
}
