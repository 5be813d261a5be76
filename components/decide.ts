import * as pulumi from "@pulumi/pulumi";
import { ConfigError, formatProblems } from "../config/errors";
import { openFleet } from "../config/fleet";
import { locateProblems } from "../config/report";
import { parseSettings } from "../config/settings";
import type { Problem, Topology } from "../topology/model";
import { plan } from "../topology/plan";
import { localProblems } from "./leaves/preflight";

/**
 * Reads the stack's settings and its fleet file, decides everything that follows from them, and looks whether this
 * machine can give what a local hub needs.
 * @throws pulumi.RunError with every mistake, its place and its remedy, before any resource is registered
 */
export async function decide(): Promise<Topology> {
	const settingsFile = `Pulumi.${pulumi.getStack()}.yaml`;
	const { settings, problems } = parseSettings(pulumi.getStack(), stackConfig());
	if (!settings) throw mistakes(formatProblems(locateProblems(problems, { settingsFile })));
	try {
		const fleet = openFleet(settings.fleet);
		const planned = plan(fleet.fleet, settings);
		const against = planned.topology ? await hubProblems(planned.topology) : planned.problems;
		if (planned.topology && against.length === 0) return planned.topology;
		throw new ConfigError(locateProblems(against, { fleet, settingsFile }));
	} catch (error) {
		if (error instanceof ConfigError) throw mistakes(error.message);
		throw error;
	}
}

async function hubProblems(topology: Topology): Promise<Problem[]> {
	const { hub, leaves } = topology.settings;
	const problem = (path: string[], message: string, remedy: string): Problem => ({
		document: "settings",
		path,
		message,
		remedy,
	});
	if (hub.kind === "aws") return regionProblems(problem);
	const count = Object.keys(topology.fleet.devices).length;
	if (leaves.local && count > leaves.limit) {
		const message = `the fleet has ${count} devices, and at most ${leaves.limit} are run on this machine`;
		return [problem(["leaves", "limit"], message, "raise it, or set leaves.local to false")];
	}
	return localProblems(topology);
}

/** The provider of AWS would say it later, and in its own words. */
function regionProblems(problem: (path: string[], message: string, remedy: string) => Problem): Problem[] {
	const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
	if (new pulumi.Config("aws").get("region") ?? AWS_REGION ?? AWS_DEFAULT_REGION) return [];
	return [problem(["hub", "kind"], "aws needs a region", "run: pulumi config set aws:region eu-central-1")];
}

/** The engine shows it without a stack trace, but formats one all the same, which took Node 20 some 15 s. */
function mistakes(text: string): pulumi.RunError {
	const error = new pulumi.RunError(text);
	Reflect.deleteProperty(error, "stack");
	return error;
}

/** The settings of namespace `leafline`; what is not plain text arrives as JSON. */
function stackConfig(): Record<string, unknown> {
	const namespace = "leafline:";
	const entries = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(namespace));
	return Object.fromEntries(entries.map(([key, text]) => [key.slice(namespace.length), plainValue(text)]));
}

function plainValue(text: string): unknown {
	if (!/^(\{.*\}|\[.*\]|true|false)$/s.test(text)) return text;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
