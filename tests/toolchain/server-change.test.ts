import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { serverSources } from "./server-sources";
import { load, root, temporary, write } from "./support";

const { MODULE, NAME, changeServer, digest, edits } = load(
	"../../toolchain/server-change.js",
) as typeof import("../../toolchain/server-change.js");

/** A copy of sources that the change fits. */
function sources(): { folder: string; server: string } {
	const folder = temporary();
	fs.cpSync(serverSources(), path.join(folder, "vendor"), { recursive: true });
	return { folder, server: path.join(folder, MODULE, "server") };
}

describe("leafline's change to nats-server", () => {
	it("has another number when it has other lines", () => {
		// When this fails, count NAME up (`toolchain/server-change.js`), and write the new digest here.
		expect([NAME, digest()]).toEqual(["leafline.4", "c01e5577"]);
	});

	it("puts every line in, once", () => {
		const { folder, server } = sources();
		changeServer(folder, "2.15.2");
		for (const { file, becomes } of edits("2.15.2")) {
			const text = fs.readFileSync(path.join(server, path.basename(file)), "utf8");
			expect(text.split(becomes)).toHaveLength(2);
		}
		expect(fs.existsSync(path.join(server, "flow_control_reply.go"))).toBe(true);
	});

	it.each(edits("2.15.2").map((edit, index) => ({ ...edit, index })))(
		"is refused where place $index is another one",
		({ file, at }) => {
			const { folder, server } = sources();
			const name = path.join(server, path.basename(file));
			const text = fs.readFileSync(name, "utf8");
			write(name, text.replace(at, at.replace(/\n/, " // today\n")));
			expect(() => changeServer(folder, "2.15.3")).toThrow(
				/does not fit the sources of 2\.15\.3, and nothing is built/,
			);
			write(name, `${text}${at}`);
			expect(() => changeServer(folder, "2.15.2")).toThrow(/does not fit the sources of 2\.15\.2/);
		},
	);

	it("is refused where the server answers in one more place", () => {
		const { folder, server } = sources();
		write(path.join(server, "new.go"), "func x() { mset.sendFlowControlReply(reply, hdr) }\n");
		expect(() => changeServer(folder, "2.15.2")).toThrow("server/ has sendFlowControlReply( 3 times, not 2");
	});

	it("is refused where a file of its name is there", () => {
		const { folder, server } = sources();
		write(path.join(server, "flow_control_reply.go"), "");
		expect(() => changeServer(folder, "2.15.2")).toThrow("server/flow_control_reply.go is there already");
	});
});

const go = spawnSync("go", ["version"]).status === 0;

/** With Go's own cache of what is compiled, which the build of the tools has filled. */
describe.skipIf(!go)("a build of it", () => {
	const build = (arch: string) => {
		const home = temporary();
		const cached = JSON.parse(execFileSync("go", ["env", "-json", "GOCACHE", "GOMODCACHE"], { encoding: "utf8" }));
		const env = {
			...process.env,
			HOME: home,
			XDG_CACHE_HOME: path.join(home, "cache"),
			...cached,
			LEAFLINE_SERVER: "",
		};
		const text = execFileSync(process.execPath, ["toolchain/run.js", "server", arch], {
			cwd: root,
			env,
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		});
		const [version, sha256, file = ""] = text.trim().split(" ");
		return { version, sha256, file, home };
	};

	it("has the same bytes in another folder of another user", () => {
		const arch = process.arch === "arm64" ? "arm64" : "x86_64";
		const [one, two] = [build(arch), build(arch)];
		expect(one.version).toBe(`2.15.2+${NAME}`);
		expect(two.sha256).toBe(one.sha256);
		expect(two.file).not.toBe(one.file);
		expect(fs.readFileSync(one.file).includes(one.home)).toBe(false);
		if (process.platform !== "linux") return;
		expect(execFileSync(one.file, ["--version"], { encoding: "utf8" })).toBe(`nats-server: v2.15.2+${NAME}\n`);
	}, 600_000);
});
