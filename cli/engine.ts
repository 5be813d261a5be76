import { spawn } from "node:child_process";
import { remedy } from "./outputs";

/** How the engine ended, and what it said. */
export interface EngineRun {
	readonly good: boolean;
	/** What it said of why not, without its progress; empty where all is well. */
	readonly why: string;
}

/**
 * Runs an update of a stack with the engine on PATH, as a person would who says yes.
 * @param root folder of the project
 * @param targets URNs, with `**` for any part; the update then leaves everything else alone. @default everything
 */
export function runUpdate(root: string, stack: string, targets: readonly string[] = []): Promise<EngineRun> {
	const only = targets.flatMap((target) => ["--target", target]);
	const plain = ["--non-interactive", "--color", "never", "--suppress-outputs"];
	const args = ["up", "--yes", "--skip-preview", ...plain, "--stack", stack, ...only];
	return new Promise((resolve) => {
		const child = spawn("pulumi", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
		let said = "";
		const hear = (data: Buffer) => {
			said += data;
		};
		child.stdout.on("data", hear);
		child.stderr.on("data", hear);
		child.on("error", () => resolve({ good: false, why: "pulumi is not on PATH; npm start sets it up" }));
		child.on("close", (code) => resolve(code === 0 ? { good: true, why: "" } : { good: false, why: reason(said) }));
	});
}

/** Whatever comes behind the last heading that the engine gives to what went wrong. */
function reason(said: string): string {
	const lines = said.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("@ "));
	const start = lines.findLastIndex((line) => /^(Diagnostics:|error:|Policy Violations:)/.test(line));
	const end = lines.findIndex((line, index) => index > start && /^(Outputs|Resources):/.test(line));
	const part = lines.slice(start < 0 ? -20 : start, end < 0 ? undefined : end).join("\n");
	return remedy(part) ?? part;
}
