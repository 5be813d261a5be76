import { createServer, type Server, connect as tcp } from "node:net";
import { connect, type NatsConnection } from "nats";
import { encodePayload } from "../../cli/demo/traffic";
import { eventually } from "../support/eventually";
import type { Machine } from "./machine";
import { MACHINE } from "./network";
import { keepWriting, type Writes } from "./writes";

/** A machine with an installed bundle, and what the test has beside leafline's in it. */

/** Port by which the test is a program on the machine: the server itself listens on loopback alone. */
const WAY_IN = 4223;
export const SUBJECT = "vehicle.speed";
export const RUN = "machine";
/** Whatever the machine's own time is: an emulator, and perhaps others on the same computer. */
export const BOOTS_WITHIN_MS = 1_800_000;

/** What comes to the machine's address is a program on the machine from then on, after each boot as well. */
export async function openWayIn({ ask }: Machine, clientPort: number): Promise<void> {
	const socket = `[Socket]\\nListenStream=${MACHINE}:${WAY_IN}\\nFreeBind=yes\\n[Install]\\nWantedBy=sockets.target\\n`;
	const service = `[Service]\\nExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:${clientPort}\\n`;
	const units = "/etc/systemd/system";
	await ask(
		`printf '${socket}' > ${units}/way-in.socket && printf '${service}' > ${units}/way-in.service && ` +
			"systemctl daemon-reload && systemctl enable --quiet --now way-in.socket && sync",
	);
}

/** A program on the machine, once its server takes one. */
export function program(): Promise<NatsConnection> {
	const once = async () => {
		// With a pause: whoever asks without one takes the emulated machine's time away.
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		const connection = await connect({ servers: `nats://${MACHINE}:${WAY_IN}`, reconnect: false, timeout: 20_000 });
		await connection.flush();
		return connection;
	};
	return eventually(once, { what: "the device takes a program", within: BOOTS_WITHIN_MS });
}

/** Publishes on the machine, each message once. @param from number of the first */
export function write(connection: NatsConnection, from: number): Writes {
	const payload = (number: number) => encodePayload(RUN, "edge1", number, 128);
	return keepWriting(connection, SUBJECT, { inFlight: 64, from, payload });
}

/** Has messages acknowledged. @returns them, when none is on its way any more */
export async function writeSome(connection: NatsConnection, from: number, count: number): Promise<Writes> {
	const writes = write(connection, from);
	await enough(writes, count);
	writes.stop();
	await connection.flush();
	return writes;
}

export async function enough({ acknowledged }: Writes, count: number): Promise<void> {
	const begun = acknowledged.size;
	await eventually(() => acknowledged.size - begun >= count, { what: `${count} are acknowledged`, within: 900_000 });
}

/** Lets what comes to an address through to a port of this computer: a hub that appears. */
export async function letThrough(host: string, port: number, target: number): Promise<Server> {
	const server = createServer((from) => {
		const to = tcp(target, "127.0.0.1");
		from.pipe(to).pipe(from);
		from.on("error", () => to.destroy()).on("close", () => to.destroy());
		to.on("error", () => from.destroy()).on("close", () => from.destroy());
	});
	await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
	return server;
}
