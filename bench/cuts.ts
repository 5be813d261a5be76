/**
 * What power cuts take of each class, against what the plan had said: bulk and alarms on one device at the same time, its
 * file system shut down at random moments as by a power cut, with the link up and with it down. Some 4 minutes; needs root.
 *
 *     npm run bench -- cuts [--cuts N] [--rate N] [--sync 250ms]
 */

import { withProgram } from "../tests/device/device";
import { startRig } from "../tests/support/rig";
import { type Cut, cutFleet, DEVICE, oneCut, ontoOwnDisk, type Traffic } from "./cut-drill";
import { type FileSystem, movedToOwnMounts, type OwnDisk } from "./own-disk";
import { runBench } from "./report";

interface Options extends Traffic {
	readonly cuts: number;
	readonly kind: FileSystem;
}

async function drill(options: Options): Promise<void> {
	const rig = await startRig(cutFleet(options));
	const device = withProgram(rig, DEVICE);
	let disk: OwnDisk | undefined;
	try {
		disk = await ontoOwnDisk(rig, device, options.kind);
		console.log(
			"link  class  acknowledged   lost  said  oldest lost  twice  out of order  lost after the cut   kB/s written",
		);
		for (let n = 0; n < options.cuts; n++) {
			const results = await oneCut(rig, device, disk, { ...options, n });
			for (const result of results.cuts) console.log(line(result, results.written));
		}
	} finally {
		await device.close();
		await rig.device(DEVICE).server.kill();
		disk?.close();
		await rig.close();
	}
}

function line(cut: Cut, written: number): string {
	const { link, class: name, acknowledged, lost, said, oldestMs, twice, outOfOrder, lostAfter } = cut;
	const cells: [string | number, number][] = [
		[acknowledged, 12],
		[lost, 7],
		[said.messages, 6],
		[`${oldestMs} ms`, 13],
		[twice, 7],
		[outOfOrder, 14],
		[lostAfter, 20],
		[name === "bulk" ? written.toFixed(0) : "", 15],
	];
	return `${link.padEnd(6)}${name.padEnd(7)}${cells.map(([text, width]) => String(text).padStart(width)).join("")}`;
}

if (!movedToOwnMounts()) {
	const args = process.argv.slice(2);
	const given = (name: string, usual: string) =>
		args.includes(name) ? (args[args.indexOf(name) + 1] ?? usual) : usual;
	const options: Options = {
		cuts: Number(given("--cuts", "10")),
		rate: Number(given("--rate", "20000")),
		sync: given("--sync", "250ms"),
		kind: args.includes("xfs") ? "xfs" : "ext4",
	};
	runBench(() => drill(options));
}
