import { randomUUID } from "node:crypto";
import { connect, credsAuthenticator } from "nats";
import { adminCreds, deviceCreds, readerCreds, systemCreds } from "../../../components/identity/credentials";
import { createKeys, deviceSigning } from "../../../components/identity/keys";
import { createSeed, publicKey } from "../../../components/identity/nkey";
import { renderControlConf } from "../../../render/control";
import { readerInbox } from "../../../topology/permissions";
import { unlimitedUser } from "../../support/bench";
import { eventually } from "../../support/eventually";
import { freePorts } from "../../support/ports";
import { openRawLeaf, type RawLeafOptions } from "../../support/raw-leaf";
import { makeServers } from "../../support/servers";
import { DOWN_STREAM, HUB_STREAM, READER, THIEF } from "./fleet";
import { clientMouth, type Mouth, rawMouth, type Saying } from "./mouths";
import type { Attacker } from "./runner";
import { deviceProgram, type Stage } from "./stage";
import { type Home, OWN_DEVICE, TARGETS, type Target } from "./targets";
import { DEVICE_DEPUTIES, type Deputy, HEARD, PROGRAM_DEPUTIES, READER_DEPUTIES } from "./ways";

/** Somebody who is let in, by what they have. */
export interface Actor {
	readonly name: string;
	readonly targets: readonly Target[];
	readonly deputies: readonly Deputy[];
	/** What its own server keeps from it, even where nothing is protected. */
	readonly cannot?: (saying: Saying) => boolean;
	/** What it listens to. @default all of `EARS` */
	readonly ears?: readonly string[];
	/** @param home account in which it is, where nothing is protected */
	open(stage: Stage, home: Home): Promise<Attacker>;
}

/** What a device may change at the hub: where its own commands are delivered from. Its own streams are its own. */
const OWN_OF_DEVICE = [`${THIEF}/`, `hub/${DOWN_STREAM}/${THIEF} `, `link ${THIEF}`];
const INBOX = `dl.${THIEF}`;

/** Credentials of the thief; where nothing is protected, of somebody in the account that holds what is attacked. */
export function stolen(stage: Stage, home: Home): string {
	return home === "HUB"
		? stage.bench.credentials(THIEF)
		: format(unlimitedUser(stage.bench.keys, THIEF, stage.bench.keys.system));
}

