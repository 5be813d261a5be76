import type { Command } from "commander";
import type { DoctorOutput } from "../../contract/doctor";
import { examine } from "../../device/doctor/doctor";
import { type Finding, findingLines } from "../../device/doctor/finding";
import { messageOf, UserError } from "../errors";
import { type Common, command, outputsOf, say } from "../options";
import { examineOutside } from "./outside";

interface Flags extends Common {
	readonly dir?: string;
	readonly json?: boolean;
}

/** Of `doctor`; `docs/cli.md` promises them. 1 is for what could not be looked at at all. */
const EXIT = { well: 0, fault: 2 } as const;

/** `leafline doctor`: reads, but for a file of its own in a device's store, which it takes away again. */
export function addDoctor(leafline: Command): void {
	command(leafline, "doctor")
		.description("Why it does not work, step by step from the clock to the disk, each with what to do")
		.option(
			"--dir <folder>",
			"a device's bundle, or the folder of its configuration, on the device (default: from outside)",
		)
		.option("--json", "one JSON object")
		.action(async (flags: Flags) => {
			const report = flags.dir === undefined ? await outside(flags) : await onDevice(flags.dir);
			if (flags.json) say(JSON.stringify(report));
			else for (const line of [`leafline · ${report.about}`, "", ...findingLines(report.findings)]) say(line);
			process.exitCode = report.good ? EXIT.well : EXIT.fault;
		});
}

async function outside(flags: Flags): Promise<DoctorOutput> {
	const outputs = await outputsOf(flags);
	return reportOf("outside", outputs.leafline.environment, await examineOutside(outputs));
}

async function onDevice(dir: string): Promise<DoctorOutput> {
	try {
		const { device, findings } = await examine(dir);
		return reportOf("device", device, findings);
	} catch (error) {
		throw new UserError(`${dir} is neither a device's bundle nor the folder of its configuration: ${messageOf(error)}`);
	}
}

function reportOf(where: DoctorOutput["where"], about: string, findings: readonly Finding[]): DoctorOutput {
	return {
		schemaVersion: 1,
		where,
		about,
		at: new Date().toISOString(),
		good: findings.every(({ level }) => level !== "fault"),
		findings: [...findings],
	};
}
