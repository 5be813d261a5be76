import { edgeStreams } from "../../components/streams/provider/edge-streams";
import { IncompleteError } from "../../components/streams/provider/errors";
import type { Handler, Props } from "../../components/streams/provider/handler";
import { stream } from "../../components/streams/provider/stream";
import type { Connection } from "../../control/connection";
import type { Topology } from "../../topology/model";

interface Resource {
	readonly key: string;
	readonly handler: Handler;
	readonly inputs: Props;
	/** What comes before it. */
	readonly dependsOn: readonly string[];
}

interface Stored {
	readonly id: string;
	readonly handler: Handler;
	readonly outs: Props;
}

/** What an update did: nothing at all, when `refused` says why. */
export interface Updated {
	readonly refused: readonly string[];
	/** Resources that failed, and devices that were refused while all others were done. */
	readonly failed: readonly string[];
	/** By device, why it is not yet as asked. */
	readonly pending: Readonly<Record<string, string>>;
}

/** Whose the streams are. */
export const STACK = "leafline/model";

const plain = (props: Props): Props => JSON.parse(JSON.stringify(props));

/**
 * What the engine does with a stack's streams, in the order of `components/streams/streams.ts`: checks everything before
 * it changes anything, keeps what was done when something fails, leaves out what depends on it, and remembers what the
 * provider gave back.
 */
export class Stack {
	private readonly state = new Map<string, Stored>();

	constructor(private readonly connection: Connection) {}

	async up(topology: Topology): Promise<Updated> {
		const resources = this.resources(topology);
		const refused: string[] = [];
		for (const { key, handler, inputs } of resources) {
			const { failures = [] } = (await handler.check?.(plain(this.state.get(key)?.outs ?? {}), plain(inputs))) ?? {};
			refused.push(...failures.map(({ reason }) => reason));
		}
		const gone = [...this.state.keys()].filter((key) => !resources.some((resource) => resource.key === key));
		// A stream of the hub is protected: an update that would remove it does nothing.
		refused.push(...gone.filter((key) => key.startsWith("stream ")).map((key) => `${key} is protected`));
		if (refused.length > 0) return { refused, failed: [], pending: {} };
		const failed = new Map<string, string>();
		for (const resource of resources) {
			if (resource.dependsOn.some((key) => failed.has(key))) failed.set(resource.key, `${resource.key}: left out`);
			else await this.settle(resource).catch((error: Error) => failed.set(resource.key, error.message));
		}
		for (const key of gone) {
			const stored = this.state.get(key);
			await stored?.handler.delete(stored.id, plain(stored.outs));
			this.state.delete(key);
		}
		const of = (output: "pending" | "failed"): Record<string, string> => {
			return Object.assign({}, ...[...this.state.values()].map(({ outs }) => outs[output] ?? {}));
		};
		const devices = Object.entries(of("failed")).map(([device, reason]) => `${device}: ${reason}`);
		return { refused, failed: [...failed.values(), ...devices], pending: of("pending") };
	}

	/** Reads what is there, as `pulumi refresh` does. @returns what could not be read, and why */
	async refresh(): Promise<string[]> {
		const failed: string[] = [];
		for (const [key, { id, handler, outs }] of this.state) {
			try {
				const read = await handler.read(id, plain(outs));
				if (read.id === "") this.state.delete(key);
				else this.state.set(key, { id, handler, outs: plain(read.props) });
			} catch (error) {
				failed.push(`${key}: ${(error as Error).message}`);
			}
		}
		return failed;
	}

	/** As `pulumi state delete`: what is there stays, and nobody manages it. */
	forget(kind: "stream" | "edge", name: string): void {
		this.state.delete(`${kind} ${name}`);
	}

	private async settle({ key, handler, inputs }: Resource): Promise<void> {
		const known = this.state.get(key);
		try {
			if (!known) {
				const { id, outs } = await handler.create(plain(inputs));
				this.state.set(key, { id, handler, outs: plain(outs) });
				return;
			}
			const { changes, replaces } = await handler.diff(known.id, plain(known.outs), plain(inputs));
			if (replaces?.length) throw new Error(`${key} would be replaced, and is protected`);
			if (!changes) return;
			const { outs } = await handler.update(known.id, plain(known.outs), plain(inputs));
			this.state.set(key, { id: known.id, handler, outs: plain(outs) });
		} catch (error) {
			if (error instanceof IncompleteError) {
				this.state.set(key, { id: known?.id ?? error.id, handler, outs: plain(error.properties) });
			}
			throw error;
		}
	}

	private resources({ hubStreams, edgeGroups, retired }: Topology): Resource[] {
		const common = { connection: this.connection, resourceUrn: "", owner: STACK, allowDataLoss: false };
		const lost = Object.keys(retired).filter((device) => retired[device]?.retired === "lost");
		const onHub = (direction: "uplink" | "downlink", dependsOn: readonly string[]): Resource[] =>
			Object.values(hubStreams)
				.filter((each) => each.direction === direction)
				.map(({ config: { sources = [], ...config }, consumers }) => ({
					key: `stream ${config.name}`,
					handler: stream,
					dependsOn,
					inputs: {
						...common,
						adopt: false,
						config,
						consumers,
						sources: Object.fromEntries(sources.map((source) => [source.name, source])),
						...(lost.length > 0 && { lost }),
					},
				}));
		const down = onHub("downlink", []);
		const edges = Object.entries(edgeGroups).map(
			([key, group]): Resource => ({
				key: `edge ${key}`,
				handler: edgeStreams,
				dependsOn: down.map((each) => each.key),
				inputs: { ...common, key, adopt: [], ignorePending: false, ...group },
			}),
		);
		const up = onHub(
			"uplink",
			edges.map((each) => each.key),
		);
		return [...down, ...edges, ...up];
	}
}
