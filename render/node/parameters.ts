import { createHash } from "node:crypto";

/** Which server a node is to run. */
export interface Release {
	/** As in `2.15.2+leafline.4`. */
	readonly version: string;
	/** Where its binary lies, `s3://<bucket>/<key>`. */
	readonly url: string;
	/** Of the binary, 64 hex digits. */
	readonly sha256: string;
}

/** Text of the parameter `release`: one `name=value` a line. @throws RangeError */
export function renderRelease({ version, url, sha256 }: Release): string {
	if (!/^\d+\.\d+\.\d+[A-Za-z0-9.-]*(\+[A-Za-z0-9.-]+)?$/.test(version))
		throw new RangeError(`not a server version: ${version}`);
	if (!/^s3:\/\/[a-z0-9.-]+\/[A-Za-z0-9._/-]+$/.test(url)) throw new RangeError(`not the address of an object: ${url}`);
	if (!/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError(`not a sha256: ${sha256}`);
	return `version=${version}\nurl=${url}\nsha256=${sha256}\n`;
}

/**
 * Text of the parameter `volume`.
 * @param volume id of an EBS volume (`vol-0123456789abcdef0`), or `instance-store`
 * @throws RangeError
 */
export function renderVolume(volume: string): string {
	if (volume === "instance-store") return "serial=instance-store\n";
	if (!/^vol-[0-9a-f]{8,17}$/.test(volume)) throw new RangeError(`not the id of a volume: ${volume}`);
	// The machine sees the id as the serial of an NVMe disk, without its dash.
	return `serial=${volume.replace("-", "")}\n`;
}

/**
 * What a node calls a set of parameters, so that one can tell whether it has taken these.
 * @param parameters texts by name
 * @returns 64 hex digits; the same whatever blank lines a text ends with
 */
export function generationOf(parameters: Readonly<Record<string, string>>): string {
	// As `sha256sum * | sha256sum` in a folder of these files.
	const lines = Object.entries(parameters)
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([name, text]) => `${sha256(`${text.replace(/\n+$/, "")}\n`)}  ${name}\n`);
	return sha256(lines.join(""));
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
