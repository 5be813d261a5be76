import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NAME } from "../../toolchain/server-change.js";

/** `e_machine` of the ELF header. */
export const MACHINE = { arm64: 183, x86_64: 62 } as const;

/**
 * As much of an executable of nats-server as leafline looks at.
 * @param system `EI_OSABI`; 0 is Linux
 * @param tags that it was built with; without leafline's it is the official one
 */
export function serverProgram(
	machine: number,
	version = "v2.15.2",
	{ system = 0, tags = NAME }: { system?: number; tags?: string } = {},
): Buffer {
	const header = Buffer.alloc(128);
	header.write("\x7fELF", "latin1");
	header.set([2, 1, 1, system], 4);
	header.writeUInt16LE(machine, 18);
	const built = `build\t-compiler=gc\n${tags ? `build\t-tags=${tags}\n` : ""}build\tGOOS=linux\n`;
	const module = "github.com/nats-io/nats-server/v2";
	return Buffer.concat([
		header,
		Buffer.from(`…${module}\x00path\t${module}\nmod\t${module}\t${version}\th1:x=\n${built}`),
	]);
}

/** Lets the program find a server for a hub's machines while something is done, on machines that have none. */
export async function withServer<T>(architecture: keyof typeof MACHINE, task: () => Promise<T>): Promise<T> {
	const { LEAFLINE_SERVER: before } = process.env;
	const folder = mkdtempSync(join(tmpdir(), "leafline-server-"));
	const file = join(folder, "nats-server");
	writeFileSync(file, serverProgram(MACHINE[architecture]));
	process.env.LEAFLINE_SERVER = file;
	try {
		return await task();
	} finally {
		if (before === undefined) delete process.env.LEAFLINE_SERVER;
		else process.env.LEAFLINE_SERVER = before;
		rmSync(folder, { recursive: true });
	}
}
