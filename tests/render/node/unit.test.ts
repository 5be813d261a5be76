import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NODE, PARAMETER } from "../../../render/node/files";
import { renderUnit } from "../../../render/node/unit";

const unit = renderUnit();
const values = (directive: string) =>
	[...unit.matchAll(new RegExp(`^${directive}=(.*)$`, "gm"))].map((match) => match[1]);

/** 0 is shut, 10 is open. What is left is what a server needs: the network, and files of its own. */
const MOST_EXPOSED = 1.5;

const analyze = spawnSync("systemd-analyze", ["--version"], { encoding: "utf8" }).stdout ?? "";
const offline = Number(/^systemd (\d+)/.exec(analyze)?.[1] ?? 0) >= 251;

describe("the unit", () => {
	it("does not start where the volume is not mounted", () => {
		expect(values("AssertPathIsMountPoint")).toEqual([NODE.mount]);
		expect(values("RequiresMountsFor")).toEqual([NODE.mount]);
	});

	it("writes to the volume and nowhere else", () => {
		expect(values("ProtectSystem")).toEqual(["strict"]);
		expect(values("ReadWritePaths")).toEqual([NODE.storeDir]);
		expect(values("User")).toEqual(["nats"]);
	});

	it("stops in lame duck, with time for it, and reloads by signal", () => {
		expect(values("ExecStop")).toEqual([
			`/bin/sh -c 'kill -USR2 "$MAINPID" && exec tail --pid="$MAINPID" -f /dev/null'`,
		]);
		expect(values("TimeoutStopSec")).toEqual(["150"]);
		expect(values("ExecReload")).toEqual(["/bin/kill -HUP $MAINPID"]);
	});

	it("is started by the node script alone", () => {
		expect(unit).not.toContain("[Install]");
		expect(values("Restart")).toEqual(["on-failure"]);
	});

	it.skipIf(!offline)(`is hardened${offline ? "" : " (skipped: no systemd-analyze that works offline)"}`, () => {
		const folder = mkdtempSync(join(tmpdir(), "leafline-unit-"));
		try {
			const file = join(folder, PARAMETER.unit);
			writeFileSync(file, unit);
			const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", file], { encoding: "utf8" });
			const exposure = Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1]);
			expect(exposure).toBeLessThanOrEqual(MOST_EXPOSED);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});
});
