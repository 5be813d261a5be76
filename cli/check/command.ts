import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { messageOf, UserError } from "../errors";
import { projectDir } from "../project";
import { repositoryUrl } from "../repository";
import { type CheckReport, check } from "./check";
import { toJson } from "./json";
import { toMarkdown } from "./markdown";
import { toSarif } from "./sarif";
import { toText } from "./text";

const FORMATS = ["text", "json", "sarif", "markdown"] as const;

interface Options {
	readonly stack: string;
	readonly format: (typeof FORMATS)[number];
	readonly fleet?: string;
	readonly policyConfig?: string;
	readonly state?: string;
	readonly baseUrl?: string;
}

/** `leafline check`: exit code 0 when the design complies, 1 when not, 2 when it was asked for in the wrong way. */
export function addCheck(leafline: Command): void {
	leafline
		.command("check")
		.description("Judge what a stack's settings and its fleet file lead to, without engine or credentials")
		.requiredOption("-s, --stack <stack>", "name of the stack, for Pulumi.<stack>.yaml")
		.addOption(new Option("--format <format>", "how the findings are written").choices(FORMATS).default("text"))
		.option("--fleet <file>", "fleet file (default: the one in the settings)")
		.option("--policy-config <file>", "settings of the pack (default: policies/config/<stack>.json, if there is one)")
		.option(
			"--state <file>",
			"what `pulumi stack export` wrote, for what an update does to streams that run (default: a local stack's own)",
		)
		.option("--base-url <url>", "where the repository's files are shown (default: GitHub's, in its workflows)")
		.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
		.action((options: Options) => {
			process.exitCode = run(options);
		});
}

function run(options: Options): number {
	try {
		const root = projectDir();
		// As for every command, from the folder that it is given in.
		const paths = Object.entries({ fleet: options.fleet, policyConfig: options.policyConfig }).flatMap(
			([name, path]) => (path === undefined ? [] : [[name, relative(root, resolve(path))]]),
		);
		const report = check({ root, ...options, ...Object.fromEntries(paths) });
		process.stdout.write(render(report, options, root));
		return report.good ? 0 : 1;
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		process.stderr.write(`leafline: ${messageOf(error)}\n`);
		return 2;
	}
}

function render(report: CheckReport, { format, baseUrl = repositoryUrl(process.env) }: Options, root: string): string {
	if (format === "json") return toJson(report);
	if (format === "markdown") return toMarkdown(report, baseUrl);
	if (format === "sarif") return toSarif(report, version(root), baseUrl);
	return toText(report);
}

function version(root: string): string {
	const { version = "0" } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version?: string };
	return version;
}
