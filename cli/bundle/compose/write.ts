import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { StackOutputs } from "../../../contract/outputs";
import { BUNDLE } from "../../../render/bundle/layout";
import { deviceServices, deviceVolumes, OWN_FOLDER, SERVER_SCRIPT } from "../../../render/compose/device";
import { HUB_FILES, HUB_FOLDER, loadService } from "../../../render/compose/hub";
import { type ComposeFile, EXPORTER_PORT, type Service } from "../../../render/compose/model";
import { serverScript } from "../../../render/compose/scripts";
import { edgeStreamName } from "../../../topology/names";
import { chooseTraffic } from "../../demo/traffic";
import { UserError } from "../../errors";
import { readConf } from "../device";
import type { Trial } from "./trial";

const FILE = "docker-compose.yml";
/** Written by whom, and what a reader of it has to know first. */
const COMMENT = ` Written by leafline bundle --format compose; docs/bundle.md tells of it.`;

/** Loads of a try may be more than a laptop takes: so many messages a second of each device at most. */
const MOST_RATE = 1_000;

/**
 * Writes what runs the bundles of devices in containers.
 * @returns writes it into the folder in which the bundles are
 * @throws UserError for a device whose hub no container reaches
 */
export function composeWriter(outputs: StackOutputs, devices: readonly string[], trial?: Trial) {
	const services: Record<string, Service> = { ...trial?.services };
	const volumes = { ...trial?.volumes };
	for (const [index, name] of devices.entries()) {
		const { storeDir, memoryBytes, urls, url } = readConf(outputs, name);
		for (const each of urls) if (isLoopback(each)) throw noWay(name, each);
		const device = { name, storeDir, memoryBytes, metricsPort: EXPORTER_PORT + 1 + index };
		Object.assign(services, deviceServices(device));
		Object.assign(volumes, deviceVolumes(device));
		if (trial) services[`${name}_load`] = loadService(loadOf(outputs, name, url));
	}
	const file: ComposeFile = { name: `leafline-${outputs.leafline.fleet}`, services, volumes };
	return async (stage: string) => {
		write(join(stage, OWN_FOLDER, SERVER_SCRIPT), serverScript, 0o644);
		for (const [path, text] of Object.entries(trial?.files ?? {})) {
			write(join(stage, HUB_FOLDER, path), text, /\.sh$/.test(path) ? 0o644 : 0o600);
		}
		if (trial) bringServer(stage, devices);
		write(join(stage, FILE), composeText(file), 0o644);
	};
}

/** `$` begins a variable in a compose file, and `$$` is one. */
export function composeText(file: ComposeFile): string {
	const escaped = JSON.parse(JSON.stringify(file).replaceAll("$", "$$$$")) as ComposeFile;
	return stringify(escaped, { lineWidth: 0, aliasDuplicateObjects: false }).replace(/^/, `#${COMMENT}\n`);
}

/** The hub of a try runs the devices' own server. */
function bringServer(stage: string, [device = ""]: readonly string[]): void {
	const file = join(stage, HUB_FOLDER, HUB_FILES.server);
	mkdirSync(dirname(file), { recursive: true });
	copyFileSync(join(stage, device, BUNDLE.server), file);
	chmodSync(file, 0o755);
}

function loadOf({ leafline }: StackOutputs, device: string, url: string) {
	const traffic = chooseTraffic(leafline);
	const rate = Math.min(MOST_RATE, leafline.classes[traffic.class]?.rate ?? 1);
	return {
		...{ device, url, rate, subject: traffic.subject(device), sizeBytes: traffic.sizeBytes },
		stream: edgeStreamName(device, traffic.class),
	};
}

function isLoopback(url: string): boolean {
	return /^(127\.|localhost$|\[?::1)/.test(new URL(url).hostname);
}

function noWay(device: string, url: string): UserError {
	return new UserError(
		`the hub of ${device} is on this computer's loopback (${url}), which no container reaches: ` +
			"make a try with a hub of its own by --fleet, or take the outputs of a stack whose hub is elsewhere",
	);
}

function write(file: string, text: string, mode: number): void {
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text, { mode });
}
