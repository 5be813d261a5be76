import { X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { confPath, NODE, PARAMETER, REQUIRED_PARAMETERS } from "../../../render/node/files";

/** Where things of a node are on this machine. */
export interface Places {
	/** Of the node: what is on its root disk. */
	readonly root: string;
	/** Of its data volume, which moves along with the volume. */
	readonly data: string;
	/** Loopback address that stands for the node's elastic one. */
	readonly publicAddress: string;
	/** Loopback address for everything else that the node listens on. */
	readonly ownAddress: string;
	/** Loopback addresses by private ones, of all nodes. */
	readonly privateAddresses: Readonly<Record<string, string>>;
}

/** A node refuses what it was given. */
export class NodeError extends Error {}

/** Settings that user-data writes to a node when it boots for the first time. @throws NodeError */
export function parametersPath(userData: string | undefined): string {
	const path = /^\s*PARAMETERS=["']?(\/[\w./-]+)/m.exec(userData ?? "")?.[1];
	if (path === undefined) throw new NodeError("user-data names no PARAMETERS");
	return path;
}

/**
 * Writes a node's parameters as files, as the node script does, but for paths and addresses: three nodes share this
 * machine's root, and have one of its loopback addresses each. @returns the path of hub.conf
 * @throws NodeError for what the script refuses too
 */
export function writeNodeFiles(parameters: Readonly<Record<string, string>>, places: Places): string {
	for (const name of REQUIRED_PARAMETERS) {
		if (!parameters[name]) throw new NodeError(`parameter ${name} is missing or empty`);
	}
	for (const folder of ["etc", "run"]) mkdirSync(join(places.root, folder), { recursive: true, mode: 0o700 });
	mkdirSync(places.data, { recursive: true, mode: 0o700 });
	requireRouteCertificate(parameters, places);
	const etc = join(places.root, "etc");
	for (const [name, text] of Object.entries(parameters)) {
		const content = name === PARAMETER.conf ? localConf(text, places) : text;
		writeFileSync(join(etc, name), content, { mode: 0o600 });
	}
	return join(etc, PARAMETER.conf);
}

/** hub.conf for this machine. */
export function localConf(conf: string, places: Places): string {
	const replaced: [string | RegExp, string][] = [
		[`${NODE.confDir}/`, `${join(places.root, "etc")}/`],
		[NODE.mount, places.data],
		[NODE.runDir, join(places.root, "run")],
		[/\b127\.0\.0\.1:/g, `${places.ownAddress}:`],
		[/\b0\.0\.0\.0:7422\b/g, `${places.publicAddress}:7422`],
		...Object.entries(places.privateAddresses).map(([from, to]): [RegExp, string] => [
			new RegExp(`(?<![\\d.])${from.replaceAll(".", "\\.")}(?![\\d.])`, "g"),
			to,
		]),
	];
	const text = replaced.reduce((result, [from, to]) => result.replaceAll(from, to), conf);
	// The nodes' certificate names their private addresses, which this machine does not have: looked at in its place by
	// `requireRouteCertificate`. That the other side has a certificate of the authority is still asked for.
	const authority = `ca_file: ${JSON.stringify(join(places.root, "etc", PARAMETER.routeCa))}`;
	return text.replace(authority, `${authority}\n    insecure: true`);
}

function requireRouteCertificate(parameters: Readonly<Record<string, string>>, { privateAddresses }: Places): void {
	if (!parameters[PARAMETER.conf]?.includes(confPath(PARAMETER.routeCa))) return;
	const certificate = new X509Certificate(parameters[PARAMETER.routeCert] ?? "");
	const authority = new X509Certificate(parameters[PARAMETER.routeCa] ?? "");
	if (!certificate.verify(authority.publicKey)) throw new NodeError("route.crt is not of route-ca.crt");
	for (const address of Object.keys(privateAddresses)) {
		if (certificate.checkIP(address) === undefined) throw new NodeError(`route.crt does not hold for ${address}`);
	}
}
