import { createRequire } from "node:module";
import { PARAMETER } from "../../../render/node/files";
import { NodeError, parametersPath } from "./machine-files";
import type { Thing, World } from "./world.js";

const load = createRequire(__filename);
const { thingsOf, thing } = load("./world.js") as typeof import("./world.js");
const { interfacesOf } = load("./rules.js") as typeof import("./rules.js");
const { plain } = load("../../../toolchain/offline/command-values.js") as {
	plain(value: unknown): Record<string, unknown>;
};

export const INSTANCE = "aws:ec2/instance:Instance";
const INTERFACE = "aws:ec2/networkInterface:NetworkInterface";

type Parameters = Readonly<Record<string, string>>;

/** All instances that were not terminated. */
export const instancesOf = (world: World): Thing[] => thingsOf(world, INSTANCE);

export const documentsOf = (world: World): string[] => thingsOf(world, "aws:ssm/document:Document").map(({ id }) => id);

/** Texts of the parameters below a path, by what stands after it. */
export function parametersOf(world: World, path: string): Record<string, string> {
	return Object.fromEntries(
		thingsOf(world, "aws:ssm/parameter:Parameter")
			.map(({ inputs }) => plain(inputs))
			.filter(({ name }) => String(name).startsWith(`${path}/`))
			.map(({ name, value, insecureValue }) => [
				String(name).slice(path.length + 1),
				String(value ?? insecureValue ?? ""),
			]),
	);
}

/** What an instance finds below the path that its user-data named when it was made. @throws NodeError */
export function parametersOfNode(world: World, instance: Thing): Parameters {
	return parametersOf(world, parametersPath(instance.userData));
}

/** The volume of an instance with the serial that its parameters name. @throws NodeError when it has none such */
export function volumeOf(world: World, instance: Thing, parameters: Parameters): string {
	const serial = /^serial=(.+)$/m.exec(parameters[PARAMETER.volume] ?? "")?.[1] ?? "";
	// Gone with the machine.
	if (serial === "instance-store") return `store-${instance.id}`;
	const attached = thingsOf(world, "aws:ec2/volumeAttachment:VolumeAttachment")
		.map(({ inputs }) => plain(inputs))
		.filter(({ instanceId }) => instanceId === instance.id)
		.map(({ volumeId }) => String(volumeId));
	const found = attached.find((id) => id.replace("-", "") === serial);
	if (found !== undefined) return found;
	throw new NodeError(`no disk has the serial ${serial}; there is ${attached.join(", ") || "none"}`);
}

/** An instance's private and elastic address. @throws NodeError */
export function addressesOf(world: World, instance: Thing): { privateAddress: string; publicAddress: string } {
	const [card = ""] = interfacesOf(plain(instance.inputs));
	const association = thingsOf(world, "aws:ec2/eipAssociation:EipAssociation").find(
		({ inputs }) => plain(inputs).networkInterfaceId === card,
	);
	const own = thing(world, INTERFACE, card);
	if (!own || !association) throw new NodeError(`${instance.name} has no address`);
	return { privateAddress: String(plain(own.outs).privateIp), publicAddress: String(plain(association.outs).publicIp) };
}

/** Of all interfaces, in the order in which they were made. */
export function privateAddressesOf(world: World): string[] {
	return thingsOf(world, INTERFACE).map(({ outs }) => String(plain(outs).privateIp));
}
