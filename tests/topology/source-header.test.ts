import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { roomForHeaders, SOURCE_HEADER_ROOM } from "../../topology/source-header";

it("keeps the room that leafline's server keeps", () => {
	const go = readFileSync("toolchain/go/nats-server/change/room_for_headers.go", "utf8");
	expect(Number(/sourceHeaderRoom = (\d+)/.exec(go)?.[1])).toBe(SOURCE_HEADER_ROOM);
});

it("counts a subject in bytes, as the server does", () => {
	expect(roomForHeaders("a.b")).toBe(65_535 - SOURCE_HEADER_ROOM - 3);
	expect(roomForHeaders("a.é")).toBe(65_535 - SOURCE_HEADER_ROOM - 4);
});
