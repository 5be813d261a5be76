import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Builds a `nats-server` whose clock is off by `CLOCK_OFFSET` seconds: the pinned source, unchanged, over a `time.Now`
 * that adds the offset. Go programs read the clock without the C library, so the usual preloaded libraries do nothing,
 * and setting the machine's clock would disturb everything else on it. Cached by version; needs Go.
 */
export function wrongClockServer(): string {
	const module = resolve("toolchain/go/nats-server");
	const go = (...args: string[]) => execFileSync("go", args, { cwd: module, encoding: "utf8" }).trim();
	const version = go("list", "-m", "-f", "{{.Version}}", "github.com/nats-io/nats-server/v2");
	const folder = join(
		process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
		"leafline",
		"tools",
		"nats-server-clock",
	);
	const program = join(folder, `nats-server-${version}-${go("env", "GOVERSION")}`);
	if (existsSync(program)) return program;

	mkdirSync(folder, { recursive: true });
	const work = mkdtempSync(join(folder, "build-"));
	try {
		const time = join(go("env", "GOROOT"), "src", "time");
		const original = readFileSync(join(time, "time.go"), "utf8");
		const changed = original.replace(
			/^func Now\(\) Time \{\n(.*)\n/m,
			"func Now() Time {\n$1\n\tsec += clockOffset()\n",
		);
		if (changed === original) throw new Error("time.Now is written differently in this version of Go");
		writeFileSync(join(work, "time.go"), changed);
		writeFileSync(join(work, "offset.go"), CLOCK_OFFSET);
		const overlay = {
			Replace: {
				[join(time, "time.go")]: join(work, "time.go"),
				[join(time, "clock_offset.go")]: join(work, "offset.go"),
			},
		};
		writeFileSync(join(work, "overlay.json"), JSON.stringify(overlay));
		const output = join(work, "nats-server");
		go("build", "-overlay", join(work, "overlay.json"), "-o", output, "github.com/nats-io/nats-server/v2");
		renameSync(output, program);
		return program;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

// The package `time` may not import `os` or `strconv`.
const CLOCK_OFFSET = `package time

import "syscall"

var clockOffsetSeconds, clockOffsetRead = int64(0), false

func clockOffset() int64 {
	if !clockOffsetRead {
		text, _ := syscall.Getenv("CLOCK_OFFSET")
		sign, n := int64(1), int64(0)
		for i := 0; i < len(text); i++ {
			if text[i] == '-' {
				sign = -1
				continue
			}
			n = n*10 + int64(text[i]-'0')
		}
		clockOffsetSeconds, clockOffsetRead = sign*n, true
	}
	return clockOffsetSeconds
}
`;
