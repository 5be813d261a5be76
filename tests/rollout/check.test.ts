import { describe, expect, test } from "vitest";
import { checkRelease } from "../../cli/rollout/check";
import type { ReleaseSource } from "../../cli/rollout/release";
import type { Seen } from "../../cli/rollout/seen";
import { BUNDLE } from "../../render/bundle/layout";

/** What devices say they run: release 3, with a server of this version, or with one that they do not tell. */
function seenWith(servers: Readonly<Record<string, string | undefined>>): Seen {
	const have = (device: string) => {
		const server = servers[device];
		const versions: Record<string, string> = server === undefined ? {} : { "nats-server": server };
		return { version: 1, device, time: 0, release: 3, manifest: "", versions } as const;
	};
	return { have } as Partial<Seen> as Seen;
}

function sourceOf(serverFloor: string | undefined, brings: readonly string[] = []): ReleaseSource {
	const versions = { leafline: "1.0.0", ...(serverFloor !== undefined && { serverFloor }) };
	return { about: async () => ({ versions, brings }), of: () => Promise.reject(new Error("nothing is made yet")) };
}

describe("a release that is to be rolled out", () => {
	const names = ["edge1", "edge2", "edge3"];
	const seen = seenWith({ edge1: "2.14.9", edge2: "2.15.2", edge3: undefined });

	test("is refused where it needs a newer nats-server than a device has, by name and with the remedy", async () => {
		await expect(checkRelease(sourceOf("2.15.0"), seen, 4, names)).rejects.toThrow(
			"edge1 runs an older nats-server than the 2.15.0 that this release needs: bring one along, --with server",
		);
	});

	test("is not refused where it brings that server, needs none, or the device is not asked", async () => {
		await checkRelease(sourceOf("2.15.0", [BUNDLE.server]), seen, 4, names);
		await checkRelease(sourceOf(undefined), seen, 4, names);
		await checkRelease(sourceOf("2.15.0"), seen, 4, ["edge2", "edge3"]);
		// Compared as numbers: 2.9 is older than 2.15.
		await checkRelease(sourceOf("2.9.0"), seen, 4, names);
		await expect(checkRelease(sourceOf("2.15.0"), seenWith({ edge1: "2.9.11" }), 4, ["edge1"])).rejects.toThrow(
			/older/,
		);
	});

	test("is refused where a device has it, or a later one, with the number to say", async () => {
		await expect(checkRelease(sourceOf("2.15.0"), seen, 3, ["edge2"])).rejects.toThrow(
			"edge2 has release 3 or a later one: say --release 4",
		);
	});
});
