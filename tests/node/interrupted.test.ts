import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generationOf } from "../../render/node/parameters";
import { type Machine, makeMachine, whyNoMachine } from "./machine";
import { hubConf, hubParameters, install, type Parameters, SERIAL } from "./parameters";

const why = whyNoMachine();

/** When a run is killed, in seconds after it began; at random in between. */
const LATEST = 1.2;

describe.skipIf(why)(`a run that is killed half way${why ? ` (skipped: ${why})` : ""}`, () => {
	let machine: Machine;
	let parameters: Parameters;

	beforeAll(async () => {
		machine = await makeMachine(1);
		machine.attach({ [machine.devices[0] ?? ""]: SERIAL });
		parameters = await hubParameters(machine);
		machine.parameters(parameters);
		await install(machine);
	});
	afterAll(() => machine.close());

	/** With all that it has started, but not the hub. */
	const killed = (verb: string) => {
		const after = (Math.random() * LATEST).toFixed(3);
		return machine.run(`timeout -s KILL ${after} leafline-node ${verb}`);
	};
	const state = async () => {
		expect(await machine.must("curl -s 127.0.0.1:8222/healthz")).toContain("ok");
		expect(await machine.must("ls -A /etc/leafline /etc/leafline/generations /opt/nats-hub")).not.toMatch(
			/new|formatting/,
		);
		return (await machine.must("cat /run/nats-hub/generation && readlink /etc/nats-hub")).split("\n");
	};

	it("at its first boot is finished by the next", async () => {
		for (let run = 0; run < 8; run++) {
			await killed("boot");
			// Half of them find a machine with nothing done again.
			if (run % 2 === 0) {
				await machine.must("systemctl stop nats-hub.service; umount -q /data/nats; true");
				await machine.must(
					`blkdiscard -f ${machine.devices[0]}; rm -rf /etc/leafline/generations /etc/nats-hub /opt/nats-hub`,
				);
			}
		}
		await machine.must("leafline-node boot");
		const gen = generationOf(parameters);
		expect(await state()).toEqual([gen, `/etc/leafline/generations/${gen}`, ""]);
	});

	it("while it formats is finished by the next", async () => {
		const device = machine.devices[0];
		await machine.must("systemctl stop nats-hub.service; umount /data/nats");
		// What mkfs leaves behind when it is stopped: the mark of the run, and a part of a file system.
		await machine.must(
			`blkdiscard -f ${device}; mkfs.xfs -q -L nats-hub ${device}; echo ${SERIAL} > /etc/leafline/formatting`,
		);
		await machine.must(`dd status=none if=/dev/urandom of=${device} bs=4096 seek=1 count=8`);
		expect(await machine.must("leafline-node boot")).toContain("formatting ");
		await state();
		// The mark of another volume is no leave to format this one.
		await machine.must("echo precious > /data/nats/hub/precious; systemctl stop nats-hub.service; umount /data/nats");
		await machine.must("echo vol000 > /etc/leafline/formatting; leafline-node boot; rm /etc/leafline/formatting");
		expect(await machine.must("cat /data/nats/hub/precious")).toBe("precious\n");
	});

	it("while it takes a change is finished by the next", async () => {
		let texts = parameters;
		for (let run = 0; run < 8; run++) {
			texts = { ...texts, "hub.conf": hubConf({ ping_max: run + 3 }) };
			machine.parameters(texts);
			await killed("apply");
		}
		await machine.must("leafline-node apply");
		const gen = generationOf(texts);
		expect(await state()).toEqual([gen, `/etc/leafline/generations/${gen}`, ""]);
		expect(await machine.must("curl -s 127.0.0.1:8222/varz | grep ping_max")).toContain("10");
		expect(await machine.must("cat /data/nats/hub/precious")).toBe("precious\n");
	});
});
