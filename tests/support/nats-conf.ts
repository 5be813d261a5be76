import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { goBuild, goIn, hasGo } from "./go-build";

/** A configuration as text, or as a file that may include others. */
export type Question = { readonly text: string } | { readonly file: string };

/** Either the tree, as JSON has it, or why there is none. */
export interface Answer {
	readonly tree?: Readonly<Record<string, unknown>>;
	readonly error?: string;
}

/** nats-server's own parser of configurations, and the files that the server is tested with. */
export interface NatsConf {
	/** Version of the module that the parser is from, for example `2.15.2`. */
	readonly version: string;
	/** Reads all of them in one process, with these variables as its environment and no others. */
	read(questions: readonly Question[], environment: Readonly<Record<string, string>>): Answer[];
	/** Configurations in the server's repository, by path. */
	readonly files: readonly string[];
	/** Texts in the server's own tests, most of which are configurations: everything between two backquotes. */
	readonly texts: readonly string[];
}

const MODULE = "github.com/nats-io/nats-server/v2";
const SOURCE = resolve(__dirname, "nats-conf");

/** Why there is none on this machine; `undefined` where there is one. */
export function whyNoNatsConf(): string | undefined {
	return hasGo() ? undefined : "no Go to build the server's parser with";
}

/** Builds the program once for each version, into the cache of the user; fetches the module if it is not there. */
export function natsConf(): NatsConf {
	const program = goBuild("nats-conf", SOURCE);
	const [, version = ""] = execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split(" v");
	const { Dir: folder } = JSON.parse(goIn(SOURCE, "mod", "download", "-json", MODULE)) as { Dir: string };
	const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
	const named = (end: string) => all.filter((name) => name.endsWith(end)).map((name) => join(folder, name));
	return {
		version,
		files: named(".conf").sort(),
		texts: named("_test.go")
			.sort()
			.flatMap((file) => [...readFileSync(file, "utf8").matchAll(/`([^`]*)`/g)].map(([, text = ""]) => text)),
		read: (questions, environment) => {
			const input = JSON.stringify(questions);
			const printed = execFileSync(program, { input, env: environment, maxBuffer: 2 ** 30, encoding: "utf8" });
			return JSON.parse(printed) as Answer[];
		},
	};
}
