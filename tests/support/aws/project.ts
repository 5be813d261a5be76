import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { type Finished, run } from "../project";
import { MACHINE, serverProgram } from "../server-file";
import { type Cloud, startCloud } from "./cloud";
import type { Entry, Fault, Thing, World } from "./world.js";

const load = createRequire(__filename);
const { openWorld } = load("./world.js") as typeof import("./world.js");
const { remove } = load("./operations.js") as typeof import("./operations.js");

export type { Entry, Fault, Thing, World };

export interface AwsProjectOptions {
	/** @default "prod" */
	readonly stack?: string;
	/** Body of a CommonJS program that has `pulumi` and `aws`. @default this checkout's build, with its settings */
	readonly program?: string;
	/** Text of the fleet file. @default the one that the stack's settings name */
	readonly fleet?: string;
	/** Settings beside those of this checkout's stack, by their whole key: `leafline:hub`. */
	readonly settings?: Readonly<Record<string, unknown>>;
	/** Whether its machines run, see `cloud.ts`. @default false */
	readonly machines?: boolean;
}

/** A Pulumi project on an invented AWS account, in a folder of its own, driven as a user drives it. */
export interface AwsProject {
	readonly dir: string;
	/** @throws where the project has no machines */
	readonly cloud: Cloud;
	/** First three numbers of the loopback addresses that stand for public ones; the first address ends in 11. */
	readonly prefix: string;
	writeProgram(source: string): void;
	writeFleet(text: string): void;
	set(key: string, value: unknown): void;
	pulumi(...args: string[]): Promise<Finished>;
	/** The same with other environment variables, or more time than two minutes. */
	pulumiWith(options: { env?: NodeJS.ProcessEnv; within?: number }, ...args: string[]): Promise<Finished>;
	/** Parsed `pulumi stack output --json --show-secrets`. */
	outputs(): Promise<Record<string, never>>;
	/** What was done in the account so far. */
	log(): Entry[];
	world(): World;
	/** What there is of a type (`Instance` or its whole token), by the name of its Pulumi resource. */
	things(type: string): Record<string, Thing>;
	/** Replaces all faults. */
	faults(...faults: Fault[]): void;
	/** Resources of others, by id: `{ "subnet-0a": { vpcId, availabilityZone, cidrBlock } }`. */
	given(resources: Record<string, Record<string, unknown>>): void;
	/** Takes something away behind Pulumi's back, as when an instance dies with its host. */
	lose(name: string): Promise<void>;
	/** Changes something behind Pulumi's back. */
	drift(name: string, properties: Record<string, unknown>): void;
	/** Text of the state file. */
	state(): string;
	close(): Promise<void>;
}

const PRELUDE = `"use strict";
const pulumi = require("@pulumi/pulumi");
const aws = require("@pulumi/aws");
`;

