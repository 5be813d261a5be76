import { JetStreamError } from "../../../jetstream/errors";
import { UserError } from "../../../system/user-error";
import { IncompleteError, muteMarkedErrors } from "./errors";

/** A resource's properties as the engine hands them over: plain JSON, secrets in clear. */
export type Props = Record<string, unknown>;

export interface CheckResult {
	inputs: Props;
	failures?: { property: string; reason: string }[];
}

export interface DiffResult {
	changes: boolean;
	replaces?: string[];
	deleteBeforeReplace?: boolean;
}

/**
 * What a resource type does, without a word about its host: today Pulumi's dynamic provider, one day perhaps a plugin.
 * `read` of something that is gone returns an empty id.
 */
export interface Handler {
	/** Told the stack's configuration before anything else; must not wait for anything. */
	configure?(read: (key: string) => string | undefined): void;
	check?(olds: Props, news: Props): Promise<CheckResult>;
	diff(id: string, olds: Props, news: Props): Promise<DiffResult>;
	create(inputs: Props): Promise<{ id: string; outs: Props }>;
	read(id: string, props: Props): Promise<{ id: string; props: Props; inputs?: Props }>;
	update(id: string, olds: Props, news: Props): Promise<{ outs: Props }>;
	delete(id: string, props: Props): Promise<void>;
}

/** The methods that Pulumi's dynamic provider host calls. */
export interface HostedHandler extends Omit<Required<Handler>, "configure"> {
	configure(request: { config: { get(key: string): string | undefined } }): Promise<void>;
}

/** What stands for a value that a preview cannot know yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Puts a handler behind the host: loaded at its first use, given copies only, its results stripped of `undefined`
 * (which the host cannot encode), its errors without stack traces.
 */
export function hosted(load: () => Promise<Handler>): HostedHandler {
	let loaded: Promise<Handler> | undefined;
	let readConfig: ((key: string) => string | undefined) | undefined;
	const ready = () => {
		loaded ??= load().then((handler) => {
			if (readConfig) handler.configure?.(readConfig);
			return handler;
		});
		return loaded;
	};
	muteMarkedErrors();
	return {
		configure: async ({ config }) => {
			readConfig = (key) => config.get(key);
			(await loaded)?.configure?.(readConfig);
		},
		check: (olds, news) =>
			guard(async () => {
				const { check } = await ready();
				return plain(check ? await check(plain(olds), plain(news)) : { inputs: news });
			}),
		diff: (id, olds, news) => guard(async () => (await ready()).diff(id, plain(olds), plain(news))),
		create: (inputs) => guard(async () => plain(await (await ready()).create(plain(inputs)))),
		read: (id, props) => guard(async () => plain(withUrn(props, await (await ready()).read(id, plain(props))))),
		update: (id, olds, news) => guard(async () => plain(await (await ready()).update(id, plain(olds), plain(news)))),
		delete: (id, props) => guard(async () => (await ready()).delete(id, plain(props))),
	};
}

/** What a resource read is no news of: the input that only tells the provider where to show progress. */
function withUrn<T extends Awaited<ReturnType<Handler["read"]>>>({ resourceUrn }: Props, read: T): T {
	if (resourceUrn === undefined || read.id === "") return read;
	return {
		...read,
		props: { ...read.props, resourceUrn },
		...(read.inputs && { inputs: { ...read.inputs, resourceUrn } }),
	};
}

function plain<T>(value: T): T {
	return JSON.parse(JSON.stringify(value)) as T;
}

async function guard<T>(act: () => Promise<T>): Promise<T> {
	try {
		return await act();
	} catch (error) {
		if (error instanceof IncompleteError) {
			throw Object.assign(new UserError(error.message), {
				id: error.id,
				properties: plain(error.properties),
				reasons: [...error.reasons],
			});
		}
		if (error instanceof JetStreamError) throw new UserError(error.message);
		throw error;
	}
}
