import { execFileSync, spawnSync } from "node:child_process";
import { networkInterfaces } from "node:os";
import { METADATA_HOST } from "./stub/cloud";

/** The network of the test: the machine, and this side of its only cable. The root image has these addresses too. */
export const MACHINE = "10.74.0.10";
export const OUTSIDE = "10.74.0.1";
export const TAP = "boot0";

/** Lays the cable, unless it lies already. @throws when this process is not alone in its network, as `npm run test:boot` starts it */
export function layCable(): void {
	const others = Object.keys(networkInterfaces()).filter((name) => name !== "lo" && name !== TAP);
	if (others.length > 0) {
		throw new Error(`the boot test needs a network of its own, and this one has ${others}: npm run test:boot`);
	}
	const ip = (command: string) => execFileSync("ip", command.split(" "));
	if (spawnSync("ip", ["link", "show", TAP]).status === 0) return;
	ip("link set lo up");
	ip(`tuntap add dev ${TAP} mode tap`);
	ip(`addr add ${OUTSIDE}/24 dev ${TAP}`);
	ip(`addr add ${METADATA_HOST}/32 dev ${TAP}`);
	ip(`link set ${TAP} up`);
}
