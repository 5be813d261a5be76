/** What a bundle is and what is in it: `manifest.json`, which `manifest.sig` signs. Nothing in it is secret. */
export interface Manifest {
	/** Of this format. */
	readonly version: 1;
	readonly device: string;
	readonly fleet: string;
	readonly environment: string;
	/** Raised by whoever makes bundles; a device takes none with a lower one. */
	readonly release: number;
	/** Processor that the executables in it are for; absent where there are none. */
	readonly arch?: "arm64" | "amd64";
	/** Of what is in it, and `serverFloor`, the oldest nats-server that may run it. */
	readonly versions: Readonly<Record<string, string>>;
	/** Public key of the signature. */
	readonly key: string;
	/** By path in the bundle, sorted. */
	readonly files: Readonly<Record<string, FileEntry>>;
	/** The same for the credentials, which may be kept apart; empty where they are made elsewhere. */
	readonly credentials: Readonly<Record<string, FileEntry>>;
}

export interface FileEntry {
	/** Hexadecimal. */
	readonly sha256: string;
	readonly bytes: number;
}

/** The text that is signed. */
export function manifestText(manifest: Manifest): string {
	const sorted = <T>(record: Readonly<Record<string, T>>) =>
		Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
	const { versions, files, credentials, ...rest } = manifest;
	const whole = { ...rest, versions: sorted(versions), files: sorted(files), credentials: sorted(credentials) };
	return `${JSON.stringify(whole, null, "\t")}\n`;
}
