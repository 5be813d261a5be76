import { afterAll, beforeAll, beforeEach, describe, onTestFailed } from "vitest";
import { attack } from "./attack";
import { change } from "./change";
import { type Device, devices } from "./devices";
import { firstBoot } from "./first-boot";
import { power } from "./power";
import { openSite, type Site } from "./site";

describe("a machine of the hub, from its first boot on", () => {
	let opened: Site | undefined;
	const site = () => {
		if (!opened) throw new Error("the site is not open");
		return opened;
	};
	beforeAll(async () => {
		opened = await openSite();
	});
	afterAll(() => opened?.close());
	// What the machine said last is the first thing to look at.
	beforeEach(() => {
		onTestFailed(async () => {
			const journal = await opened?.machine.run("journalctl -q -n 60 --no-pager", 60_000).catch(() => undefined);
			console.error(journal?.output ?? opened?.machine.console().split("\n").slice(-60).join("\n"));
			if (opened && opened.cloud.problems.length > 0) console.error(opened.cloud.problems);
		});
	});

	const device: Device = { port: 0, server: undefined };
	firstBoot(site);
	attack(site);
	devices(site, device);
	change(site);
	power(site, device);
});
