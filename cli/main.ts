import { Command } from "commander";
import { addBundle } from "./bundle/command";
import { addCheck } from "./check/command";
import { addDemo } from "./demo/command";
import { addDoctor } from "./doctor/command";
import { addEnrol } from "./enrol/command";
import { explain, Interrupted } from "./errors";
import { addHeal } from "./heal/command";
import { addIam } from "./iam/command";
import { addInventory } from "./inventory/command";
import { addLinks } from "./links/command";
import { addReplace } from "./replace/command";
import { addRetire } from "./retire/command";
import { addReview } from "./review/command";
import { addRevoke } from "./revoke/command";
import { addRollout } from "./rollout/command";
import { addRotate } from "./rotate/command";
import { addStatus } from "./status/command";
import { addTopology } from "./topology/command";
import { addTrim } from "./trim/command";

/** The command line `leafline`. It reads a stack's outputs and the running system, and never writes a secret. */

function program(): Command {
	const leafline = new Command("leafline")
		.description("See and try the data path between a hub and its edge devices")
		.showHelpAfterError("(leafline --help lists the commands)");
	addStatus(leafline);
	addDoctor(leafline);
	addInventory(leafline);
	addTopology(leafline);
	addDemo(leafline);
	addTrim(leafline);
	addHeal(leafline);
	addLinks(leafline);
	addBundle(leafline);
	addCheck(leafline);
	addReview(leafline);
	addEnrol(leafline);
	addReplace(leafline);
	addRetire(leafline);
	addRevoke(leafline);
	addRotate(leafline);
	addRollout(leafline);
	addIam(leafline);
	return leafline;
}

async function main(): Promise<void> {
	// `leafline status | head` closes the pipe early: no reason for a stack trace.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
	try {
		await program().parseAsync();
	} catch (error) {
		process.stderr.write(`${explain(error)}\n`);
		process.exitCode = error instanceof Interrupted ? 130 : 1;
	}
}

void main();