function format({ token, seed }: { token: string; seed: string }): string {
	return `-----BEGIN NATS USER JWT-----\n${token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
}

/** A device's credentials for a key that it made itself. */
export function ownKey(stage: Stage): { credentials: string; publicKey: string } {
	const seed = createSeed("U");
	const key = publicKey(seed);
	const signing = deviceSigning(stage.bench.keys);
	const home = stage.walls === "down" ? { devicesAccount: publicKey(stage.bench.keys.hub) } : {};
	const [token = ""] = /ey\S+/.exec(deviceCreds({ ...signing, ...home }, THIEF, key)) ?? [];
	return { credentials: format({ token, seed }), publicKey: key };
}

const leafOf = (stage: Stage, credentials: string, name: string): RawLeafOptions => ({
	port: stage.bench.hubs[0]?.ports.leaf ?? 0,
	ca: stage.bench.ca,
	credentials,
	name,
});

/** Delivers a word in the device's name, which the hub hears. */
function marker(stage: Stage, mouth: Mouth): Attacker["mark"] {
	const heard: string[] = [];
	stage.insider.subscribe(`deliver.${THIEF}.marker`, { callback: (_, message) => heard.push(message.string()) });
	return async () => {
		const word = randomUUID();
		await eventually(
			async () => {
				await mouth.say({ subject: `deliver.${THIEF}.marker`, body: word });
				return heard.includes(word);
			},
			{ what: "the hub hears the marker", within: 120_000 },
		);
	};
}

/** In the system account, where the hub's streams hear nothing. */
const answered = (mouth: Mouth) => async () => {
	const before = mouth.heard.length;
	const ask = async () => {
		await mouth.say({ subject: "$SYS.REQ.SERVER.PING", reply: `${INBOX}.mark` });
		return mouth.heard.length > before;
	};
	await eventually(ask, { what: "the system account answers", within: 120_000 });
};

async function byRawLeaf(stage: Stage, credentials: string, name: string): Promise<Attacker> {
	const mouth = await rawMouth(leafOf(stage, credentials, name), [`${INBOX}.*`]);
	return { mouth, inbox: INBOX, own: OWN_OF_DEVICE, mark: marker(stage, mouth) };
}

/** A server of the attacker's own, configured as it likes, with a program of its own. */
async function byOwnServer(stage: Stage, credentials: string, home: Home): Promise<Attacker> {
	const servers = makeServers();
	try {
		const [port = 0] = await freePorts(1);
		const leaf = stage.bench.hubs[0]?.ports.leaf ?? 0;
		const conf = renderControlConf({
			port,
			serverName: "thief",
			users: [{ name: "thief", password: "thief", account: "THIEF" }],
			remotes: [
				{
					urls: [`tls://127.0.0.1:${leaf}`],
					account: "THIEF",
					credentials: servers.write("thief.creds", credentials),
					ca: servers.write("ca.pem", stage.bench.ca),
				},
			],
		});
		await servers.add("thief", { client: port }, conf).start();

		const client = await connect({ servers: `nats://127.0.0.1:${port}`, user: "thief", pass: "thief" });
		const mouth = await clientMouth(client, [`${INBOX}.*`]);
		const close = async () => {
			await client.close();
			await servers.close();
		};
		const mark = home === "HUB" ? marker(stage, mouth) : answered(mouth);
		const attacker = { mouth: { ...mouth, close }, inbox: INBOX, own: OWN_OF_DEVICE, mark };
		await attacker.mark();
		return attacker;
	} catch (error) {
		await servers.close();
		throw error;
	}
}

/** On the device's own server, without credentials. */
async function onDevice(stage: Stage): Promise<Attacker> {
	const { ports } = stage.edges[THIEF]?.server ?? {};
	const client =
		stage.walls === "up"
			? await connect({ servers: `nats://127.0.0.1:${ports?.client}` })
			: await deviceProgram(stage.bench, THIEF, ports?.client);
	const mouth = await clientMouth(client, ["_INBOX.program.*"]);
	// What is acknowledged with its sequence removes up to there: it must be beyond what others have.
	const many = stage.walls === "down" ? 1_000 : 0;
	await Promise.all(
		Array.from({ length: many }, () => client.jetstream().publish("vehicle.x", "own", { timeout: 30_000 })),
	);
	await client.jetstream().publish("vehicle.x", "own", { msgID: HEARD, timeout: 10_000 });
	await stage.restore();
	const mark = async () => {
		await stage.bench.api(THIEF, "INFO");
	};
	return { mouth, inbox: "_INBOX.program", own: [`hub/${DOWN_STREAM}/${THIEF} `], mark };
}

async function asReader(stage: Stage, home: Home): Promise<Attacker> {
	const { keys, hubs } = stage.bench;
	const credentials =
		stage.walls === "up"
			? readerCreds(keys, READER, [HUB_STREAM])
			: format(unlimitedUser(stage.bench.keys, READER, home === "HUB" ? keys.hub : keys.system));
	const client = await connect({
		servers: `nats://127.0.0.1:${hubs[0]?.ports.client}`,
		authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
		inboxPrefix: readerInbox(READER),
	});
	const inbox = readerInbox(READER);
	const mouth = await clientMouth(client, [`${inbox}.*`]);
	return { mouth, inbox, own: [`hub/${HUB_STREAM}/${READER} state`], mark: () => client.flush() };
}

