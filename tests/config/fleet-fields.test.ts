import { describe, expect, it } from "vitest";
import { complaint } from "./compliant";

interface Case {
	readonly name: string;
	readonly from: string;
	readonly to: string;
	readonly says: string;
}

/** Fields of the fleet file: each test breaks one thing in a compliant file. */
const CASES: readonly Case[] = [
	{
		name: "another version",
		from: "apiVersion: leafline/v1",
		to: "apiVersion: leafline/v2",
		says: 'x.yaml:1:13  apiVersion: "leafline/v2" is not known here; write leafline/v1',
	},
	{
		name: "no version",
		from: "apiVersion: leafline/v1\n",
		to: "",
		says: "x.yaml:1:1  apiVersion: is missing; write for example leafline/v1",
	},
	{
		name: "a misspelt key that must be there",
		from: "apiVersion: leafline/v1",
		to: "apiVersio: leafline/v1",
		says: "x.yaml:1:1  apiVersio: unknown key; did you mean apiVersion?",
	},
	{
		name: "a fleet's name with a dot",
		from: "fleet: quarry",
		to: "fleet: quarry.1",
		says: 'x.yaml:2:8  fleet: "quarry.1" is not a name; write for example mine-north',
	},
	{
		name: "a fleet's name of 33 characters",
		from: "fleet: quarry",
		to: "fleet: qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq",
		says: 'x.yaml:2:8  fleet: "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq" has 33 characters; use at most 32',
	},
	{
		name: "no value",
		from: "fleet: quarry",
		to: "fleet:",
		says: "x.yaml:2:1  fleet: is empty; write for example mine-north",
	},
	{
		name: "the same key twice",
		from: "fleet: quarry",
		to: "fleet: quarry\nfleet: two",
		says: "x.yaml:3:1  fleet: stands here twice, first on line 2; keep one of the two",
	},
	{
		name: "MQTT",
		from: "fleet: quarry",
		to: "fleet: quarry\nmqtt: {}",
		says: "x.yaml:3:1  mqtt: unknown key; mqtt is a matter of a group: write groups: { <group>: { mqtt: { port: 1883 } } }",
	},
	{
		name: "a number for a name",
		from: "fleet: quarry",
		to: "fleet: 7",
		says: "x.yaml:2:8  fleet: 7 is not a name; write for example mine-north",
	},
	{
		name: "a sync interval that is none",
		from: "sync: 250ms",
		to: "sync: often",
		says: 'x.yaml:7:11  hardware.board.sync: "often" is not a duration; write a number and ms, s, m, h, d or w, for example 250ms',
	},
	{
		name: "a sync interval without a unit",
		from: "sync: 250ms",
		to: "sync: 250",
		says: "x.yaml:7:11  hardware.board.sync: 250 has no unit; write 250ms, 250s, 250m or 250h",
	},
	{
		name: "a buffer without a unit",
		from: "buffer: 32GiB",
		to: "buffer: 32",
		says: "x.yaml:6:13  hardware.board.buffer: 32 has no unit; write 32B, 32KiB, 32MiB or 32GiB",
	},
	{
		name: "a unit in lower case",
		from: "buffer: 32GiB",
		to: "buffer: 32gb",
		says: 'x.yaml:6:13  hardware.board.buffer: "32gb" is not a size; did you mean 32GB?',
	},
	{
		name: "a negative buffer",
		from: "buffer: 32GiB",
		to: "buffer: -1",
		says: "x.yaml:6:13  hardware.board.buffer: -1 is not a size; write a number and B, kB, MB, GB, TB, KiB, MiB, GiB, TiB or KB, for example 32GiB",
	},
	{
		name: "no buffer at all",
		from: "buffer: 32GiB",
		to: "buffer: 0B",
		says: 'x.yaml:6:13  hardware.board.buffer: "0B" is nothing; write for example 32GiB',
	},
	{
		name: "an unknown processor",
		from: "arch: arm64",
		to: "arch: arm65",
		says: 'x.yaml:5:11  hardware.board.arch: "arm65" is not known; did you mean arm64?',
	},
	{
		name: "a list for a word",
		from: "arch: arm64",
		to: "arch: [arm64]",
		says: "x.yaml:5:5  hardware.board.arch: a list of 1 is not known; write arm64 or amd64",
	},
	{
		name: "a relative path",
		from: "sync: 250ms",
		to: "storeDir: data",
		says: 'x.yaml:7:15  hardware.board.storeDir: "data" is not an absolute path; write for example /var/lib/nats/edge',
	},
	{
		name: "a port that is none",
		from: "sync: 250ms",
		to: "clientPort: 70000",
		says: "x.yaml:7:17  hardware.board.clientPort: 70000 is not possible; write a whole number from 1 to 65535",
	},
	{
		name: "a port in words",
		from: "sync: 250ms",
		to: "clientPort: abc",
		says: 'x.yaml:7:17  hardware.board.clientPort: "abc" is not possible; write a whole number from 1 to 65535',
	},
	{
		name: "a speed as modems had it",
		from: "up: 20Mbit/s",
		to: "up: 20Mbps",
		says: 'x.yaml:11:7  link.up: "20Mbps" is not a speed; did you mean 20Mbit/s?',
	},
	{
		name: "a speed without a unit",
		from: "up: 20Mbit/s",
		to: "up: 20",
		says: "x.yaml:11:7  link.up: 20 has no unit; write 20kbit/s or 20Mbit/s",
	},
	{
		name: "kilobytes with a capital K",
		from: "up: 20Mbit/s",
		to: "up: 500KB/s",
		says: 'x.yaml:11:7  link.up: "500KB/s" is not a speed; did you mean 500kB/s?',
	},
	{
		name: "an outage without a unit",
		from: "outage: 30m",
		to: "outage: 30",
		says: "x.yaml:13:11  link.outage: 30 has no unit; write 30ms, 30s, 30m or 30h",
	},
	{
		name: "an outage in words",
		from: "outage: 30m",
		to: "outage: 30 minutes",
		says: 'x.yaml:13:11  link.outage: "30 minutes" is not a duration; did you mean 30m?',
	},
	{
		name: "half a millisecond",
		from: "outage: 30m",
		to: "outage: 1.0005s",
		says: 'x.yaml:13:11  link.outage: "1.0005s" is no whole number of ms; use a smaller unit',
	},
	{
		name: "parts that rise",
		from: "outage: 30m",
		to: "outage: 30m1h",
		says: 'x.yaml:13:11  link.outage: "30m1h" is not a duration; write a number and ms, s, m, h, d or w, for example 30m',
	},
	{
		name: "a duration beyond JetStream's count",
		from: "outage: 30m",
		to: "outage: 4000d",
		says: 'x.yaml:13:11  link.outage: "4000d" is too much; write at most 3650d',
	},
	{
		name: "a link that is no map",
		from: "link:\n  up: 20Mbit/s\n  rtt: 80ms\n  outage: 30m\n",
		to: "link: fast\n",
		says: 'x.yaml:10:7  link: "fast" is not a map; write its fields: up, down, rtt, outage, compression',
	},
];

describe("fleet fields", () => {
	it.each(CASES)("$name", ({ from, to, says }) => {
		expect(complaint(from, to)).toBe(says);
	});
});
