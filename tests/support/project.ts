import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { freeRange } from "./ports";

export interface Finished {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
	/** Both, as a user sees them. */
	readonly text: string;
}

export interface Project {
	readonly dir: string;
	/** The hub's; of several nodes the first one's, and the others count up. */
	readonly ports: {
		readonly leaf: number;
		readonly client: number;
		readonly monitor: number;
		/** Only of several nodes. */
		readonly route: number;
	};
	/** Client port of the first device; the next ones count up. */
	readonly firstClientPort: number;
	writeFleet(text: string): void;
	set(key: string, value: unknown): void;
	/** What the settings have under a key. */
	setting(key: string): object;
	pulumi(...args: string[]): Promise<Finished>;
	/** Of the engine, for a program that runs it. */
	env(): NodeJS.ProcessEnv;
	/** The same with other environment variables; `undefined` takes one away. */
	pulumiWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Finished>;
	/** Parsed `pulumi stack output --json --show-secrets`. */
	outputs(): Promise<Record<string, never>>;
	/** Destroys the stack if need be, and removes the folder. */
	close(): Promise<void>;
}

/**
 * A leafline project in a folder of its own, with free ports, its own state and this checkout's build, driven through
 * the `pulumi` on PATH as a user drives it.
 */
export async function makeProject(
	fleet: string,
	settings: { readonly hub?: object; readonly leaves?: object; readonly [key: string]: unknown } = {},
): Promise<Project> {
	const root = resolve(".");
	const dir = mkdtempSync(join(tmpdir(), "leafline e2e-"));
	for (const name of ["bin", "node_modules"]) symlinkSync(join(root, name), join(dir, name));
	mkdirSync(join(dir, "state"), { mode: 0o700 });
	writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "e2e", main: "bin/index.js" }));
	writeFileSync(join(dir, "Pulumi.yaml"), readFileSync("Pulumi.yaml"));

	const firstClientPort = await freeRange(40);
	const { hub = {}, leaves = {}, ...others } = settings;
	const nodes = (hub as { readonly nodes?: number }).nodes ?? 1;
	const [leaf, client, monitor, route] = [
		await freeRange(nodes),
		await freeRange(nodes),
		await freeRange(nodes),
		await freeRange(nodes),
	] as const;
	const config: Record<string, unknown> = {
		fleet: "fleet.yaml",
		hub: { leafPort: leaf, clientPort: client, monitorPort: monitor, ...(nodes > 1 && { routePort: route }), ...hub },
		leaves: { clientPort: firstClientPort, linkPort: await freeRange(40 * nodes), ...leaves },
		...others,
	};
	const writeSettings = () => {
		const file = join(dir, "Pulumi.local.yaml");
		const salt = existsSync(file) ? (/^encryptionsalt: .*$/m.exec(readFileSync(file, "utf8"))?.[0] ?? "") : "";
		const entries = Object.entries(config).map(([key, value]) => `  leafline:${key}: ${JSON.stringify(value)}`);
		writeFileSync(file, `${salt}\nconfig:\n${entries.join("\n")}\n`);
	};
	const env = (): NodeJS.ProcessEnv => ({
		...process.env,
		PULUMI_BACKEND_URL: `file://${encodeURI(join(dir, "state"))}`,
		PULUMI_CONFIG_PASSPHRASE: "end to end",
		PULUMI_SKIP_UPDATE_CHECK: "1",
		PULUMI_RUN_PROGRAM: "true",
		NO_COLOR: "1",
	});
	const pulumiWith = (more: NodeJS.ProcessEnv, ...args: string[]) =>
		run("pulumi", ["--non-interactive", ...args], { cwd: dir, env: { ...env(), ...more } });
	const pulumi = (...args: string[]) => pulumiWith({}, ...args);
	const project: Project = {
		dir,
		ports: { leaf, client, monitor, route },
		firstClientPort,
		writeFleet: (text) => writeFileSync(join(dir, "fleet.yaml"), text),
		set: (key, value) => {
			config[key] = value;
			writeSettings();
		},
		setting: (key) => config[key] as object,
		pulumi,
		env,
		pulumiWith,
		outputs: async () => {
			const result = await pulumi("stack", "output", "--json", "--show-secrets");
			if (result.code !== 0) throw new Error(result.text);
			return JSON.parse(result.stdout) as Record<string, never>;
		},
		close: async () => {
			spawnSync(process.execPath, [
				join(root, "bin/components/daemon/daemon.js"),
				"stop-all",
				join(dir, ".leafline/local"),
			]);
			rmSync(dir, { recursive: true, force: true });
		},
	};
	project.writeFleet(fleet);
	writeSettings();
	const made = await pulumi("stack", "init", "local");
	if (made.code !== 0) throw new Error(made.text);
	return project;
}

const KILLED_AFTER_MS = 10_000;

/** Runs a program to its end; interrupts it after `within` milliseconds, and kills it when it takes no notice. */
export function run(
	program: string,
	args: readonly string[],
	options: {
		cwd?: string;
		env?: NodeJS.ProcessEnv;
		within?: number;
		/** Sends it that, once. @default it is left alone */
		signal?: Promise<NodeJS.Signals>;
	} = {},
): Promise<Finished> {
	return new Promise((done, fail) => {
		const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ["ignore", "pipe", "pipe"] });
		let stdout = "";
		let stderr = "";
		let text = "";
		child.stdout.on("data", (data) => {
			stdout += data;
			text += data;
		});
		child.stderr.on("data", (data) => {
			stderr += data;
			text += data;
		});
		const within = options.within ?? 120_000;
		// A command that drives the engine has it end what it is at, so that it leaves no lock and starts nothing later.
		const timers = [
			setTimeout(() => child.kill("SIGINT"), within),
			setTimeout(() => child.kill("SIGKILL"), within + KILLED_AFTER_MS),
		];
		options.signal?.then((signal) => child.kill(signal), fail);
		child.on("error", fail);
		child.on("close", (code) => {
			for (const timer of timers) clearTimeout(timer);
			done({ code: code ?? -1, stdout, stderr, text });
		});
	});
}
