import { choice, count, judged, quantity, section, syncInterval } from "./fields";
import { folderProblem } from "./path";
import { RATE, SIZE } from "./units";

/** Part of the fleet file's shape: what a device of a kind has (`fleet-schema.ts`). */
export const Hardware = section(
	{
		arch: choice(["arm64", "amd64"], "Processor.").prefault("arm64"),
		buffer: quantity(SIZE, "What JetStream may use on the device's disk; all classes must fit.", {
			example: "32GiB",
		}).prefault("5GiB"),
		disk: quantity(
			SIZE,
			"Size of the disk that storeDir is on. The buffer must stay below nine tenths of it, for a full disk ends all publishing. Default: not known, and not checked.",
			{ example: "64GiB" },
		).exactOptional(),
		programs: quantity(
			SIZE,
			"Part of the buffer that is kept for streams and buckets of the device's own programs, each of which must state its max_bytes. Default: what the classes leave, a tenth of the buffer.",
			{ example: "1GiB" },
		).exactOptional(),
		sync: syncInterval(
			"How often JetStream syncs what it has written. A power cut may take with it what came since. Default: 250ms, or always where a class says so.",
		).exactOptional(),
		syncs: quantity(
			RATE,
			"How many syncs a second the disk does, one after the other: with sync: always each message is one.",
			{ example: "500/s" },
		).prefault("200/s"),
		endurance: quantity(
			SIZE,
			"What may be written to the disk in its life, as its maker states it. Less than a year's writing is refused. Default: not known, and not checked.",
			{ example: "60TB" },
		).exactOptional(),
		storeDir: judged(
			(path) => folderProblem(path, { absolute: true, example: "/var/lib/nats/edge" }),
			"/var/lib/nats/edge",
			"Where JetStream stores.",
		).prefault("/var/lib/nats/edge"),
		memory: quantity(SIZE, "What JetStream may use of memory, for classes with `storage: memory`.", {
			example: "64MiB",
		}).prefault("64MiB"),
		clientPort: count(1, 65_535, "Port on loopback for the device's own programs.").prefault(4222),
	},
	"A kind of device.",
);