/** Replies that a server takes from other servers only. */
const isReserved = (reply: string) => /^\$JS\.ACK\.|^_R_\./.test(reply);
/** The bare name of the API crosses no leaf connection of a server that obeys the rules. */
const keptFromClients = ({ subject, reply = "" }: Saying) => isReserved(reply) || subject.startsWith("$JS.API.");
/** By a leaf connection a message cannot be read directly under the bare name of the API. */
const keptFromLeaves = ({ subject }: Saying) => subject.startsWith("$JS.API.DIRECT.GET.");

/** What its own consumer gives it is the reader's own; it may look at that and at its stream, and set it to a sequence. */
const isOfReader = ({ whom, what }: Target) =>
	whom === "a reader" || (whom === "the hub" && READERS_OWN.includes(what));

const READERS_OWN = ["take a reader's messages", "look at a stream", "look at a consumer", "set a consumer back"];

/** Everybody who is let in somewhere. */
export const ACTORS: readonly Actor[] = [
	{
		name: "stolen device, by a leaf connection of its own",
		targets: TARGETS,
		deputies: DEVICE_DEPUTIES,
		cannot: keptFromLeaves,
		open: (stage, home) => byRawLeaf(stage, stolen(stage, home), "hostile"),
	},
	{
		name: "stolen device, through a server of its own",
		targets: TARGETS,
		deputies: DEVICE_DEPUTIES,
		cannot: keptFromClients,
		open: (stage, home) => byOwnServer(stage, stolen(stage, home), home),
	},
	{
		name: "device that made its own key",
		targets: TARGETS,
		deputies: DEVICE_DEPUTIES,
		cannot: keptFromLeaves,
		open: (stage, home) =>
			byRawLeaf(stage, home === "HUB" ? ownKey(stage).credentials : stolen(stage, home), "own-key"),
	},
	{
		name: "program on a device, without credentials",
		// The bare name of the API is its own server's, which it may ask.
		targets: [...TARGETS.filter(({ subject }) => !subject.startsWith("$JS.API.")), ...OWN_DEVICE],
		deputies: PROGRAM_DEPUTIES,
		// And its device is in no system account.
		cannot: ({ subject, reply = "" }) => isReserved(reply) || /^\$SYS\.REQ\.(SERVER|CLAIMS)/.test(subject),
		open: (stage) => onDevice(stage),
	},
	{
		name: "reader",
		targets: TARGETS.filter((target) => !isOfReader(target)),
		deputies: READER_DEPUTIES,
		cannot: ({ reply = "" }) => isReserved(reply),
		open: asReader,
	},
];

/** Somebody whom the hub must not let in at all. */
export interface Stranger {
	readonly name: string;
	/** What they show; undefined for nothing. */
	readonly credentials: (stage: Stage, revoked: string) => string | undefined;
}

export const STRANGERS: readonly Stranger[] = [
	{ name: "stranger without credentials", credentials: () => undefined },
	{
		name: "device of another environment",
		credentials: () => deviceCreds(deviceSigning(createKeys()), THIEF),
	},
	{ name: "administrator of another environment", credentials: () => adminCreds(createKeys(), { direct: true }) },
	{ name: "operator of another environment", credentials: () => systemCreds(createKeys(), { direct: true }) },
	{ name: "revoked device", credentials: (_, revoked) => revoked },
	{
		name: "device with a signature that is not its key's",
		credentials: ({ bench }) => bench.credentials(THIEF).replace(/SU[A-Z2-7]{56}/, createSeed("U")),
	},
];

/** Says everything at once, before and after what it shows. @returns whether the hub let it in */
export async function shout(
	stage: Stage,
	credentials: string | undefined,
	text: string,
	when: "before" | "after",
): Promise<"let in" | "refused"> {
	const options = leafOf(stage, credentials ?? "", `shout-${randomUUID().slice(0, 8)}`);
	return openRawLeaf({ ...options, early: { [when]: text } }).then(
		(leaf) => {
			leaf.close();
			return "let in";
		},
		() => "refused",
	);
}
