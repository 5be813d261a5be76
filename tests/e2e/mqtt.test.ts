import { connectAsync } from "mqtt";
import { connect } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseOutputs } from "../../contract/versions";
import { textsOf } from "../examples/stored";
import { freeRange } from "../support/ports";
import { makeProject, type Project } from "../support/project";

const FLEET = `apiVersion: leafline/v1
fleet: mqtt
hardware:
  box: { arch: amd64, buffer: 64MiB }
link: { up: 20Mbit/s, rtt: 20ms, outage: 10s }
classes:
  can: { rate: 10/s, size: 512B, accepts: vehicle.>, whenFull: refuse, hub: { keep: 1h } }
  alarm: { rate: 1/s, size: 256B, whenFull: refuse, hub: { keep: 1h } }
groups:
  demo: { devices: "edge1, edge2", mqtt: { topics: { "alarms/#": alarm } } }
`;

let project: Project;
let first: number;
beforeAll(async () => {
	first = await freeRange(2);
	// Ports count up to as many devices as there may be.
	project = await makeProject(FLEET, { leaves: { mqttPort: first, limit: 2 } });
});
afterAll(() => project?.close());

test("the devices of a local stack take MQTT, each into its own streams, and the process ends with the stack", async () => {
	const up = await project.pulumi("up", "--yes");
	expect(up.code, up.text).toBe(0);
	const { leafline } = parseOutputs(await project.outputs());
	expect(Object.values(leafline.devices).map(({ mqttPort }) => mqttPort)).toEqual([first, first + 1]);
	expect(leafline.edge?.demo?.topics).toEqual({ "alarms/#": "alarm" });

	for (const [index, device] of ["edge1", "edge2"].entries()) {
		const client = await connectAsync({ host: "127.0.0.1", port: first + index });
		await client.publishAsync("vehicle/speed", `${device}: 88`, { qos: 1 });
		await client.publishAsync("alarms/brakes", `${device}: hot`, { qos: 1 });
		await client.endAsync();
		const nats = await connect({ servers: `127.0.0.1:${project.firstClientPort + index}` });
		expect(await textsOf(nats, `${device}_can`)).toEqual([`${device}: 88`]);
		expect(await textsOf(nats, `${device}_alarm`)).toEqual([`${device}: hot`]);
		await nats.close();
	}

	project.writeFleet(FLEET.replace(/, mqtt: .* } }$/m, " }"));
	const without = await project.pulumi("up", "--yes");
	expect(without.code, without.text).toBe(0);
	await expect(connectAsync({ host: "127.0.0.1", port: first, reconnectPeriod: 0 })).rejects.toThrow();
}, 300_000);
