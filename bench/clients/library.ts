import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/** The ways in which a client reads a stream. `fetch` as a reader of the fleet file, the others as an administrator. */
export const WAYS = ["fetch", "push", "ordered", "get"] as const;
export type Way = (typeof WAYS)[number];

/** A client library in one version, installed in a folder of its own. */
export interface Installed {
	/** Runs the small program of this folder that reads; its output and what it complained about. */
	read(way: Way, env: NodeJS.ProcessEnv): Promise<Finished>;
}

export interface Library {
	readonly name: string;
	/** From the oldest that is worth a try to the newest. */
	readonly versions: readonly string[];
	/** @throws when that version is not to be had, with the installer's words */
	install(version: string, folder: string): Promise<Installed>;
}

export interface Finished {
	readonly code: number;
	readonly text: string;
}

/** The programs in other languages stay where they are; only what is compiled of them goes elsewhere. */
const PROGRAMS = resolve("bench/clients");

export const LIBRARIES: readonly Library[] = [
	{
		name: "Java (jnats)",
		versions: ["2.10.0", "2.12.0", "2.13.2", "2.15.6", "2.16.14", "2.17.6", "2.20.6", "2.21.1", "2.21.2", "2.26.2"],
		async install(version, folder) {
			const jars = join(folder, "jars");
			writeFileSync(join(folder, "pom.xml"), pom(version));
			await must("mvn", ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${jars}`], { cwd: folder });
			const path = [folder, ...readdirSync(jars).map((jar) => join(jars, jar))].join(delimiter);
			const compile = (name: string) =>
				run("javac", ["-cp", path, "-d", folder, join(PROGRAMS, `${name}.java`)], { cwd: folder });
			return {
				async read(way, env) {
					const name = way === "fetch" ? "Reader" : "Push";
					const compiled = await compile(name);
					return compiled.code === 0 ? run("java", ["-cp", path, name, way], { env }) : compiled;
				},
			};
		},
	},
	{
		name: "Python (nats-py)",
		versions: ["2.0.0", "2.1.0", "2.2.0", "2.6.0", "2.9.0", "2.16.0"],
		async install(version, folder) {
			const packages = [`nats-py==${version}`, "nkeys"];
			await must("python3", ["-m", "pip", "install", "-q", "--target", folder, ...packages], { cwd: folder });
			return {
				read: (way, env) => run("python3", [join(PROGRAMS, "reader.py"), way], { env: { ...env, PYTHONPATH: folder } }),
			};
		},
	},
	{
		name: "Go (nats.go)",
		versions: ["v1.11.0", "v1.12.1", "v1.15.0", "v1.31.0", "v1.55.0"],
		async install(version, folder) {
			copyFileSync(join(PROGRAMS, "reader.go"), join(folder, "reader.go"));
			writeFileSync(join(folder, "go.mod"), "module reader\n\ngo 1.20\n");
			await must("go", ["get", `github.com/nats-io/nats.go@${version}`], { cwd: folder });
			await must("go", ["mod", "tidy"], { cwd: folder });
			await must("go", ["build", "-o", "reader", "."], { cwd: folder });
			return { read: (way, env) => run(join(folder, "reader"), [way], { env }) };
		},
	},
	{
		name: "JavaScript (nats)",
		versions: ["2.0.0", "2.1.0", "2.7.1", "2.13.1", "2.29.3"],
		async install(version, folder) {
			writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "reader", private: true }));
			await must("npm", ["install", "--silent", "--no-audit", "--no-fund", `nats@${version}`], { cwd: folder });
			const program = join(PROGRAMS, "reader.js");
			return { read: (way, env) => run(process.execPath, [program, way], { env: { ...env, MODULES: folder } }) };
		},
	},
	{
		name: "C (cnats)",
		// What the system has: libnats-dev of Debian 12 is 3.4.1.
		versions: ["of the system"],
		async install(_version, folder) {
			const program = join(folder, "reader");
			await must("gcc", ["-o", program, join(PROGRAMS, "reader.c"), "-lnats"], { cwd: folder });
			return { read: (way, env) => run(program, [way], { env }) };
		},
	},
];

const pom = (version: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>leafline</groupId><artifactId>reader</artifactId><version>1</version>
<dependencies><dependency><groupId>io.nats</groupId><artifactId>jnats</artifactId><version>${version}</version></dependency></dependencies>
</project>
`;

interface Where {
	readonly cwd?: string;
	readonly env?: NodeJS.ProcessEnv;
}

/** Ends it after half a minute; an installer may take five. */
function run(program: string, args: readonly string[], where: Where, timeout = 30_000): Promise<Finished> {
	if (where.cwd !== undefined) mkdirSync(where.cwd, { recursive: true });
	return new Promise((done) => {
		execFile(program, [...args], { ...where, timeout }, (error, stdout, stderr) => {
			const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
			done({ code, text: `${stdout}${stderr}` || (error?.message ?? "") });
		});
	});
}

async function must(program: string, args: readonly string[], where: Where): Promise<void> {
	const { code, text } = await run(program, args, where, 300_000);
	if (code !== 0) throw new Error(`${program} ${args[0]}: ${text.trim().split("\n").slice(-3).join(" ")}`);
}
