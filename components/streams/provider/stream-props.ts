import type { Connection } from "../../../control/connection";
import type { StreamInfo } from "../../../jetstream/answers";
import { compareStream } from "../../../jetstream/compare";
import type { ConsumerConfig, StreamConfig, StreamSource } from "../../../topology/jetstream";
import { OWNER } from "../../../topology/names";
import type { Props } from "./handler";

/** Properties of a hub stream, as they are stored in the state. */
export interface StreamProps {
	readonly connection: Connection;
	/** Where warnings are shown; no part of the stream. */
	readonly resourceUrn: string;
	/** `<project>/<stack>`, kept in the stream's metadata: whose stream it is. */
	readonly owner: string;
	readonly adopt: boolean;
	readonly allowDataLoss: boolean;
	/** Without sources. */
	readonly config: StreamConfig;
	/** By name of the sourced stream: a map, so that one more changes nothing else. */
	readonly sources: Readonly<Record<string, StreamSource>>;
	readonly consumers: Readonly<Record<string, ConsumerConfig>>;
	/** Sources that could not be moved yet are no change. */
	readonly ignorePending?: boolean;
	/** Output: devices whose sources are not yet as asked, and why. `sources` holds them as they are. */
	readonly pending?: Readonly<Record<string, string>>;
	/**
	 * Output of a refresh: sources that the stack gave the stream and that are not there any more, or not with the stream,
	 * by name. Nobody let their devices go: what those hold must come to the hub, or be given up, as if they were sourced.
	 * @default none
	 */
	readonly gone?: Readonly<Record<string, StreamSource>>;
	/** Output: devices that were refused, and why: of those that were to go, the stream keeps what it has. */
	readonly failed?: Readonly<Record<string, string>>;
	/** Devices that the fleet file gives up, with what they hold; no part of the stream. */
	readonly lost?: readonly string[];
}

/** Whether a stream was made by this stack, wherever it is. */
export function ownedBy({ config }: StreamInfo, owner: string): boolean {
	return (config.metadata as Record<string, string> | undefined)?.[OWNER] === owner;
}

export function streamProps(raw: Props): StreamProps {
	return raw as unknown as StreamProps;
}

/** The configuration as the server gets it. */
export function full({ config, sources, owner }: StreamProps): StreamConfig {
	const list = Object.keys(sources ?? {})
		.sort()
		.flatMap((name) => sources[name] ?? []);
	return {
		...config,
		...(list.length > 0 ? { sources: list } : {}),
		metadata: { ...config.metadata, [OWNER]: owner },
	};
}

/** Everything that a stream sources or is to source again, as far as the state knows. */
export function everSourced({ sources, gone }: Pick<StreamProps, "sources" | "gone">): StreamProps["sources"] {
	return { ...gone, ...sources };
}

/** What is stored, with those parts replaced that are different on the server. */
export function observe(known: StreamProps, { config: found }: StreamInfo): Props {
	const config: Props = { ...known.config };
	const sources: Props = { ...known.sources };
	let owner: unknown = known.owner;
	for (const { field, found: actual } of compareStream(full(known), found)) {
		const source = field.startsWith("sources.") ? field.slice("sources.".length) : undefined;
		if (field === "metadata") {
			const { [OWNER]: marked, ...rest } = (actual ?? {}) as Record<string, string>;
			owner = marked ?? "";
			if (Object.keys(rest).length > 0 || known.config.metadata) config.metadata = rest;
		} else if (source === undefined) {
			if (actual === undefined) delete config[field];
			else config[field] = actual;
		} else if (actual === undefined) delete sources[source];
		else sources[source] = actual;
	}
	return { config, sources, owner, ...goneFrom(known, sources) };
}

/** What is stored of a stream that is not on the server; undefined where nothing of it has to be remembered. */
export function observeGone(known: StreamProps): Pick<StreamProps, "sources" | "consumers" | "gone"> | undefined {
	const gone = goneFrom(known, {});
	return gone.gone && { sources: {}, consumers: {}, ...gone };
}

function goneFrom(known: StreamProps, found: Props): Pick<StreamProps, "gone"> {
	const gone = Object.entries(everSourced(known)).filter(([name]) => found[name] === undefined);
	return gone.length > 0 ? { gone: Object.fromEntries(gone) } : {};
}
