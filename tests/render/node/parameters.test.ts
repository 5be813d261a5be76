import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { logGroup, parameterPath } from "../../../render/node/files";
import { generationOf, renderRelease, renderVolume } from "../../../render/node/parameters";

const SHA = "ab".repeat(32);

describe("names of a node", () => {
	it("count from 1 outside of the program", () => {
		expect(parameterPath("prod", 0)).toBe("/leafline/prod/hub/1");
		expect(logGroup("prod")).toBe("/leafline/prod/hub");
	});
});

describe("the release", () => {
	it("is lines that a shell can take apart", () => {
		expect(renderRelease({ version: "2.15.2", url: "s3://bucket/nats-server/ab", sha256: SHA })).toBe(
			`version=2.15.2\nurl=s3://bucket/nats-server/ab\nsha256=${SHA}\n`,
		);
		expect(renderRelease({ version: "2.15.2+leafline.4", url: "s3://bucket/key", sha256: SHA })).toMatch(
			/^version=2\.15\.2\+leafline\.\d+\n/,
		);
	});

	it.each([
		{ version: "2.15.2\nurl=x", url: "s3://bucket/key", sha256: SHA },
		{ version: "2.15.2", url: "https://example.com/nats-server", sha256: SHA },
		{ version: "2.15.2", url: "s3://bucket/a key", sha256: SHA },
		{ version: "2.15.2", url: "s3://bucket/key", sha256: "ab" },
	])("refuses %o", (release) => {
		expect(() => renderRelease(release)).toThrow(RangeError);
	});
});

describe("the volume", () => {
	it("is named as the machine sees it", () => {
		expect(renderVolume("vol-0123456789abcdef0")).toBe("serial=vol0123456789abcdef0\n");
		expect(renderVolume("instance-store")).toBe("serial=instance-store\n");
	});

	it.each(["vol0123456789abcdef0", "/dev/nvme1n1", "", "vol-x"])("refuses %j", (volume) => {
		expect(() => renderVolume(volume)).toThrow(RangeError);
	});
});

describe("a generation", () => {
	const texts = {
		"hub.conf": "a\nb",
		"leaf.crt": "c\n\n\n",
		release: "d\n",
		"route-ca.crt": "e\n",
		"route.crt": "f\n",
	};

	it("is what the node makes of the same texts", () => {
		const folder = mkdtempSync(join(tmpdir(), "leafline-generation-"));
		try {
			for (const [name, text] of Object.entries(texts)) {
				writeFileSync(join(folder, name), `${text.replace(/\n+$/, "")}\n`);
			}
			const command = "sha256sum -- * | sha256sum | cut -c 1-64";
			const { stdout } = spawnSync("sh", ["-c", command], {
				cwd: folder,
				encoding: "utf8",
				env: { ...process.env, LC_ALL: "C" },
			});
			expect(generationOf(texts)).toBe(stdout.trim());
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	});

	it("does not depend on the order, and on each text", () => {
		expect(generationOf(Object.fromEntries(Object.entries(texts).reverse()))).toBe(generationOf(texts));
		expect(generationOf({ ...texts, release: "e\n" })).not.toBe(generationOf(texts));
		expect(generationOf({ ...texts, more: "" })).not.toBe(generationOf(texts));
	});
});
