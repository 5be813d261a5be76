import * as fs from "node:fs";
import * as path from "node:path";

/** Folder of the project: the nearest one upward from the working directory that holds a Pulumi.yaml, else this one. */
export function projectDir(): string {
	for (let dir = process.cwd(); ; dir = path.dirname(dir)) {
		if (fs.existsSync(path.join(dir, "Pulumi.yaml"))) return dir;
		if (dir === path.dirname(dir)) return process.cwd();
	}
}
