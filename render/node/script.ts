export interface UserDataOptions {
	/** Where the parameters lie, as in `eu-central-1`. */
	readonly region: string;
	/** The node's parameters, see `parameterPath`. */
	readonly path: string;
}

/**
 * What a hub's machine runs at its first boot: one plain POSIX shell script, below the 16,384 bytes that EC2 takes. It
 * installs the node script and a service that runs it at every boot.
 * @throws RangeError when region or path could not stand in a shell script
 */
export function renderUserData(_options: UserDataOptions): string {
	throw new Error("to come");
}

/**
 * Content of the SSM document (schema 2.2, JSON, the same for all nodes and environments) that brings a running node to
 * the newest script and parameters. Its parameters, both optional:
 * - `Generation`: `generationOf` the parameters that the node must take; one that still reads older ones tries again
 * - `Force`: `1` restarts a node even where others of the cluster are not connected
 */
export function renderApplyDocument(): string {
	throw new Error("to come");
}
