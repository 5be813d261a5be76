import type { Settings } from "../../config/model";
import { hubServerName } from "../../render/hub";
import { isRunning } from "../../system/process";
import { nodePorts } from "../../topology/local-ports";
import { hubDir, LOCAL_ROOT } from "../daemon/layout";
import { generation, readRecord } from "../daemon/record";

/** A server of a hub on this machine. */
export interface LocalNode {
	/** From 0. */
	readonly node: number;
	/** `server_name`, and name of its folder and its resource. */
	readonly name: string;
	readonly dir: string;
	readonly monitorUrl: string;
	/** Whether it runs now. */
	readonly running: boolean;
	/** Whether it runs with another route port than it is to have. */
	readonly moved: boolean;
	/** Asked once: of a server that never ran it is a time, which moves on. */
	readonly generation: number;
}

/** @param root folder of all local processes. @default ".leafline/local" */
export function localNodes(settings: Settings, root: string = LOCAL_ROOT): LocalNode[] {
	return Array.from({ length: settings.hub.nodes }, (_, node) => {
		const name = hubServerName({ settings }, node);
		const dir = hubDir(root, name);
		const record = readRecord(dir);
		const { monitor, route } = nodePorts(settings.hub, node);
		const running = record !== undefined && isRunning(record);
		return {
			node,
			name,
			dir,
			monitorUrl: `http://127.0.0.1:${monitor}`,
			running,
			moved: running && settings.hub.nodes > 1 && !record.ports.includes(route),
			generation: generation(dir),
		};
	});
}
