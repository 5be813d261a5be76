import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";

/**
 * Stops a program whose sources are newer than its build, which would deploy yesterday's decisions. Nothing is checked
 * where leafline is installed as a package, for its build comes with it.
 * @throws pulumi.RunError
 */
export function requireFreshBuild(): void {
	const root = join(__dirname, "..", "..");
	const toolchain = join(root, "toolchain");
	if (!existsSync(toolchain)) return;
	// Errors of the SDK take Node half a minute to show otherwise.
	require(join(toolchain, "readable-stacks.js"));
	const { isFresh } = require(join(toolchain, "build-stamp.js")) as { isFresh(root: string): boolean };
	if (isFresh(root)) return;
	const error = new RunError("the sources are newer than the build in bin/; run: npm run build");
	Reflect.deleteProperty(error, "stack");
	throw error;
}
