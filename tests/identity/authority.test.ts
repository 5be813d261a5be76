import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signedBy } from "../../cli/rotate/presented";
import { authorityTag, authorityTags, certificatesIn } from "../../components/identity/authorities";
import { deviceCreds } from "../../components/identity/credentials";
import { certificates } from "../../components/identity/handlers/certificates";
import { deviceSigning } from "../../components/identity/keys";
import { logins } from "../../components/identity/logins";
import { publicKey } from "../../components/identity/nkey";
import type { Props } from "../../components/streams/provider/handler";
import { journalStream } from "../../topology/journal";
import { type Bench, type Edge, startBench } from "../support/bench";
import { benchTopology } from "../support/bench-fleet";
import { eventually } from "../support/eventually";

const HOSTS = ["localhost", "127.0.0.1"];

/** Another authority at a running hub, over real TLS links, one device being away all the while. */
describe("a rotation of the authority", () => {
	let bench: Bench;
	let edge1: Edge;
	let edge2: Edge;
	let state: Props;
	beforeAll(async () => {
		bench = await startBench();
		const journal = journalStream(benchTopology(1).settings);
		await bench.api("hub", `STREAM.CREATE.${journal.name}`, journal);
		state = (await certificates.create({ hosts: HOSTS })).outs;
		await serve();
		write("ca.pem", ca());
		[edge1, edge2] = [await bench.startEdge("edge1"), await bench.startEdge("edge2")];
	});
	afterAll(() => bench?.close());

	const ca = () => String(state.caPem);
	const write = (name: string, text: string) => writeFileSync(bench.path(name), text, { mode: 0o600 });
	const turn = async (stage: string, rotation = 1) => {
		const wanted = { hosts: HOSTS, authority: { rotation, stage } };
		expect(await certificates.check?.({ ...state }, wanted)).toEqual({ inputs: wanted });
		expect(await certificates.diff("certificates", state, wanted)).toEqual({ changes: true });
		const before = state;
		state = (await certificates.update("certificates", state, wanted)).outs;
		expect(await certificates.diff("certificates", state, wanted)).toEqual({ changes: false });
		return before;
	};
	const newest = () => certificatesIn(ca()).at(-1) ?? "";
	const urls = () => [`tls://127.0.0.1:${bench.hubs[0]?.ports.leaf}`];
	/** Gives the hub the certificate of the state, as an update does. */
	const serve = async () => {
		write("tls.crt", String(state.serverCert));
		write("tls.key", String(state.serverKey));
		const hub = bench.hubs[0];
		process.kill(hub?.pid() ?? 0, "SIGHUP");
		const shows = async () => (await signedBy(urls(), String(signing()))).every(({ good }) => good);
		await eventually(shows, { what: "the hub shows its certificate" });
	};
	const signing = () => (state.authorities as { signs: { caPem: string } } | undefined)?.signs.caPem ?? state.caPem;
	/** Installs a bundle of the state's outputs. */
	const install = async (device: string, edge: Edge) => {
		write("ca.pem", ca());
		write(`${device}.creds`, deviceCreds(deviceSigning(bench.keys), device, undefined, authorityTags(ca())));
		await edge.server.kill();
		await edge.server.start();
	};
	const isBack = (device: string) =>
		eventually(() => bench.api(device, "INFO"), { what: `${device} is there`, within: 30_000 });
	const has = async (device: string) => {
		const all = await logins(bench.control.hub, publicKey(bench.keys.devices));
		return all.findLast(({ name }) => name === device)?.tags?.includes(authorityTag(newest())) === true;
	};

	it("puts the new one beside the old one, and the hub's certificate stays", async () => {
		await edge2.server.kill();
		const before = await turn("beside");
		expect(state.serverCert).toBe(before.serverCert);
		expect(certificatesIn(ca())).toHaveLength(2);
		expect(ca().startsWith(String(before.caPem))).toBe(true);
		await install("edge1", edge1);
		await eventually(() => has("edge1"), { what: "edge1 was seen with the new one" });
		expect(await has("edge2")).toBe(false);
	});

	it("shuts out who has not the new one when it signs too early, and lets it in when it is taken back", async () => {
		write("ca.pem", certificatesIn(ca())[0] ?? "");
		await turn("signs");
		await serve();
		expect((await signedBy(urls(), newest())).map(({ good }) => good)).toEqual([true]);
		expect(await bench.api("edge1", "INFO")).toHaveProperty("streams");
		await edge2.server.start();
		await eventually(
			() => /certificate signed by unknown authority|failed to verify certificate/.test(edge2.server.log()),
			{
				what: "edge2 is shut out",
			},
		);
		await turn("beside");
		await serve();
		await isBack("edge2");
		expect(await has("edge2")).toBe(false);
	});

	it("signs when all have it: who connects anew comes in, and what is open stays", async () => {
		await install("edge2", edge2);
		await eventually(() => has("edge2"), { what: "edge2 was seen with the new one" });
		await turn("signs");
		await serve();
		for (const device of ["edge1", "edge2"]) expect(await bench.api(device, "INFO")).toHaveProperty("streams");
		await edge1.server.kill();
		await edge1.server.start();
		await isBack("edge1");
	});

	it("is alone at the end, and devices know nothing else", async () => {
		const before = await turn("alone");
		expect(certificatesIn(ca())).toHaveLength(1);
		expect(state.serverCert).toBe(before.serverCert);
		expect(state.authorities).toBeUndefined();
		expect(certificatesIn(String(before.caPem))[0]).not.toBe(certificatesIn(ca())[0]);
		expect(authorityTags(ca())).toEqual([]);
		await install("edge2", edge2);
		await isBack("edge2");
	});

	it("refuses in preview what would lock out", async () => {
		const { failures } =
			(await certificates.check?.({ ...state }, { hosts: HOSTS, authority: { rotation: 2, stage: "signs" } })) ?? {};
		expect(failures).toEqual([
			{
				property: "",
				reason:
					"authority: rotation 2, stage signs: no device knows the new authority yet; write rotation: 2, stage: beside",
			},
		]);
		const { inputs, props } = await certificates.read("certificates", state);
		expect(inputs).toEqual({ hosts: HOSTS, authority: { rotation: 1, stage: "alone" } });
		expect(props).toBe(state);
	});
});
