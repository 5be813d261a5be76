import type { Command } from "commander";
import { some } from "../../topology/format";
import { plural } from "../format";
import { command, outputsOf, say } from "../options";
import { makeBundles } from "./bundle";
import { makeTrial } from "./compose/trial";
import { composeWriter } from "./compose/write";
import { type BundleFlags, bundleOptions, chooseDevices } from "./options";

/** A run that takes longer says how far it is. */
const SILENT_MS = 2_000;

/** `leafline bundle`: what goes onto devices. Reads the stack's outputs, asks no server, and changes nothing but the folder. */
export function addBundle(leafline: Command): void {
	command(leafline, "bundle")
		.argument("[device...]")
		.description("Write what goes onto devices: configuration, credentials, streams, device program, units, installer")
		.option("-g, --group <group...>", "every device of these groups")
		.option("--all", "every device of the fleet")
		.option("-o, --out <folder>", "where the bundles go", "bundles")
		.option("--format <format>", "dir, tar.gz, or compose: for containers", "dir")
		.option("--fleet <file>", "no stack, but a try of this fleet file with a hub of its own; with --format compose")
		.option("--arch <arch>", "arm64 or amd64 (default: the hardware's of the fleet file)")
		.option("--with <what>", "bring along, with commas: server (nats-server), runtime (Node), cli (nats)")
		.option("--credentials <where>", "together, apart (in _credentials), or none", "together")
		.option("--release <n>", "number of the release; a device takes no older one than it has", "1")
		.option("--mount <folder>", "mount point without which the device's server does not start")
		.action(async (devices: string[], flags: BundleFlags) => {
			const options = bundleOptions(flags);
			const trial = flags.fleet === undefined ? undefined : await makeTrial(flags.fleet);
			const outputs = trial?.outputs ?? (await outputsOf(flags));
			const chosen = chooseDevices(outputs, devices, flags);
			const around = options.format === "compose" ? composeWriter(outputs, chosen.devices, trial) : undefined;
			const progress = progressOf(chosen.devices.length);
			const key = await makeBundles(outputs, chosen.devices, flags.out, options, progress, around);
			if (chosen.skipped.length > 0) process.stderr.write(`note: retired, without a bundle: ${some(chosen.skipped)}\n`);
			const count = plural(chosen.devices.length, "bundle");
			say(`${flags.out}: ${count}, release ${options.release}, signed with ${key}`);
		});
}

function progressOf(all: number): (done: number) => void {
	const began = Date.now();
	let said = began;
	return (done) => {
		if (!process.stderr.isTTY || Date.now() - said < SILENT_MS || done === all) return;
		said = Date.now();
		process.stderr.write(`${done} of ${all} bundles\n`);
	};
}