export async function makeAwsProject(options: AwsProjectOptions = {}): Promise<AwsProject> {
	const { stack = "prod", program, fleet, settings = {} } = options;
	const dir = mkdtempSync(join(tmpdir(), "leafline aws-"));
	const account = join(dir, "account");
	for (const name of ["state", "account"]) mkdirSync(join(dir, name), { mode: 0o700 });
	for (const name of ["bin", "fleets", "node_modules"]) symlinkSync(resolve(name), join(dir, name));
	writeFileSync(join(dir, "Pulumi.yaml"), readFileSync("Pulumi.yaml"));
	const main = program === undefined ? "bin/index.js" : "program.js";
	writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "aws", main }));

	const world = openWorld(account);
	const random = (below: number) => Math.floor(Math.random() * below);
	const prefix = `127.${1 + random(254)}.${random(256)}`;
	world.setControl({ prefix, faults: [], given: {} });

	const cloud = options.machines ? await startCloud(account) : undefined;

	const file = join(dir, `Pulumi.${stack}.yaml`);
	const base = program === undefined && existsSync(`Pulumi.${stack}.yaml`) ? readConfig(`Pulumi.${stack}.yaml`) : {};
	const config: Record<string, unknown> = { "aws:region": "eu-central-1", ...base, ...settings };
	const writeSettings = () => {
		const salt = existsSync(file) ? (parse(readFileSync(file, "utf8")) as { encryptionsalt?: string }) : {};
		writeFileSync(file, stringify({ ...(salt.encryptionsalt && { encryptionsalt: salt.encryptionsalt }), config }));
	};

	const env = {
		...process.env,
		...cloud?.env,
		PATH: `${awsPlugin(dir)}${delimiter}${process.env.PATH}`,
		AWS_WORLD: account,
		// Nobody's credentials: whatever asks the real AWS by mistake is refused.
		AWS_ACCESS_KEY_ID: "invented",
		AWS_SECRET_ACCESS_KEY: "invented",
		AWS_EC2_METADATA_DISABLED: "true",
		LEAFLINE_SERVER: serverFile(dir),
		PULUMI_BACKEND_URL: `file://${encodeURI(join(dir, "state"))}`,
		PULUMI_CONFIG_PASSPHRASE: "aws",
		PULUMI_SKIP_UPDATE_CHECK: "1",
		PULUMI_RUN_PROGRAM: "true",
		NO_COLOR: "1",
	};
	const pulumiWith: AwsProject["pulumiWith"] = (more, ...args) =>
		run("pulumi", ["--non-interactive", ...args], {
			cwd: dir,
			env: { ...env, ...more.env },
			...(more.within !== undefined && { within: more.within }),
		});
	const pulumi = (...args: string[]) => pulumiWith({}, ...args);
	const change = (name: string, act: (thing: Thing, all: World) => void) =>
		world.change((all) => {
			const found = Object.values(all.things).filter((thing) => thing.name === name);
			const instance = found.find((thing) => thing.type.endsWith(":Instance")) ?? found[0];
			if (!instance) throw new Error(`there is no ${name} in the account`);
			act(instance, all);
		});

	const project: AwsProject = {
		dir,
		get cloud() {
			if (!cloud) throw new Error("this project has no machines; make it with machines: true");
			return cloud;
		},
		prefix,
		writeProgram: (source) => writeFileSync(join(dir, "program.js"), PRELUDE + source),
		writeFleet: (text) => writeFileSync(join(dir, "fleet.yaml"), text),
		set: (key, value) => {
			config[key] = value;
			writeSettings();
		},
		pulumi,
		pulumiWith,
		outputs: async () => {
			const result = await pulumi("stack", "output", "--json", "--show-secrets");
			if (result.code !== 0) throw new Error(result.text);
			return JSON.parse(result.stdout) as Record<string, never>;
		},
		log: () => world.log(),
		world: () => world.read(),
		things: (type) =>
			Object.fromEntries(
				Object.values(world.read().things)
					.filter((thing) => thing.type === type || thing.type.endsWith(`:${type}`))
					.map((thing) => [thing.name, thing]),
			),
		faults: (...faults) => world.setControl({ ...world.control(), faults }),
		given: (given) => world.setControl({ ...world.control(), given }),
		lose: async (name) => {
			change(name, (thing, all) => remove(all, thing));
			await cloud?.settle("lost");
		},
		drift: (name, properties) =>
			change(name, (thing) => {
				Object.assign(thing.inputs, properties);
				Object.assign(thing.outs, properties);
			}),
		state: () => readFileSync(join(dir, `state/.pulumi/stacks/leafline/${stack}.json`), "utf8"),
		close: async () => {
			await cloud?.close();
			rmSync(dir, { recursive: true, force: true });
		},
	};
	if (program !== undefined) project.writeProgram(program);
	if (fleet !== undefined) {
		project.writeFleet(fleet);
		config["leafline:fleet"] = "fleet.yaml";
	}
	writeSettings();
	const made = await pulumi("stack", "init", stack);
	if (made.code !== 0) {
		await project.close();
		throw new Error(made.text);
	}
	return project;
}

/** Stands for the server of the hub's processor, which nobody runs: machines run the one on PATH. */
function serverFile(dir: string): string {
	const file = join(dir, "nats-server");
	writeFileSync(file, serverProgram(MACHINE.arm64));
	return file;
}

function readConfig(file: string): Record<string, unknown> {
	return (parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> }).config ?? {};
}

/** The engine finds a provider by the name of its program on PATH. */
function awsPlugin(dir: string): string {
	const folder = join(dir, "plugins");
	mkdirSync(folder);
	const file = join(folder, "pulumi-resource-aws");
	writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${resolve("tests/support/aws/provider.js")}" "$@"\n`);
	chmodSync(file, 0o755);
	return folder;
}
