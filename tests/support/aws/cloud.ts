import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { generationOf } from "../../../render/node/parameters";
import { makeServers } from "../servers";
import {
	addressesOf,
	documentsOf,
	INSTANCE,
	instancesOf,
	parametersOf,
	parametersOfNode,
	privateAddressesOf,
	volumeOf,
} from "./account-view";
import { type Machine, makeMachine } from "./machine";
import { NodeError, type Places } from "./machine-files";
import { answerSsm } from "./systems-manager";
import type { Entry, Thing, World } from "./world.js";

const load = createRequire(__filename);
const { openWorld, thing } = load("./world.js") as typeof import("./world.js");

/** The machines of an invented account: each living instance with its volume runs a real nats-server. */
export interface Cloud {
	/** For the provider, and for whatever talks to Systems Manager. */
	readonly env: Readonly<Record<string, string>>;
	/** Makes the machines what the world says: ends those that are gone, begins to boot those that can. */
	settle(how?: "shutdown" | "lost"): Promise<void>;
	/** By the name of the instance's Pulumi resource. @throws when no such machine has booted */
	machine(name: string): Machine;
	/** Runs the node script on an instance, as Run Command does. @returns its lines @throws NodeError */
	apply(instanceId: string): Promise<string[]>;
	close(): Promise<void>;
}

/**
 * What machines do is in the log of the account as well: `boot` and `apply` with the node's lines, and `down` for each
 * time in which a node that had served did not.
 *
 * @param folder of the account, see `world.js`
 */
export async function startCloud(folder: string): Promise<Cloud> {
	const world = openWorld(folder);
	const servers = makeServers();
	const machines = new Map<string, Machine>();
	/** Instances that were booted, as they were then. */
	const booted = new Map<string, Thing>();
	/** Since when a node does not serve, by the name of its instance. */
	const down = new Map<string, number>();
	const localAddresses: Record<string, string> = {};
	const inTurn = turns();

	const record = (op: string, { id, name, urn }: Thing, more: Partial<Entry>) =>
		world.record({ op, type: INSTANCE, id, name, urn, started: Date.now(), ended: Date.now(), ...more });
	const wentDown = ({ name }: Thing) => down.set(name, down.get(name) ?? Date.now());
	const serves = (instance: Thing) => {
		const since = down.get(instance.name);
		if (since !== undefined) record("down", instance, { started: since });
		down.delete(instance.name);
	};

	const placesOf = (all: World, instance: Thing, volume: string): Places => {
		const { prefix } = world.control();
		for (const address of privateAddressesOf(all)) {
			localAddresses[address] ??= `${prefix}.${101 + Object.keys(localAddresses).length}`;
		}
		const { privateAddress, publicAddress } = addressesOf(all, instance);
		return {
			root: servers.path(instance.id),
			data: servers.path(volume),
			publicAddress,
			ownAddress: localAddresses[privateAddress] ?? "",
			privateAddresses: localAddresses,
		};
	};

	const run = (id: string, op: "boot" | "apply", generation?: string) =>
		inTurn(id, async () => {
			const all = world.read();
			const instance = thing(all, INSTANCE, id);
			if (instance?.state !== "running") throw new NodeError(`${id} does not run`);
			const started = Date.now();
			try {
				const parameters = parametersOfNode(all, instance);
				if (generation !== undefined && generation !== generationOf(parameters)) {
					throw new NodeError("the parameters read are not the newest");
				}
				const places = placesOf(all, instance, volumeOf(all, instance, parameters));
				const machine = machines.get(id) ?? makeMachine(id, places, servers);
				machines.set(id, machine);
				const lines = await machine.apply(parameters, () => wentDown(instance));
				record(op, instance, { started, note: lines.join("; ") });
				serves(instance);
				return lines;
			} catch (error) {
				record(op, instance, { started, error: (error as Error).message });
				throw error;
			}
		});

	/** The script waits for its volume; here the boot begins when it is there. */
	const canBoot = (all: World, instance: Thing) => {
		try {
			return volumeOf(all, instance, parametersOfNode(all, instance)) !== "";
		} catch {
			return false;
		}
	};

	const end = (instance: Thing, how: "shutdown" | "lost") =>
		inTurn(instance.id, async () => {
			const machine = machines.get(instance.id);
			if (machine?.running()) wentDown(instance);
			await machine?.stop(how);
			machines.delete(instance.id);
		});

	const settle: Cloud["settle"] = async (how = "shutdown") => {
		const all = world.read();
		for (const before of booted.values()) {
			const now = thing(all, INSTANCE, before.id);
			if (now?.state === "running" && now.boots === before.boots) continue;
			await end(before, how);
			booted.delete(before.id);
		}
		for (const instance of instancesOf(all)) {
			if (instance.state !== "running" || booted.has(instance.id) || !canBoot(all, instance)) continue;
			booted.set(instance.id, instance);
			// A real one takes its minutes, and who made it does not wait for it.
			run(instance.id, "boot").catch(() => {});
		}
	};

	const ssm = answerSsm({
		isOnline: (id) => thing(world.read(), INSTANCE, id)?.state === "running",
		apply: (id, generation) => run(id, "apply", generation),
		parameters: (path) => parametersOf(world.read(), path),
		documents: () => documentsOf(world.read()),
	});
	const server = createServer((request, response) => {
		const answered = request.url === "/events" ? settle().then(() => void response.end()) : ssm(request, response);
		answered.catch((error: Error) => response.writeHead(500).end(error.stack));
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

	return {
		env: { AWS_WORLD_EVENTS: `${url}/events`, AWS_ENDPOINT_URL_SSM: url },
		settle,
		machine: (name) => {
			const instance = instancesOf(world.read()).find((one) => one.name === name);
			const machine = instance && machines.get(instance.id);
			if (!machine) throw new Error(`no machine has booted as ${name}`);
			return machine;
		},
		apply: (id) => run(id, "apply"),
		async close() {
			server.closeAllConnections();
			await new Promise<void>((done) => server.close(() => done()));
			await servers.close();
		},
	};
}

/** Does one thing at a time for each key, as the script's lock has it. */
function turns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
	const last = new Map<string, Promise<unknown>>();
	return (key, work) => {
		const result = (last.get(key) ?? Promise.resolve()).then(work, work);
		last.set(key, result);
		return result;
	};
}
