import { NODE } from "./files";
import { common } from "./script/common";
import { host } from "./script/host";
import { hub } from "./script/hub";
import { main } from "./script/main";
import { parameters } from "./script/parameters";
import { sh } from "./script/sh";
import { volume } from "./script/volume";

export interface UserDataOptions {
	/** Where the parameters lie, as in `eu-central-1`. */
	readonly region: string;
	/** The node's parameters, see `parameterPath`. */
	readonly path: string;
}

/** What EC2 takes, in bytes before encoding. */
export const USER_DATA_BYTES = 16_384;

/** The node script, the same for all nodes and environments. */
export function renderNodeScript(): string {
	return [common, parameters, volume, host, hub, main].join("\n");
}

/**
 * What a hub's machine runs at its first boot: one plain POSIX shell script, below the 16,384 bytes that EC2 takes. It
 * installs the node script and a service that runs it at every boot.
 * @throws RangeError when region or path could not stand in a shell script
 */
export function renderUserData({ region, path }: UserDataOptions): string {
	if (!/^[a-z]{2}(-[a-z0-9]+)+$/.test(region)) throw new RangeError(`not the name of a region: ${region}`);
	if (!/^(\/[A-Za-z0-9._-]+)+$/.test(path)) throw new RangeError(`not a path of parameters: ${path}`);
	return sh`
#!/bin/sh
# Makes this machine a node of leafline's hub, with all that is in the parameter store below its path.
set -eu
umask 022
mkdir -p ${dirname(NODE.env)} ${dirname(NODE.script)}
cat > ${NODE.env} << 'LEAFLINE_ENV'
REGION=${region}
PARAMETERS=${path}
LEAFLINE_ENV
${installScript()}
exec ${NODE.script} install
`;
}

/**
 * Content of the SSM document (schema 2.2, JSON, the same for all nodes and environments) that brings a running node to
 * the newest script and parameters. Its parameters, both optional:
 * - `Generation`: `generationOf` the parameters that the node must take; one that still reads older ones tries again
 * - `Force`: `1` restarts a node even where others of the cluster are not connected
 */
export function renderApplyDocument(): string {
	const command = sh`
set -eu
umask 022
tries=0
until [ -e ${NODE.env} ]; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || { echo "failed: the machine has not run its user-data: see /var/log/cloud-init-output.log"; exit 1; }
	sleep 1
done
${installScript()}
GENERATION='{{ Generation }}' FORCE='{{ Force }}' exec ${NODE.script} apply
`;
	const document = {
		schemaVersion: "2.2",
		description: "Brings a node of leafline's hub to its newest parameters",
		parameters: {
			Generation: {
				type: "String",
				default: "",
				allowedPattern: "^([0-9a-f]{64})?$",
				description: "What it must take",
			},
			Force: { type: "String", default: "0", allowedValues: ["0", "1"], description: "1: restart in any case" },
		},
		mainSteps: [
			{
				action: "aws:runShellScript",
				name: "apply",
				precondition: { StringEquals: ["platformType", "Linux"] },
				inputs: { timeoutSeconds: "3600", runCommand: command.trimEnd().split("\n") },
			},
		],
	};
	return `${JSON.stringify(document, null, "\t")}\n`;
}

/** A new file takes the old one's place: a shell that still reads the old script is not disturbed. */
function installScript(): string {
	return sh`
cat > ${NODE.script}.new << 'LEAFLINE_NODE'
${renderNodeScript().trimEnd()}
LEAFLINE_NODE
sh -n ${NODE.script}.new
chmod 755 ${NODE.script}.new
mv -f ${NODE.script}.new ${NODE.script}`.trimEnd();
}

function dirname(path: string): string {
	return path.slice(0, path.lastIndexOf("/"));
}
