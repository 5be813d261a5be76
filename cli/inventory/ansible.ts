import type { InventoryDevice, InventoryOutput } from "../../contract/inventory";

/** Groups and variables as Ansible takes them from an inventory script (docs.ansible.com, "Developing dynamic inventory"). */

interface Group {
	readonly hosts?: readonly string[];
	readonly children?: readonly string[];
	readonly vars?: Readonly<Record<string, unknown>>;
}

/** The answer to `--list`: every group, and under `_meta` each host's variables, so that Ansible asks once. */
export function ansibleList(inventory: InventoryOutput): Record<string, unknown> {
	const groups = new Map<string, string[]>();
	const put = (group: string, host: string) => groups.set(group, [...(groups.get(group) ?? []), host]);
	for (const [name, device] of Object.entries(inventory.devices)) for (const it of groupsOf(device)) put(it, name);
	const own = `stack_${token(inventory.environment)}`;
	const named = [...groups].map(([name, hosts]): [string, Group] => [name, { hosts }]);
	return {
		_meta: {
			hostvars: Object.fromEntries(Object.keys(inventory.devices).map((name) => [name, ansibleHost(inventory, name)])),
		},
		all: { children: ["ungrouped", own, ...[...groups.keys()].sort()] },
		[own]: {
			hosts: Object.keys(inventory.devices),
			vars: {
				leafline_environment: inventory.environment,
				leafline_fleet: inventory.fleet,
				leafline_hub_urls: inventory.hubUrls,
				leafline_version_floor: inventory.versionFloor,
			},
		},
		...Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))),
	};
}

/** The answer to `--host`; of a name that is not there, no variables, as Ansible expects it. */
export function ansibleHost({ devices }: InventoryOutput, name: string): Record<string, unknown> {
	const device = Object.hasOwn(devices, name) ? devices[name] : undefined;
	if (!device) return {};
	const { label, group, hardware, arch, domain, clientPort, classes, hubStreams, draining, pending } = device;
	const known = {
		leafline_label: label,
		leafline_hardware: hardware,
		leafline_arch: arch,
		leafline_client_port: clientPort,
		leafline_pending: pending,
	};
	return {
		leafline_device: name,
		leafline_group: group,
		leafline_domain: domain,
		leafline_classes: classes,
		leafline_hub_streams: hubStreams,
		leafline_draining: draining ?? false,
		...Object.fromEntries(
			Object.entries(known).flatMap(([key, value]) => (value === undefined ? [] : [[key, data(value)]])),
		),
	};
}

function groupsOf({ group, hardware, arch, classes, draining, pending }: InventoryDevice): string[] {
	return [
		`group_${token(group)}`,
		...(hardware === undefined ? [] : [`hardware_${token(hardware)}`]),
		...(arch === undefined ? [] : [`arch_${arch}`]),
		...classes.map((name) => `class_${token(name)}`),
		...(draining ? ["draining"] : []),
		...(pending === undefined ? [] : ["pending"]),
	];
}

/** A group of Ansible is a name of Python; leafline's names have dashes and no underscores, so that none fall together. */
function token(name: string): string {
	return name.replaceAll(/[^A-Za-z0-9]/g, "_");
}

/** Text that people or other programs wrote is no template: with its braces apart Ansible takes none for an expression. */
function data<T>(value: T): T | string {
	return typeof value === "string" ? value.replaceAll(/\{(?=[{%#])/g, "{ ") : value;
}
