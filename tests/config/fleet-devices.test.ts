import { describe, expect, it } from "vitest";
import { complaint } from "./compliant";

interface Case {
	readonly name: string;
	readonly from: string;
	readonly to: string;
	readonly says: string;
}

/** Devices and groups: each test breaks one thing in a compliant file. */
const CASES: readonly Case[] = [
	{
		name: "a range that counts down",
		from: "[001-003]",
		to: "[003-001]",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[003-001]" counts down; write [001-003]',
	},
	{
		name: "a range with ends of different widths",
		from: "[001-003]",
		to: "[01-003]",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[01-003]" has ends of 2 and 3 digits; write [001-003]',
	},
	{
		name: "a range beyond all fleets",
		from: "[001-003]",
		to: "[1-999999999]",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[1-999999999]" is a range of 999999999 devices; use at most 100000',
	},
	{
		name: "a range without its end",
		from: "[001-003]",
		to: "[001-003",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[001-003" is not a range; write one range a name, for example truck-[001-250]',
	},
	{
		name: "a range of letters",
		from: "[001-003]",
		to: "[a-c]",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[a-c]" is not a range; write one range a name, for example truck-[001-250]',
	},
	{
		name: "two ranges in a name",
		from: "[001-003]",
		to: "[1-2]-[3-4]",
		says: 'x.yaml:36:14  groups.north.devices: "truck-[1-2]-[3-4]" is not a range; write one range a name, for example truck-[001-250]',
	},
	{
		name: "overlapping ranges",
		from: "[001-003]",
		to: "[001-005]",
		says: 'x.yaml:40:9  groups.south.devices[0]: 2 devices, truck-004 to truck-005, are in "truck-[004-006]" and in "truck-[001-005]" of group north (line 36); name each device once',
	},
	{
		name: "hub",
		from: "edge1",
		to: "hub",
		says: 'x.yaml:36:14  groups.north.devices: "hub" is reserved for the hub\'s domain; choose another name',
	},
	{
		name: "down",
		from: "edge1",
		to: "down",
		says: 'x.yaml:36:14  groups.north.devices: "down" is reserved for the subjects of downlinks; choose another name',
	},
	{
		name: "deliver",
		from: "edge1",
		to: "deliver",
		says: 'x.yaml:36:14  groups.north.devices: "deliver" is reserved for the subjects on which the hub receives; choose another name',
	},
	{
		name: "dl",
		from: "edge1",
		to: "dl",
		says: 'x.yaml:36:14  groups.north.devices: "dl" is reserved for the subjects on which devices receive; choose another name',
	},
	{
		name: "control",
		from: "edge1",
		to: "control",
		says: 'x.yaml:36:14  groups.north.devices: "control" is reserved for the control leaf; choose another name',
	},
	{
		name: "links",
		from: "edge1",
		to: "links",
		says: 'x.yaml:36:14  groups.north.devices: "links" is reserved for the process that carries local links; choose another name',
	},
	{
		name: "a device with a capital",
		from: "edge1",
		to: "Edge1",
		says: 'x.yaml:36:14  groups.north.devices: "Edge1" cannot name a device; call it edge1, and under devices write edge1: { label: Edge1 }',
	},
	{
		name: "a device with a dot",
		from: "edge1",
		to: "edge.1",
		says: 'x.yaml:36:14  groups.north.devices: "edge.1" cannot name a device; call it edge-1, and under devices write edge-1: { label: edge.1 }',
	},
	{
		name: "a device with an underscore",
		from: "edge1",
		to: "edge_1",
		says: 'x.yaml:36:14  groups.north.devices: "edge_1" cannot name a device; call it edge-1, and under devices write edge-1: { label: edge_1 }',
	},
	{
		name: "a device that starts with a dash",
		from: "edge1",
		to: "-edge1",
		says: 'x.yaml:36:14  groups.north.devices: "-edge1" cannot name a device; call it edge1, and under devices write edge1: { label: "-edge1" }',
	},
	{
		name: "the name that is printed on a device",
		from: "edge1",
		to: "GW_0042",
		says: 'x.yaml:36:14  groups.north.devices: "GW_0042" cannot name a device; call it gw-0042, and under devices write gw-0042: { label: GW_0042 }',
	},
	{
		name: "the name that is printed on a device, under devices",
		from: "truck-002:",
		to: "GW_0042:",
		says: 'x.yaml:46:3  devices.GW_0042: "GW_0042" is in no group; call it gw-0042, and under devices write gw-0042: { label: GW_0042 }',
	},
	{
		name: "a device's name without a letter or digit",
		from: "edge1",
		to: "__",
		says: 'x.yaml:36:14  groups.north.devices: "__" cannot name a device; use a-z, 0-9 and dashes within, for example truck-001',
	},
	{
		name: "a label that is a number",
		from: "    retired: drain",
		to: "    label: 0042",
		says: "x.yaml:47:12  devices.truck-002.label: 0042 is a number; write it in quotes, or it may lose its zeros",
	},
	{
		name: "a label that a terminal obeys",
		from: "    retired: drain",
		to: '    label: "GW\\e[2J"',
		says: 'x.yaml:47:12  devices.truck-002.label: "GW\\u001b[2J" is no label; use 1 to 64 characters, none of them a control character',
	},
	{
		name: "a label of 65 characters",
		from: "    retired: drain",
		to: `    label: ${"g".repeat(65)}`,
		says: `x.yaml:47:12  devices.truck-002.label: "${"g".repeat(60)}…" is no label; use 1 to 64 characters, none of them a control character`,
	},
	{
		name: "an empty label",
		from: "    retired: drain",
		to: "    label:",
		says: "x.yaml:47:5  devices.truck-002.label: is empty; write for example GW_0042",
	},
	{
		name: "a comma too many",
		from: "edge1",
		to: "edge1,",
		says: 'x.yaml:36:14  groups.north.devices: a name is missing in "truck-[001-003], edge1,"; take out the comma, or name the device',
	},
	{
		name: "a device twice",
		from: "edge1",
		to: "truck-001",
		says: 'x.yaml:36:14  groups.north.devices: truck-001 is in "truck-001" and in "truck-[001-003]" of group north (line 36); name each device once',
	},
	{
		name: "a device's name of 64 characters",
		from: "edge1",
		to: "e".repeat(64),
		says: `x.yaml:36:14  groups.north.devices: "${"e".repeat(64)}" has 64 characters; use at most 63`,
	},
	{
		name: "a number among the devices",
		from: "- edge2",
		to: "- 7",
		says: 'x.yaml:41:9  groups.south.devices[1]: 7 is not a text; write for example "truck-[001-250]"',
	},
	{
		name: "an empty list of devices",
		from: "      - truck-[004-006]\n      - edge2",
		to: "      []",
		says: "x.yaml:39:5  groups.south.devices: is empty; name a device, or take out the group",
	},
	{
		name: "devices that are a number",
		from: 'devices: "truck-[001-003], edge1"',
		to: "devices: 5",
		says: 'x.yaml:36:14  groups.north.devices: 5 names no devices; write for example "truck-[001-250]"',
	},
	{
		name: "no devices",
		from: '    devices: "truck-[001-003], edge1"\n',
		to: "",
		says: 'x.yaml:35:3  groups.north.devices: is missing; write for example "truck-[001-250]"',
	},
	{
		name: "unknown hardware",
		from: "hardware: laptop",
		to: "hardware: labtop",
		says: 'x.yaml:42:15  groups.south.hardware: "labtop" is not in hardware; did you mean laptop?',
	},
	{
		name: "no hardware, where there are two kinds",
		from: "    hardware: laptop\n",
		to: "",
		says: "x.yaml:38:3  groups.south.hardware: is missing, and there is more than one; write one of board, laptop",
	},
	{
		name: "a group's name with a space",
		from: "  north:",
		to: "  no rth:",
		says: 'x.yaml:35:3  groups."no rth": "no rth" cannot name a group; did you mean no-rth?',
	},
	{
		name: "an override for no device",
		from: "truck-002:",
		to: "truck-2:",
		says: 'x.yaml:46:3  devices.truck-2: "truck-2" is in no group; did you mean truck-002?',
	},
	{
		name: "the same key for two devices",
		from: "    retired: drain",
		to: "    publicKey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4\n  edge1:\n    publicKey: UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
		says: "x.yaml:49:16  devices.edge1.publicKey: is the key of truck-002 as well; give each device a key of its own",
	},
];

describe("fleet devices", () => {
	it.each(CASES)("$name", ({ from, to, says }) => {
		expect(complaint(from, to)).toBe(says);
	});
});
