import * as pulumi from "@pulumi/pulumi";
import { ConfigError, formatProblems } from "../config/errors";
import { readStackFile, stackFiles } from "../config/stack-file";
import { rawSettings } from "../config/stack-settings";
import type { Problem, Topology } from "../topology/model";
import { readDesign, regionOf } from "./design";
import { localProblems } from "./leaves/preflight";

/**
 * Reads the stack's settings and its fleet file, decides everything that follows from them, and looks whether this
 * machine can give what a local hub needs.
 * @throws pulumi.RunError with every mistake, its place and its remedy, before any resource is registered
 */
export async function decide(): Promise<Topology> {
	try {
		const [root, stack] = [process.cwd(), pulumi.getStack()];
		const [settingsFile] = stackFiles(stack);
		// What the engine's reader of YAML takes and another one reads otherwise; the values come from the engine.
		const file = readStackFile(root, stack);
		if (file && file.problems.length > 0) throw new ConfigError(file.problems);
		const raw = rawSettings(pulumi.runtime.allConfig());
		const region = new pulumi.Config("aws").get("region");
		const { topology, problems, locate } = readDesign({ root, stack, raw, settingsFile, region });
		if (topology === undefined) throw new ConfigError(problems);
		const against = await hubProblems(topology, region);
		if (against.length > 0) throw new ConfigError(locate(against));
		return topology;
	} catch (error) {
		if (error instanceof ConfigError) throw mistakes(formatProblems(error.problems));
		throw error;
	}
}

/** The provider of AWS would say it later, and in its own words. */
async function hubProblems(topology: Topology, region: string | undefined): Promise<Problem[]> {
	if (topology.settings.hub.kind !== "aws") return localProblems(topology);
	if (region || regionOf(process.env)) return [];
	const remedy = "run: pulumi config set aws:region eu-central-1";
	return [{ document: "settings", path: ["hub", "kind"], message: "aws needs a region", remedy }];
}

/** The engine shows it without a stack trace, but formats one all the same, which took Node 20 some 15 s. */
function mistakes(text: string): pulumi.RunError {
	const error = new pulumi.RunError(text);
	Reflect.deleteProperty(error, "stack");
	return error;
}
