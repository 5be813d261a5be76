import { describe, expect, it } from "vitest";
import { localMqtt } from "../../components/leaves/local-mqtt";
import { parseFleet } from "../../config/fleet";
import { mqttRoutes, routeOf } from "../../topology/mqtt";
import { SMALL_FLEET } from "../support/fleets";
import { planFleet } from "../support/rig";

const withMqtt = (mqtt: string, fleet = SMALL_FLEET) =>
	fleet.replace("hardware: board }", `hardware: board, mqtt: ${mqtt} }`);

/** The messages that a fleet file gets. */
function refusals(mqtt: string): string[] {
	const { problems } = parseFleet(withMqtt(mqtt), "x.yaml");
	if (problems.length > 0)
		return problems.map(({ path, message, remedy }) => `${path.join(".")}: ${message}; ${remedy}`);
	try {
		planFleet(withMqtt(mqtt));
		return [];
	} catch (error) {
		const found = JSON.parse((error as Error).message) as { path: string[]; message: string; remedy: string }[];
		return found.map(({ path, message, remedy }) => `${path.join(".")}: ${message}; ${remedy}`);
	}
}

describe("MQTT in the fleet file", () => {
	it("is taken on a port of each device, which count up on one machine", () => {
		const fleet = withMqtt("{ topics: { alarms/#: alarm } }");
		const there = planFleet(fleet, { leaves: { local: false } });
		expect(Object.values(there.devices).map(({ mqttPort }) => mqttPort)).toEqual([1883, 1883]);
		const { devices } = localMqtt(planFleet(fleet));
		expect(devices.edge2).toEqual({
			url: "nats://127.0.0.1:14223",
			port: 11884,
			routes: [
				{ class: "sensor", subjects: ["vehicle.>"], prefix: "" },
				{ class: "alarm", subjects: ["alarms", "alarms.>"], prefix: "edge2.alarm." },
			],
		});
		expect(localMqtt(planFleet(SMALL_FLEET)).devices).toEqual({});
	});

	it("says what is wrong with a topic, a class and a port", () => {
		expect(refusals("{ topics: { vehicle/v1.2/#: alarm } }")).toEqual([
			'groups.all.mqtt.topics.vehicle/v1.2/#: topic "vehicle/v1.2/#" has a dot in a level; ' +
				"write / or _ in place of the dot, which parts the words of a subject",
		]);
		expect(refusals("{ topics: { alarms/#: alarms } }")).toEqual([
			'groups.all.mqtt.topics.alarms/#: "alarms" is no class of this fleet; did you mean alarm?',
		]);
		expect(refusals("{ topics: { vehicle/brakes: alarm } }")).toEqual([
			"groups.all.mqtt.topics.vehicle/brakes: vehicle/brakes overlaps what class sensor accepts: a message would " +
				"belong to both sensor and alarm; give each topic to one class",
		]);
		expect(refusals("{ topics: { a/#: alarm, a/b: sensor } }")).toEqual([
			"groups.all.mqtt.topics.a/b: a/b overlaps topic a/#: a message would belong to both alarm and sensor; " +
				"give each topic to one class",
		]);
		expect(refusals("{ port: 4222 }")).toEqual([
			"groups.all.mqtt.port: 4222 is the port of the device's server (clientPort of board); choose another, 1883 is usual",
		]);
		expect(refusals("{ ports: 1883 }")).toEqual(["groups.all.mqtt.ports: unknown key; did you mean port?"]);
		expect(refusals("{ topics: [a] }")[0]).toMatch(
			/^groups.all.mqtt.topics: .* is not a map; write a topic and its class/,
		);
	});
});

describe("a route", () => {
	const classes = {
		can: { direction: "uplink", accepts: ["vehicle.>"] },
		alarm: { direction: "uplink", accepts: [] },
		commands: { direction: "downlink", accepts: [] },
	} as const;
	const routes = mqttRoutes("edge1", classes, { "vehicle/#": "can", "alarms/#": "alarm" });

	it.each([
		["vehicle.speed", "vehicle.speed"],
		["vehicle", "edge1.can.vehicle"],
		["alarms.brakes", "edge1.alarm.alarms.brakes"],
		["alarm", undefined],
		["commands", undefined],
	])("of %s leads to %s", (subject, published) => {
		const route = routeOf(routes, subject);
		expect(route && `${route.prefix}${subject}`).toBe(published);
	});
});
