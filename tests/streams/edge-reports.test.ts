import { expect, test } from "vitest";
import { reports } from "../../components/streams/provider/edge-reports";
import type { EdgeStreamsProps } from "../../components/streams/provider/edge-streams";
import { CAN, edgeProps } from "./fixtures";

const connection = { urls: [], ca: "", adminCreds: "", systemCreds: "" };
const props = (devices: readonly string[], changes: Partial<EdgeStreamsProps> = {}) =>
	edgeProps(connection, devices, changes) as unknown as EdgeStreamsProps;

test("a device that moved to another group is not called unmanaged: this group cannot know", () => {
	expect(reports(props(["edge1"]), props(["edge1", "edge2"]), {})).toEqual({
		warnings: [],
		infos: ["1 device left this group, the streams as they are: edge2"],
	});
});

test("devices that are not as asked are warned of by reason", () => {
	const pending = { edge2: "offline", edge1: "offline", edge3: "no answer, though its link is up" };
	expect(reports(props(["edge1", "edge2", "edge3"]), undefined, pending).warnings).toEqual([
		"2 devices pending: edge1, edge2 (offline)",
		"1 device pending: edge3 (no answer, though its link is up)",
	]);
});

test("streams of a class that went stay, unless they may be lost", () => {
	const before = props(["edge1"], { classes: { can: CAN, debug: CAN } });
	expect(reports(props(["edge1"]), before, {}).warnings).toEqual([
		"streams of debug are no longer managed and stay on the devices",
	]);
	expect(reports(props(["edge1"], { allowDataLoss: true }), before, {}).warnings).toEqual([]);
});
